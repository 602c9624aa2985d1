import { gte, sql } from "drizzle-orm";
import type { Request } from "../approval/approval.ts";
import type { Execution } from "../execution/execution.ts";
import type { Episode } from "../incident/alert.ts";
import type { Incident } from "../incident/incident.ts";
import type { VerificationOutcome } from "../verification/verification.ts";
import type { Opened } from "./open.ts";
import { toEpisode, toExecution, toIncident, toRequest, toVerification, toVote } from "./rows.ts";
import { alerts, executions, incidents, record, requests, verifications, votes } from "./schema.ts";

/** One alert as it was, with everything that was put forward for it and what came of that. */
export interface Bygone {
  readonly episode: Episode;
  readonly incident: Incident;
  /** Oldest first. */
  readonly requests: readonly Request[];
  readonly runs: readonly (Execution & { readonly outcome: VerificationOutcome | null })[];
}

/** What people switched, as the record has it. */
export interface Switched {
  readonly at: Date;
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Literals, not parameters: only so does the index of these entries apply. */
const IS_SWITCH = sql.raw(
  "kind IN ('autohealing.enabled', 'autohealing.disabled', 'maintenance.begun')",
);

/** The history as somebody needs it who goes through it once more. Drills are none of it. */
export function createBygone({ drizzle: db }: Opened) {
  function alertsSince(since: Date): Bygone[] {
    const from = since.getTime();
    const rows = db
      .select()
      .from(alerts)
      .innerJoin(incidents, sql`${incidents.id} = ${alerts.incidentId}`)
      .where(sql`${alerts.receivedAt} >= ${from} AND ${alerts.source} <> 'drill'`)
      .orderBy(alerts.receivedAt, alerts.id)
      .all();
    const requestsOf = groupedBy(requestsSince(since), ({ episodeId }) => episodeId);
    const runsOf = groupedBy(runsSince(since), ({ requestId }) => requestId);
    return rows.map((row) => {
      const own = requestsOf.get(row.alerts.id) ?? [];
      return {
        episode: toEpisode(row.alerts),
        incident: toIncident(row.incidents),
        requests: own,
        runs: own.flatMap(({ id }) => runsOf.get(id) ?? []),
      };
    });
  }

  function requestsSince(since: Date): Request[] {
    const from = since.getTime();
    const found = db
      .select()
      .from(requests)
      .where(sql`${requests.createdAt} >= ${from} AND ${requests.episodeId} IS NOT NULL`)
      .orderBy(requests.createdAt, sql`rowid`)
      .all();
    const cast = groupedBy(
      db.select().from(votes).where(gte(votes.at, from)).orderBy(votes.at).all(),
      ({ requestId }) => requestId,
    );
    return found.map((row) => toRequest(row, (cast.get(row.id) ?? []).map(toVote)));
  }

  function runsSince(since: Date) {
    return db
      .select()
      .from(executions)
      .leftJoin(verifications, sql`${verifications.executionId} = ${executions.id}`)
      .where(gte(executions.claimedAt, since.getTime()))
      .all()
      .map(({ executions: run, verifications: judged }) => ({
        ...toExecution(run),
        outcome: judged === null ? null : toVerification(judged).outcome,
      }));
  }

  /** The newest of each kind from before is among them, so that the state at the beginning is known. */
  function switchesSince(since: Date): Switched[] {
    return db
      .select()
      .from(record)
      .where(IS_SWITCH)
      .orderBy(record.seq)
      .all()
      .map(({ at, kind, event }) => ({
        at: new Date(Math.max(at, since.getTime())),
        kind,
        data: (JSON.parse(event) as { data: Record<string, unknown> }).data,
      }));
  }

  return { alertsSince, switchesSince };
}

function groupedBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
