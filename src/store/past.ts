import type { Past, PastEpisode, PastRun } from "../evidence/past.ts";
import { MOST_ELSEWHERE } from "../evidence/past.ts";
import type { AskedAbout } from "../incident/alert.ts";
import { nameOf, placeOf } from "../incident/alert.ts";
import type { Sqlite } from "./open.ts";

/** As intake cuts an incident's title. */
const LONGEST_TITLE = 300;
const EPISODES = 10;
const MOST_COUNTED = 1_000;

interface RunRow {
  readonly incidentId: string;
  readonly runbookId: string;
  readonly actionId: string;
  readonly target: string;
  readonly at: number;
  readonly state: string;
  readonly outcome: string | null;
}

const RUN = `e.incident_id AS incidentId, e.runbook_id AS runbookId, e.action_id AS actionId, e.target,
  coalesce(e.started_at, e.claimed_at) AS at, e.state, v.outcome
  FROM executions e LEFT JOIN verifications v ON v.execution_id = e.id`;

/** What is remembered of an alert: its earlier episodes, what was run for them, and whether it helped. */
export function createPast(sqlite: Sqlite) {
  const episodes = sqlite.prepare<
    [string, string, number],
    { incidentId: string; startsAt: number; endsAt: number | null; labels: string }
  >(
    `SELECT incident_id AS incidentId, starts_at AS startsAt, ends_at AS endsAt, labels FROM alerts
     WHERE source = ? AND fingerprint = ? AND starts_at < ?
     ORDER BY starts_at DESC LIMIT ${MOST_COUNTED}`,
  );
  const runsOf = sqlite.prepare<[string], RunRow>(
    `SELECT ${RUN} WHERE e.incident_id = ? ORDER BY e.claimed_at`,
  );
  const runsBetween = sqlite.prepare<[number, number, number], RunRow>(
    `SELECT ${RUN} WHERE e.claimed_at >= ? AND e.claimed_at <= ?
     ORDER BY e.claimed_at DESC LIMIT ?`,
  );
  const elsewhere = sqlite
    .prepare<[string, number, string, string], number>(
      `SELECT count(*) FROM (SELECT 1 FROM incidents i
       WHERE i.title = ? AND i.opened_at >= ?
         AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.incident_id = i.id
           AND (a.fingerprint = ? OR a.labels = ?))
       LIMIT ${MOST_ELSEWHERE})`,
    )
    .pluck();

  function pastOf(
    { source = "alertmanager", fingerprint, labels, startsAt }: AskedAbout,
    elsewhereSince: Date,
  ): Past {
    const same = episodes.all(source, fingerprint, startsAt.getTime());
    const title = nameOf(labels).slice(0, LONGEST_TITLE);
    return {
      same: same.slice(0, EPISODES).map(
        (row): PastEpisode => ({
          incidentId: row.incidentId,
          startsAt: new Date(row.startsAt),
          endsAt: row.endsAt === null ? null : new Date(row.endsAt),
          where: placeOf(JSON.parse(row.labels)),
          runs: runsOf.all(row.incidentId).map(toRun),
        }),
      ),
      sameTotal: same.length,
      elsewhere:
        elsewhere.get(title, elsewhereSince.getTime(), fingerprint, JSON.stringify(labels)) ?? 0,
    };
  }

  function runsSince(since: Date, until: Date, limit: number): PastRun[] {
    return runsBetween.all(since.getTime(), until.getTime(), limit).map(toRun);
  }

  return { pastOf, runsSince };
}

function toRun({ at, runbookId, actionId, target, state, outcome }: RunRow): PastRun {
  return { runbookId, actionId, target, at: new Date(at), state, outcome };
}
