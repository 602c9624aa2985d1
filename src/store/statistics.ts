import type { Report, Spread, Tally } from "../incident/report.ts";
import type { Sqlite } from "./open.ts";
import { tell } from "./tell.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_HOURS = 168;
/** 1970 began on a Thursday; a week begins on a Monday. */
const MONDAY = 72;
const NEWEST_RUNS = 200;
const PAGE = 50;
/** Within a stretch of time, and really: a drill is none of what happened. */
const CAME = "opened_at > ? AND opened_at <= ? AND source <> 'drill'";

interface RecordRow {
  seq: number;
  at: number;
  kind: string;
  incident_id: string | null;
  event: string;
  hash: string;
}

/** What the history amounts to, counted by the database. */
export function createStatistics(sqlite: Sqlite) {
  const hours = sqlite.prepare<[number, number, number], { hour: number; count: number }>(
    `SELECT (opened_at / ${HOUR_MS} + ?) % ${WEEK_HOURS} AS hour, count(*) AS count
     FROM incidents WHERE ${CAME} GROUP BY 1`,
  );
  const arrived = sqlite.prepare<
    { from: number; to: number; step: number },
    { at: number; count: number }
  >(
    `SELECT CAST((opened_at - @from - 1) / @step AS INTEGER) AS at, count(*) AS count
     FROM incidents WHERE opened_at > @from AND opened_at <= @to AND source <> 'drill' GROUP BY 1`,
  );
  const noisiest = sqlite.prepare<[number, number], { title: string; count: number }>(
    `SELECT title, count(*) AS count FROM incidents INDEXED BY incidents_by_time WHERE ${CAME} GROUP BY title ORDER BY count DESC, title LIMIT 10`,
  );
  const cameOf = sqlite
    .prepare<[string, number, number], number>(
      `SELECT count(*) FROM incidents WHERE title = ? AND ${CAME}`,
    )
    .pluck();
  const stillOpen = sqlite
    .prepare<[number, number], number>(
      `SELECT count(*) FROM incidents INDEXED BY incidents_by_time WHERE ${CAME} AND state <> 'resolved'`,
    )
    .pluck();
  const recovered = sqlite
    .prepare<[number, number], number>(
      `SELECT resolved_at - opened_at FROM incidents WHERE ${CAME} AND state = 'resolved' AND resolved_at >= opened_at`,
    )
    .pluck();
  const acknowledged = sqlite
    .prepare<[number, number], number>(
      `SELECT min(r.at) - i.opened_at FROM incidents i INDEXED BY incidents_by_time CROSS JOIN record r ON r.incident_id = i.id
       WHERE ${CAME} AND i.acknowledged_by IS NOT NULL AND r.kind = 'incident.acknowledged' GROUP BY i.id`,
    )
    .pluck();
  const decided = sqlite
    .prepare<[number, number], number>(
      `SELECT min(v.at) - r.created_at FROM incidents i INDEXED BY incidents_by_time CROSS JOIN requests r ON r.incident_id = i.id
         CROSS JOIN votes v ON v.request_id = r.id WHERE ${CAME} GROUP BY r.id`,
    )
    .pluck();
  const fixed = sqlite.prepare<[number, number], { is_unasked: number; count: number }>(
    `SELECT min(e.is_unasked) AS is_unasked, count(DISTINCT e.incident_id) AS count
     FROM executions e JOIN verifications v ON v.execution_id = e.id
     WHERE e.claimed_at > ? AND e.claimed_at <= ? AND v.outcome = 'verified' GROUP BY e.is_unasked`,
  );
  const ended = sqlite.prepare<[number, number], Tally["runs"]>(
    `SELECT count(*) FILTER (WHERE outcome = 'verified') AS verified,
       count(*) FILTER (WHERE outcome = 'still_failing') AS stillFailing,
       count(*) FILTER (WHERE state NOT IN ('claimed', 'started')
         AND (outcome IS NULL OR outcome NOT IN ('verified', 'still_failing'))) AS others
     FROM executions LEFT JOIN verifications ON execution_id = id WHERE claimed_at > ? AND claimed_at <= ?`,
  );
  const spent = sqlite
    .prepare<[number, number], number>(
      "SELECT total(cost_usd) FROM model_calls WHERE at > ? AND at <= ?",
    )
    .pluck();
  const actionsOf = sqlite
    .prepare<[string], string>("SELECT DISTINCT action_id FROM executions WHERE runbook_id = ?")
    .pluck();
  const recoveries = sqlite
    .prepare<[string, string, number], number>(
      `SELECT v.judged_at - i.opened_at FROM executions e
         CROSS JOIN verifications v ON v.execution_id = e.id CROSS JOIN incidents i ON i.id = e.incident_id
       WHERE e.runbook_id = ? AND e.action_id = ? AND v.outcome = 'verified' AND i.source NOT IN ('person', 'api')
       ORDER BY e.claimed_at DESC LIMIT ?`,
    )
    .pluck();
  const counts = `count(*) AS runs, count(*) FILTER (WHERE outcome = 'verified') AS verified,
       count(*) FILTER (WHERE outcome = 'still_failing') AS stillFailing,
       count(*) FILTER (WHERE state = 'unknown') AS unknown
     FROM executions LEFT JOIN verifications ON execution_id = id WHERE started_at IS NOT NULL`;
  const byRunbook = sqlite.prepare<[], Runs>(
    `SELECT runbook_id AS name, ${counts} GROUP BY runbook_id`,
  );
  const byTarget = sqlite.prepare<[], Runs>(`SELECT target AS name, ${counts} GROUP BY target`);
  const newestEntries = sqlite.prepare<[number, number], RecordRow>(
    "SELECT * FROM record WHERE seq < ? ORDER BY seq DESC LIMIT ?",
  );

  /** What came after `from`, up to and with `to`. */
  function tally(from: Date, to: Date): Tally {
    const within = [from.getTime(), to.getTime()] as const;
    const byHour = Array.from({ length: WEEK_HOURS }, () => 0);
    for (const { hour, count } of hours.all(MONDAY, ...within)) byHour[hour] = count;
    const durations = recovered.all(...within);
    const fixes = fixed.all(...within);
    const fixedBy = (unasked: number) =>
      fixes.find(({ is_unasked: one }) => one === unasked)?.count ?? 0;
    return {
      incidents: byHour.reduce((sum, count) => sum + count, 0),
      open: stillOpen.get(...within) ?? 0,
      byHour,
      noisiest: noisiest.all(...within),
      acknowledge: spreadOf(acknowledged.all(...within)),
      decide: spreadOf(decided.all(...within)),
      recover: spreadOf(durations),
      fixes: { resolved: durations.length, unasked: fixedBy(1), approved: fixedBy(0) },
      runs: ended.get(...within) ?? { verified: 0, stillFailing: 0, others: 0 },
      costUsd: spent.get(...within) ?? 0,
    };
  }

  /** The stretch of time up to then against the one before. */
  function report(to: Date, lengthMs: number): Report {
    const from = new Date(to.getTime() - lengthMs);
    const earlier = new Date(from.getTime() - lengthMs);
    const now = tally(from, to);
    const stepMs = lengthMs > 2 * DAY_MS ? DAY_MS : HOUR_MS;
    const arrivals = (start: Date, end: Date) => {
      const steps = Array.from({ length: Math.ceil(lengthMs / stepMs) }, () => 0);
      const span = { from: start.getTime(), to: end.getTime(), step: stepMs };
      for (const { at, count } of arrived.all(span)) steps[at] = count;
      return steps;
    };
    return {
      ...{ from, to, now },
      before: tally(earlier, from),
      noisiest: now.noisiest.map(({ title, count }) => ({
        ...{ title, count },
        before: cameOf.get(title, earlier.getTime(), from.getTime()) ?? 0,
      })),
      arrivals: { stepMs, now: arrivals(from, to), before: arrivals(earlier, from) },
    };
  }

  /** From the beginning of the incident to the verified fix; for each action of a runbook that has one. */
  function medianRecoveries(runbookId: string): Record<string, number> {
    const medians = actionsOf.all(runbookId).flatMap((action) => {
      const { medianMs } = spreadOf(recoveries.all(runbookId, action, NEWEST_RUNS));
      return medianMs === null ? [] : [[action, medianMs] as const];
    });
    return Object.fromEntries(medians);
  }

  /** The newest entries of the record before one, as sentences. */
  function recordPage(before: number | null) {
    return newestEntries.all(before ?? Number.MAX_SAFE_INTEGER, PAGE).map((row) => {
      const { actor, data } = JSON.parse(row.event) as {
        actor: string;
        data: Record<string, unknown>;
      };
      return {
        seq: row.seq,
        at: new Date(row.at),
        kind: row.kind,
        incidentId: row.incident_id,
        text: tell(row.kind, actor, data),
        hash: row.hash,
      };
    });
  }

  return {
    tally,
    report,
    medianRecoveries,
    recordPage,
    runsByRunbook: () => byRunbook.all(),
    runsByTarget: () => byTarget.all(),
  };
}

interface Runs {
  name: string;
  runs: number;
  verified: number;
  stillFailing: number;
  unknown: number;
}

export function spreadOf(durations: readonly number[]): Spread {
  const sorted = Float64Array.from(durations, (ms) => Math.max(0, ms)).sort();
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? null;
  return { count: sorted.length, medianMs: at(0.5), p90Ms: at(0.9) };
}
