import type { SQL } from "drizzle-orm";
import { and, count, desc, eq, inArray, like, ne, or, sql } from "drizzle-orm";
import type { PlannedRequest, RequestState } from "../approval/approval.ts";
import type { IncidentView } from "../chat/card.ts";
import type { Diagnosis } from "../diagnosis/diagnosis.ts";
import type { Episode, Labels, Severity } from "../incident/alert.ts";
import { nameOf, severityOf } from "../incident/alert.ts";
import type { IncidentState, TimelineEntry } from "../incident/incident.ts";
import type { Risk } from "../remediation/proposal.ts";
import type { Opened } from "./open.ts";
import {
  toEpisode,
  toEvidence,
  toExecution,
  toIncident,
  toRequest,
  toVerification,
  toVote,
} from "./rows.ts";
import {
  alerts,
  diagnoses,
  evidence,
  executions,
  incidents,
  record,
  requests,
  steps,
  verifications,
  votes,
} from "./schema.ts";
import { tell } from "./tell.ts";

export interface IncidentSummary {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity | null;
  readonly state: IncidentState;
  readonly openedAt: Date;
  readonly resolvedAt: Date | null;
  readonly alertCount: number;
  /** The newest request, if there ever was one. */
  readonly request: {
    readonly actionTitle: string;
    readonly state: RequestState;
    readonly risk: Risk;
  } | null;
}

export interface IncidentQuery {
  /** All of these words, anywhere in the title, the labels or the annotations. */
  readonly words?: string;
  readonly state?: IncidentState | "unresolved";
  readonly since?: Date;
  readonly limit: number;
  readonly offset?: number;
}

/** The reading side of the store: what pages, cards and commands show. */
export function createViews({ sqlite, drizzle: db }: Opened) {
  const byPrefix = sqlite
    .prepare<[string, string], string>("SELECT id FROM incidents WHERE id >= ? AND id < ? LIMIT 5")
    .pluck();

  const firing = sqlite.prepare<[], { incident_id: string; starts_at: number; labels: string }>(
    "SELECT incident_id, starts_at, labels FROM alerts WHERE status = 'firing' ORDER BY starts_at DESC",
  );

  function incident(id: string): IncidentView | null {
    const row = db.select().from(incidents).where(eq(incidents.id, id)).get();
    if (row === undefined) return null;
    const members = db
      .select()
      .from(alerts)
      .where(eq(alerts.incidentId, id))
      .orderBy(alerts.id)
      .all();
    const diagnosis = db.select().from(diagnoses).where(eq(diagnoses.incidentId, id)).get();
    const runs = db
      .select()
      .from(executions)
      .where(eq(executions.incidentId, id))
      .orderBy(desc(executions.claimedAt))
      .all()
      .map(toExecution);
    return {
      incident: { ...toIncident(row), alerts: members.map(toEpisode) },
      evidence: db
        .select()
        .from(evidence)
        .where(eq(evidence.incidentId, id))
        .orderBy(sql`rowid`)
        .all()
        .map(toEvidence),
      diagnosis: diagnosis === undefined ? null : (JSON.parse(diagnosis.diagnosis) as Diagnosis),
      requests: requestsOf(id),
      executions: runs,
      verifications:
        runs.length === 0
          ? []
          : db
              .select()
              .from(verifications)
              .where(
                inArray(
                  verifications.executionId,
                  runs.map((run) => run.id),
                ),
              )
              .all()
              .map(toVerification),
      isInvestigating: isInvestigating(members.map((member) => String(member.id))),
    };
  }

  function requestsOf(incidentId: string) {
    const rows = db
      .select()
      .from(requests)
      .where(eq(requests.incidentId, incidentId))
      .orderBy(desc(requests.createdAt), desc(sql`rowid`))
      .all();
    if (rows.length === 0) return [];
    const cast = db
      .select()
      .from(votes)
      .where(
        inArray(
          votes.requestId,
          rows.map((row) => row.id),
        ),
      )
      .orderBy(votes.at)
      .all();
    return rows.map((row) =>
      toRequest(row, cast.filter((vote) => vote.requestId === row.id).map(toVote)),
    );
  }

  function isInvestigating(episodeIds: readonly string[]): boolean {
    return (
      db
        .select({ id: steps.id })
        .from(steps)
        .where(
          and(
            inArray(steps.kind, ["investigate", "propose"]),
            inArray(steps.subject, [...episodeIds]),
            // A step that waits for later (the end of a freeze) is not under way.
            or(steps.isLeased, sql`${steps.dueAt} <= unixepoch('subsec') * 1000`),
          ),
        )
        .get() !== undefined
    );
  }

  /** Up to five incidents whose id is this or begins like this, with or without `inc_`. */
  function idsLike(text: string): string[] {
    const prefix = text.startsWith("inc_") ? text : `inc_${text}`;
    return /^inc_[0-9a-f]+$/.test(prefix) ? byPrefix.all(prefix, `${prefix}~`) : [];
  }

  function openAlerts(filter: string | null) {
    const needle = filter?.toLowerCase() ?? "";
    return firing
      .all()
      .map((row) => ({ ...row, labels: JSON.parse(row.labels) as Labels }))
      .filter(({ labels }) => JSON.stringify(labels).toLowerCase().includes(needle))
      .map(({ incident_id: incidentId, starts_at: startsAt, labels }) => ({
        incidentId,
        name: nameOf(labels),
        instance: labels.instance ?? "",
        severity: severityOf(labels),
        startsAt: new Date(startsAt),
      }));
  }

  function episode(id: number): Episode | null {
    const row = db.select().from(alerts).where(eq(alerts.id, id)).get();
    return row === undefined ? null : toEpisode(row);
  }

  function find(query: IncidentQuery): { items: IncidentSummary[]; total: number } {
    const where = conditionOf(query);
    const rows = db
      .select()
      .from(incidents)
      .where(where)
      .orderBy(desc(incidents.openedAt), desc(sql`rowid`))
      .limit(query.limit)
      .offset(query.offset ?? 0)
      .all();
    const total = db.select({ n: count() }).from(incidents).where(where).get()?.n ?? 0;
    return { items: rows.map((row) => summaryOf(toIncident(row))), total };
  }

  function summaryOf(row: ReturnType<typeof toIncident>): IncidentSummary {
    const newest = requestsOf(row.id)[0];
    return {
      id: row.id,
      title: row.title,
      severity: row.severity,
      state: row.state,
      openedAt: row.openedAt,
      resolvedAt: row.resolvedAt,
      alertCount:
        db.select({ n: count() }).from(alerts).where(eq(alerts.incidentId, row.id)).get()?.n ?? 0,
      request:
        newest === undefined
          ? null
          : { actionTitle: newest.proposal.actionTitle, state: newest.state, risk: newest.risk },
    };
  }

  function pending(): PlannedRequest[] {
    return db
      .select()
      .from(requests)
      .where(eq(requests.state, "pending"))
      .orderBy(requests.expiresAt)
      .all()
      .map((row) =>
        toRequest(
          row,
          db.select().from(votes).where(eq(votes.requestId, row.id)).all().map(toVote),
        ),
      )
      .filter((request): request is PlannedRequest => request.state === "pending");
  }

  function timeline(incidentId: string): TimelineEntry[] {
    return db
      .select()
      .from(record)
      .where(eq(record.incidentId, incidentId))
      .orderBy(record.seq)
      .all()
      .map(({ seq, at, kind, event }) => {
        const { actor, data } = JSON.parse(event) as {
          actor: string;
          data: Record<string, unknown>;
        };
        return { seq, at: new Date(at), kind, actor, text: tell(kind, actor, data) };
      });
  }

  const openCount = sqlite
    .prepare<[], number>("SELECT count(*) FROM incidents WHERE state <> 'resolved'")
    .pluck();
  const pendingCount = sqlite
    .prepare<[], number>("SELECT count(*) FROM requests WHERE state = 'pending'")
    .pluck();

  function counts() {
    return { open: openCount.get() ?? 0, pending: pendingCount.get() ?? 0 };
  }

  const lastAlert = sqlite
    .prepare<[], number | null>("SELECT received_at FROM alerts ORDER BY id DESC LIMIT 1")
    .pluck();

  function lastAlertAt(): Date | null {
    const at = lastAlert.get();
    return at == null ? null : new Date(at);
  }

  return { incident, idsLike, openAlerts, episode, find, pending, timeline, counts, lastAlertAt };
}

function conditionOf({ words, state, since }: IncidentQuery): SQL | undefined {
  const conditions: (SQL | undefined)[] = [];
  if (state === "unresolved") conditions.push(ne(incidents.state, "resolved"));
  else if (state !== undefined) conditions.push(eq(incidents.state, state));
  if (since !== undefined) conditions.push(sql`${incidents.openedAt} >= ${since.getTime()}`);
  for (const word of (words ?? "").split(/\s+/).filter(Boolean)) {
    const pattern = `%${word.replace(/[\\%_]/g, (char) => `\\${char}`)}%`;
    conditions.push(
      or(
        sql`${incidents.title} LIKE ${pattern} ESCAPE '\\'`,
        like(incidents.id, `${word}%`),
        sql`EXISTS (SELECT 1 FROM alerts a WHERE a.incident_id = ${incidents.id}
             AND (a.labels LIKE ${pattern} ESCAPE '\\' OR a.annotations LIKE ${pattern} ESCAPE '\\'))`,
      ),
    );
  }
  return and(...conditions);
}
