import type { Labels } from "../incident/alert.ts";
import { nameOf, placeOf } from "../incident/alert.ts";
import type { AlertHistory, Peak } from "../incident/pattern.ts";
import { unpack } from "./measurements.ts";
import type { Sqlite } from "./open.ts";

const MOST_ALERTS = 20_000;
const MOST_FIXES = 5_000;
const MOST_MEASURED = 100;

interface AlertRow {
  incidentId: string;
  fingerprint: string;
  startsAt: number;
  endsAt: number | null;
  labels: string;
  isTouched: number;
}

interface FixRow {
  incidentId: string;
  runbookId: string;
  actionId: string;
  target: string;
  at: number;
  isVerified: number;
}

/** The history as patterns are looked for in it. */
export function createPatterns(sqlite: Sqlite, redact: (text: string) => string) {
  const alerts = sqlite.prepare<[number, number], AlertRow>(
    `SELECT a.incident_id AS incidentId, a.source || ' ' || a.fingerprint AS fingerprint, a.starts_at AS startsAt,
            a.ends_at AS endsAt, a.labels,
            (i.acknowledged_by IS NOT NULL
             OR EXISTS (SELECT 1 FROM executions e WHERE e.incident_id = i.id)
             OR EXISTS (SELECT 1 FROM silences s WHERE s.incident_id = i.id)
             OR EXISTS (SELECT 1 FROM requests r JOIN votes v ON v.request_id = r.id WHERE r.incident_id = i.id)) AS isTouched
     FROM incidents i INDEXED BY incidents_by_time CROSS JOIN alerts a ON a.incident_id = i.id
     WHERE i.opened_at >= ? AND i.source <> 'drill' ORDER BY a.starts_at, a.id LIMIT ?`,
  );
  const fixes = sqlite.prepare<[number, number], FixRow>(
    `SELECT e.incident_id AS incidentId, e.runbook_id AS runbookId, e.action_id AS actionId, e.target,
            e.claimed_at AS at, v.outcome = 'verified' AS isVerified
     FROM executions e JOIN verifications v ON v.execution_id = e.id
     WHERE e.claimed_at >= ? ORDER BY e.claimed_at LIMIT ?`,
  );
  const measured = sqlite.prepare<[string, number], { measurements: string }>(
    `SELECT e.measurements FROM incidents i JOIN evidence e ON e.incident_id = i.id
     WHERE i.id IN (SELECT value FROM json_each(?)) AND e.measurements IS NOT NULL
     ORDER BY i.opened_at DESC LIMIT ?`,
  );

  function history(from: Date, to: Date): AlertHistory {
    return {
      ...{ from, to },
      alerts: alerts.all(from.getTime(), MOST_ALERTS).map((row) => {
        const labels = JSON.parse(row.labels) as Labels;
        return {
          ...{ incidentId: row.incidentId, fingerprint: row.fingerprint },
          ...{ name: redact(nameOf(labels)), where: redact(placeOf(labels)) },
          startsAt: new Date(row.startsAt),
          endsAt: row.endsAt === null ? null : new Date(row.endsAt),
          isTouched: row.isTouched === 1,
        };
      }),
      fixes: fixes.all(from.getTime(), MOST_FIXES).map(({ at, isVerified, ...row }) => ({
        ...row,
        at: new Date(at),
        isVerified: isVerified === 1,
      })),
    };
  }

  /** How far their own rules' values went, of those that were measured. */
  function peaksOf(name: string, incidentIds: readonly string[]): Peak[] {
    return measured
      .all(JSON.stringify(incidentIds), MOST_MEASURED)
      .flatMap(({ measurements }) => unpack(measurements))
      .flatMap(({ role, threshold, series }): Peak[] => {
        const all = series.flatMap((one) => one.now.map(([, value]) => value));
        const values = all.filter(Number.isFinite);
        if (role !== "rule" || threshold === null || values.length === 0) return [];
        const { operator, limit } = threshold;
        const peak = operator.startsWith("<") ? Math.min(...values) : Math.max(...values);
        return [{ name, operator, limit, value: peak }];
      });
  }

  return { history, peaksOf };
}
