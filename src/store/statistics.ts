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

/** Numbers by the ten thousand come as one JSON text: a row for each takes three times as long. */
interface CameRow {
  at: string;
  recovered: string;
  open: number;
}

const NOTHING_CAME: CameRow = { at: "[]", recovered: "[]", open: 0 };

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
  const came = sqlite.prepare<[number, number], CameRow>(
    `SELECT json_group_array(opened_at) AS at, count(*) FILTER (WHERE state <> 'resolved') AS open,
       json_group_array(resolved_at - opened_at) FILTER (WHERE state = 'resolved' AND resolved_at >= opened_at) AS recovered
     FROM incidents INDEXED BY incidents_by_time WHERE ${CAME}`,
  );
  const noisiest = sqlite.prepare<[number, number], { title: string; count: number }>(
    `SELECT title, count(*) AS count FROM incidents INDEXED BY incidents_by_time WHERE ${CAME} GROUP BY title ORDER BY count DESC, title LIMIT 10`,
  );
  const cameOf = sqlite
    .prepare<[string, number, number], number>(
      `SELECT count(*) FROM incidents WHERE title = ? AND ${CAME}`,
    )
    .pluck();
  const acknowledged = sqlite
    .prepare<[number, number], string>(
      `SELECT json_group_array(acknowledged_at - opened_at) FROM incidents INDEXED BY acknowledged_incidents
       WHERE ${CAME} AND acknowledged_by IS NOT NULL AND acknowledged_at IS NOT NULL`,
    )
    .pluck();
  // From the votes outwards: few of the incidents have one.
  const decided = sqlite
    .prepare<[number, number, number], string>(
      `SELECT json_group_array(took) FROM (
         SELECT min(v.at) - r.created_at AS took FROM votes v INDEXED BY votes_by_time
           CROSS JOIN requests r ON r.id = v.request_id CROSS JOIN incidents i ON i.id = r.incident_id
         WHERE v.at > ? AND ${CAME} GROUP BY r.id)`,
    )
    .pluck();
  const fixed = sqlite.prepare<[number, number], { is_unasked: number; count: number }>(
    `SELECT is_unasked, count(DISTINCT incident_id) AS count FROM executions
     WHERE claimed_at > ? AND claimed_at <= ? AND outcome = 'verified' GROUP BY is_unasked`,
  );
  const ended = sqlite.prepare<[number, number], Tally["runs"]>(
    `SELECT count(*) FILTER (WHERE outcome = 'verified') AS verified,
       count(*) FILTER (WHERE outcome = 'still_failing') AS stillFailing,
       count(*) FILTER (WHERE state NOT IN ('claimed', 'started')
         AND (outcome IS NULL OR outcome NOT IN ('verified', 'still_failing'))) AS others
     FROM executions WHERE claimed_at > ? AND claimed_at <= ?`,
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
  // In the order of the index: nothing has to be sorted.
  const runs = sqlite.prepare<[], RunsRow>(
    `SELECT runbook_id AS runbook, target, count(*) AS runs, count(*) FILTER (WHERE outcome = 'verified') AS verified,
       count(*) FILTER (WHERE outcome = 'still_failing') AS stillFailing,
       count(*) FILTER (WHERE state = 'unknown') AS unknown
     FROM executions INDEXED BY executions_of_action WHERE started_at IS NOT NULL GROUP BY runbook_id, action_id, target`,
  );
  const newestEntries = sqlite.prepare<[number, number], RecordRow>(
    "SELECT * FROM record WHERE seq < ? ORDER BY seq DESC LIMIT ?",
  );

  /** What came after `from`, up to and with `to`. */
  function tally(from: Date, to: Date): Tally {
    return { ...amounts(from, to), noisiest: noisiest.all(from.getTime(), to.getTime()) };
  }

  function amounts(from: Date, to: Date): Omit<Tally, "noisiest"> {
    const within = [from.getTime(), to.getTime()] as const;
    const { at, recovered, open } = came.get(...within) ?? NOTHING_CAME;
    const openings = numbersIn(at);
    const byHour = histogram(openings, WEEK_HOURS, hourOfWeek);
    const durations = numbersIn(recovered);
    const fixes = fixed.all(...within);
    const fixedBy = (unasked: number) =>
      fixes.find(({ is_unasked: one }) => one === unasked)?.count ?? 0;
    return {
      ...{ incidents: openings.length, open, byHour },
      acknowledge: spreadOf(numbersIn(acknowledged.get(...within))),
      decide: spreadOf(numbersIn(decided.get(from.getTime(), ...within))),
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
      const { at } = came.get(start.getTime(), end.getTime()) ?? NOTHING_CAME;
      const stepOf = (opened: number) => Math.floor((opened - start.getTime() - 1) / stepMs);
      return histogram(numbersIn(at), Math.ceil(lengthMs / stepMs), stepOf);
    };
    return {
      ...{ from, to, now },
      before: amounts(earlier, from),
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
    runsByRunbook: () => summed(runs.all(), ({ runbook }) => runbook),
    runsByTarget: () => summed(runs.all(), ({ target }) => target),
  };
}

interface Runs {
  readonly name: string;
  readonly runs: number;
  readonly verified: number;
  readonly stillFailing: number;
  readonly unknown: number;
}

type RunsRow = Omit<Runs, "name"> & { readonly runbook: string; readonly target: string };

function summed(rows: readonly RunsRow[], nameOf: (row: RunsRow) => string): Runs[] {
  const sums = new Map<string, Runs>();
  for (const row of rows) {
    const name = nameOf(row);
    const sum = sums.get(name);
    sums.set(name, {
      name,
      runs: row.runs + (sum?.runs ?? 0),
      verified: row.verified + (sum?.verified ?? 0),
      stillFailing: row.stillFailing + (sum?.stillFailing ?? 0),
      unknown: row.unknown + (sum?.unknown ?? 0),
    });
  }
  return [...sums.values()];
}

function numbersIn(list = "[]"): number[] {
  return JSON.parse(list) as number[];
}

/** How many of them belong to each of the slots. */
function histogram(values: readonly number[], slots: number, slotOf: (value: number) => number) {
  const counts = Array.from({ length: slots }, () => 0);
  for (const value of values) {
    const slot = slotOf(value);
    counts[slot] = (counts[slot] ?? 0) + 1;
  }
  return counts;
}

function hourOfWeek(at: number): number {
  return (Math.floor(at / HOUR_MS) + MONDAY) % WEEK_HOURS;
}

export function spreadOf(durations: readonly number[]): Spread {
  const sorted = Float64Array.from(durations, (ms) => Math.max(0, ms)).sort();
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? null;
  return { count: sorted.length, medianMs: at(0.5), p90Ms: at(0.9) };
}
