import type { Opinion } from "../diagnosis/opinion.ts";
import type { ModelCall, Recalled, Spending, SpendingBy } from "../diagnosis/spending.ts";
import type { Changes } from "./changes.ts";
import type { Sqlite } from "./open.ts";
import type { Chain } from "./record.ts";

const MINUTE_MS = 60_000;

/** What models said and cost. Only opinions that were paid for or shown again are recorded; the facts stand elsewhere. */
export function createOpinions(
  sqlite: Sqlite,
  { record, changes }: { record: Pick<Chain, "append">; changes: Changes },
  now: () => Date,
) {
  const put = sqlite.prepare<[string, string, string | null, string | null, number]>(
    `INSERT INTO opinions (incident_id, pattern, opinion, note, at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (incident_id) DO UPDATE SET pattern = excluded.pattern, opinion = excluded.opinion,
       note = excluded.note, at = excluded.at`,
  );
  const has = sqlite.prepare<[string]>(
    "SELECT 1 FROM opinions WHERE incident_id = ? AND opinion IS NOT NULL",
  );
  const addCall = sqlite.prepare(
    `INSERT INTO model_calls (at, incident_id, provider, model, input, output, cache_read, cache_write, cost_usd,
       took_ms, failure) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const callsSince = sqlite
    .prepare<[number], number>("SELECT count(*) FROM model_calls WHERE at > ?")
    .pluck();
  const spentSince = sqlite
    .prepare<[number], number>("SELECT coalesce(sum(cost_usd), 0) FROM model_calls WHERE at >= ?")
    .pluck();
  const spentOn = sqlite
    .prepare<[string], number>(
      "SELECT coalesce(sum(cost_usd), 0) FROM model_calls WHERE incident_id = ?",
    )
    .pluck();
  const byModel = sqlite.prepare<[number], SpendingBy>(
    `SELECT model, count(*) AS calls, sum(failure IS NOT NULL) AS failures, sum(input) AS input, sum(output) AS output,
       sum(cache_read) AS cacheRead, sum(cache_write) AS cacheWrite, sum(cost_usd) AS costUsd,
       count(DISTINCT incident_id) AS incidents
     FROM model_calls WHERE at >= ? GROUP BY model ORDER BY costUsd DESC`,
  );
  const alike = sqlite.prepare<
    [string, number],
    { incidentId: string; opinion: string; at: number; outcome: string | null }
  >(
    `SELECT o.incident_id AS incidentId, o.opinion, o.at,
       (SELECT v.outcome FROM verifications v JOIN executions e ON e.id = v.execution_id
        WHERE e.incident_id = o.incident_id ORDER BY v.judged_at DESC LIMIT 1) AS outcome
     FROM opinions o JOIN incidents i ON i.id = o.incident_id
     WHERE o.pattern = ? AND o.opinion IS NOT NULL AND o.at >= ? AND i.source <> 'drill'
     ORDER BY o.at DESC LIMIT 1`,
  );

  return {
    has: (incidentId: string): boolean => has.get(incidentId) !== undefined,

    save(incidentId: string, pattern: string, opinion: Opinion): void {
      changes.commit(() =>
        sqlite
          .transaction(() => {
            put.run(incidentId, pattern, JSON.stringify(opinion), null, now().getTime());
            const { provider, model, promptHash, costUsd, calls, recalledFrom } = opinion;
            record.append({
              kind: recalledFrom === null ? "opinion.written" : "opinion.recalled",
              actor: "countersign",
              incidentId,
              data:
                recalledFrom === null
                  ? { provider, model, promptHash, calls, costUsd: costUsd.toFixed(4) }
                  : { from: recalledFrom.incidentId },
            });
            changes.touch(incidentId, { isUrgent: false });
          })
          .immediate(),
      );
    },

    /** Why there is none; an opinion that stands is kept. */
    note(incidentId: string, pattern: string, note: string): void {
      changes.commit(() =>
        sqlite
          .transaction(() => {
            if (has.get(incidentId) !== undefined) return;
            put.run(incidentId, pattern, null, note, now().getTime());
            changes.touch(incidentId, { isUrgent: false });
          })
          .immediate(),
      );
    },

    spend(call: ModelCall): void {
      const { input, output, cacheRead, cacheWrite } = call.usage;
      addCall.run(
        now().getTime(),
        call.incidentId,
        call.provider,
        call.model,
        input,
        output,
        cacheRead,
        cacheWrite,
        call.costUsd,
        call.tookMs,
        call.failure,
      );
    },

    /** By the UTC day, as providers bill. */
    spent(incidentId: string): Spending {
      const at = now().getTime();
      return {
        callsLastMinute: callsSince.get(at - MINUTE_MS) ?? 0,
        todayUsd: spentSince.get(new Date(at).setUTCHours(0, 0, 0, 0)) ?? 0,
        incidentUsd: spentOn.get(incidentId) ?? 0,
      };
    },

    spentByModel: (since: Date): SpendingBy[] => byModel.all(since.getTime()),

    /** The newest of the same pattern, with what came of its incident's fix. */
    recall(pattern: string, since: Date): Recalled | null {
      const row = alike.get(pattern, since.getTime());
      if (row === undefined) return null;
      const { incidentId, outcome } = row;
      const opinion = JSON.parse(row.opinion) as Opinion;
      return { incidentId, opinion, outcome, at: new Date(row.at) };
    },
  };
}
