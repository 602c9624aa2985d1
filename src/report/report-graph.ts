import type { Graph } from "../evidence/graph.ts";
import type { Report } from "../incident/report.ts";

const DAY_MS = 86_400_000;

/** How many incidents came, with the time before laid under it. */
export function graphOfReport({ from, to, arrivals }: Report, timeZone = "UTC"): Graph {
  const { stepMs, now, before } = arrivals;
  const points = (counts: readonly number[]) =>
    counts.map((count, i) => [from.getTime() + (i + 0.5) * stepMs, count] as const);
  return {
    title: stepMs < DAY_MS ? "Incidents an hour" : "Incidents a day",
    unit: "number",
    ...{ fromMs: from.getTime(), toMs: to.getTime(), stepMs, timeZone },
    series: [
      { name: "this time", points: points(now) },
      { name: "the time before", points: points(before) },
    ],
    ...{ threshold: null, usual: null, alert: null, marks: [] },
  };
}
