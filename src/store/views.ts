import { desc, eq, inArray, sql } from "drizzle-orm";
import type { PlannedRequest, Request } from "../approval/approval.ts";
import type { IncidentView } from "../chat/card.ts";
import type { Diagnosis } from "../diagnosis/diagnosis.ts";
import type { FixRecord } from "../execution/execution.ts";
import type { Episode, Labels } from "../incident/alert.ts";
import { nameOf, placeOf, severityOf } from "../incident/alert.ts";
import type { Incident, TimelineEntry } from "../incident/incident.ts";
import type { Opened } from "./open.ts";
import {
  toEpisode,
  toEvidence,
  toExecution,
  toIncident,
  toOpinion,
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
  opinions,
  record,
  requests,
  verifications,
  votes,
} from "./schema.ts";
import type { Silences } from "./silences.ts";
import { spreadOf } from "./statistics.ts";
import { tell } from "./tell.ts";

/** Farther back nobody counts. */
const MOST_RUNS = 1_000;

/** The reading side of the store: what pages, cards and commands show. */
export function createViews(
  { sqlite, drizzle: db }: Opened,
  silences: Pick<Silences, "liveOf">,
  now: () => Date,
) {
  const byPrefix = sqlite
    .prepare<[string, string], string>("SELECT id FROM incidents WHERE id >= ? AND id < ? LIMIT 5")
    .pluck();

  const firing = sqlite.prepare<[], { incident_id: string; starts_at: number; labels: string }>(
    "SELECT incident_id, starts_at, labels FROM alerts WHERE status = 'firing' ORDER BY starts_at DESC",
  );

  const id = sql.placeholder("id");
  // Building and preparing a query costs far more than running it: those asked at every step are made once.
  const byId = {
    incident: db.select().from(incidents).where(eq(incidents.id, id)).prepare(),
    members: db.select().from(alerts).where(eq(alerts.incidentId, id)).orderBy(alerts.id).prepare(),
    diagnosis: db.select().from(diagnoses).where(eq(diagnoses.incidentId, id)).prepare(),
    opinion: db.select().from(opinions).where(eq(opinions.incidentId, id)).prepare(),
    runs: db
      .select()
      .from(executions)
      .where(eq(executions.incidentId, id))
      .orderBy(desc(executions.claimedAt))
      .prepare(),
    evidence: db
      .select()
      .from(evidence)
      .where(eq(evidence.incidentId, id))
      .orderBy(sql`rowid`)
      .prepare(),
    requests: db
      .select()
      .from(requests)
      .where(eq(requests.incidentId, id))
      .orderBy(desc(requests.createdAt), desc(sql`rowid`))
      .prepare(),
    episode: db.select().from(alerts).where(eq(alerts.id, id)).prepare(),
  };

  /** As it was at one moment: another process may write between two questions. */
  const incident = sqlite.transaction((incidentId: string): IncidentView | null => {
    const row = byId.incident.get({ id: incidentId });
    if (row === undefined) return null;
    const members = byId.members.all({ id: incidentId });
    const diagnosis = byId.diagnosis.get({ id: incidentId });
    const runs = byId.runs.all({ id: incidentId }).map(toExecution);
    const asked = requestsOf(incidentId);
    const waiting = asked.filter(isPending);
    return {
      incident: { ...toIncident(row), alerts: members.map(toEpisode) },
      evidence: byId.evidence.all({ id: incidentId }).map(toEvidence),
      diagnosis: diagnosis === undefined ? null : (JSON.parse(diagnosis.diagnosis) as Diagnosis),
      opinion: toOpinion(byId.opinion.get({ id: incidentId })),
      requests: asked,
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
      silences: silences.liveOf(incidentId),
      fixes: waiting.map(fixRecordOf),
      isInvestigating: investigating.get(incidentId, now().getTime()) !== undefined,
    };
  });

  /** Without what belongs to it. */
  function incidentAlone(incidentId: string): Incident | null {
    const row = byId.incident.get({ id: incidentId });
    return row === undefined ? null : toIncident(row);
  }

  function requestsOf(incidentId: string) {
    return withVotes(byId.requests.all({ id: incidentId }));
  }

  function withVotes(rows: readonly (typeof requests.$inferSelect)[]) {
    if (rows.length === 0) return [];
    const ids = JSON.stringify(rows.map((row) => row.id));
    const cast = db
      .select()
      .from(votes)
      .where(sql`${votes.requestId} IN (SELECT value FROM json_each(${ids}))`)
      .orderBy(votes.at)
      .all();
    return rows.map((row) =>
      toRequest(row, cast.filter((vote) => vote.requestId === row.id).map(toVote)),
    );
  }

  const judged = sqlite.prepare<
    [string, string, string, number],
    { outcome: string; tookMs: number }
  >(
    `SELECT v.outcome, v.judged_at - e.started_at AS tookMs
     FROM executions e JOIN verifications v ON v.execution_id = e.id
     WHERE e.runbook_id = ? AND e.action_id = ? AND e.target = ? AND e.started_at IS NOT NULL
     ORDER BY e.claimed_at DESC LIMIT ?`,
  );

  function fixRecordOf({ id: requestId, proposal }: PlannedRequest): FixRecord {
    const { runbookId, actionId, target } = proposal;
    const runs = judged.all(runbookId, actionId, target.name, MOST_RUNS);
    const good = runs.filter(({ outcome }) => outcome === "verified");
    const { medianMs } = spreadOf(good.map(({ tookMs }) => tookMs));
    return { requestId, runs: runs.length, verified: good.length, medianMs };
  }

  // A step that waits for later (the end of a freeze) is not under way.
  const investigating = sqlite.prepare<[string, number]>(
    `SELECT 1 FROM alerts a JOIN steps s
       ON s.kind IN ('investigate', 'propose') AND s.subject = CAST(a.id AS TEXT)
     WHERE a.incident_id = ? AND (s.is_leased OR s.due_at <= ?) LIMIT 1`,
  );

  const executionsByPrefix = sqlite
    .prepare<[string, string], string>("SELECT id FROM executions WHERE id >= ? AND id < ? LIMIT 5")
    .pluck();

  /** Up to five runs whose id is this or begins like this, with or without `exe_`. */
  function executionIdsLike(text: string): string[] {
    const prefix = text.startsWith("exe_") ? text : `exe_${text}`;
    return /^exe_[0-9a-f]+$/.test(prefix) ? executionsByPrefix.all(prefix, `${prefix}~`) : [];
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
        instance: placeOf(labels),
        severity: severityOf(labels),
        startsAt: new Date(startsAt),
      }));
  }

  function episode(episodeId: number): Episode | null {
    const row = byId.episode.get({ id: episodeId });
    return row === undefined ? null : toEpisode(row);
  }

  const newest = sqlite
    .prepare<[string], number>(
      `SELECT id FROM alerts WHERE source = 'alertmanager' AND fingerprint = ?
       ORDER BY starts_at DESC LIMIT 1`,
    )
    .pluck();

  /** The latest that is known of an alert, whether it fires or not. */
  function newestEpisode(fingerprint: string): Episode | null {
    const found = newest.get(fingerprint);
    return found === undefined ? null : episode(found);
  }

  const firingFrom = sqlite
    .prepare<[Episode["source"]], number>(
      "SELECT id FROM alerts WHERE source = ? AND status = 'firing' ORDER BY id",
    )
    .pluck();
  const firingOf = (source: Episode["source"]) =>
    firingFrom.all(source).flatMap((found) => episode(found) ?? []);

  /** Drills that are not over. */
  function openDrills(): Episode[] {
    return firingOf("drill");
  }

  /** What Countersign noticed itself and still fires. */
  function noticed(): Episode[] {
    return firingOf("countersign");
  }

  function pending(): PlannedRequest[] {
    const rows = db
      .select()
      .from(requests)
      .where(sql`state IN ('pending', 'approved', 'executing') AND state = 'pending'`)
      .orderBy(requests.expiresAt)
      .all();
    return withVotes(rows).filter(isPending);
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
    .prepare<[], number>(
      "SELECT count(*) FROM requests WHERE state IN ('pending', 'approved', 'executing') AND state = 'pending'",
    )
    .pluck();

  function counts() {
    return { open: openCount.get() ?? 0, pending: pendingCount.get() ?? 0 };
  }

  const lastAlert = sqlite
    .prepare<[], number | null>(
      "SELECT received_at FROM alerts WHERE source <> 'drill' ORDER BY id DESC LIMIT 1",
    )
    .pluck();

  function lastAlertAt(): Date | null {
    const at = lastAlert.get();
    return at == null ? null : new Date(at);
  }

  return {
    incident,
    incidentAlone,
    idsLike,
    executionIdsLike,
    openAlerts,
    episode,
    newestEpisode,
    openDrills,
    noticed,
    pending,
    timeline,
    counts,
    lastAlertAt,
  };
}

function isPending(request: Request): request is PlannedRequest {
  return request.state === "pending";
}
