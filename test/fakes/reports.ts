import type { Report, Tally } from "../../src/incident/report.ts";
import { NOW } from "./incidents.ts";

const none = { count: 0, medianMs: null, p90Ms: null };

function aTally(over: Partial<Tally> = {}): Tally {
  return {
    ...{ incidents: 9, open: 0, noisiest: [], costUsd: 0 },
    byHour: Array.from({ length: 168 }, () => 0),
    ...{ acknowledge: none, decide: none, recover: none },
    fixes: { resolved: 9, unasked: 3, approved: 1 },
    runs: { verified: 4, stillFailing: 0, others: 0 },
    ...over,
  };
}

/** Twelve incidents, nine in the time before. */
export function aReport(lengthMs: number, over: Partial<Tally> = {}): Report {
  return {
    from: new Date(NOW.getTime() - lengthMs),
    to: NOW,
    now: aTally({
      ...{ incidents: 12, open: 1 },
      noisiest: [{ title: "HighCPU", count: 6 }],
      recover: { count: 11, medianMs: 184_000, p90Ms: 900_000 },
      fixes: { resolved: 11, unasked: 5, approved: 2 },
      runs: { verified: 7, stillFailing: 1, others: 0 },
      ...over,
    }),
    before: aTally(),
    noisiest: [{ title: "HighCPU", count: 6, before: 2 }],
    arrivals: { stepMs: 86_400_000, now: [1, 2, 0, 4, 1, 3, 1], before: [1, 1, 1, 1, 2, 2, 1] },
  };
}
