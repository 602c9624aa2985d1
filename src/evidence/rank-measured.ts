import type { Series as Measured, Measurement } from "./measurement.ts";
import type { Observed, Ranking } from "./rank.ts";
import { rank } from "./rank.ts";
import { readSeries } from "./read-series.ts";
import type { Series } from "./series.ts";
import { signalOf } from "./signal.ts";
import { labelsText } from "./tell.ts";

/** Labels that name a service, the most particular first; a machine is none. */
const SERVICE_LABELS = ["service", "deployment", "container", "name", "unit", "app", "pod"];

export interface MeasuredRanking extends Ranking {
  /** Every series with the measurement it is of: those that stand out as they are ranked, then the others. */
  readonly order: readonly { readonly measurement: Measurement; readonly series: Measured }[];
}

/** What was measured around an alert, ranked by how it left its past; all of one window. */
export function rankMeasured(measurements: readonly Measurement[]): MeasuredRanking {
  const [first] = measurements;
  if (first === undefined) {
    return { suspects: [], findings: [], score: 0, nothing: "nothing was measured", order: [] };
  }
  const of = new Map<Series, { measurement: Measurement; series: Measured }>();
  const observed = measurements.flatMap((measurement) =>
    measurement.series.map((series): Observed => {
      const name = series.labels.__name__ ?? measurement.title;
      const read = readSeries(idOf(measurement, series), series.labels, pointsOf(series));
      of.set(read, { measurement, series });
      return { series: read, signal: signalOf(name), service: serviceOf(series) };
    }),
  );
  const { fromMs, toMs } = first.window;
  const ranking = rank(observed, { from: fromMs / 1000, to: toMs / 1000 });
  const standing = ranking.findings.map(({ series }) => series);
  const order = [...new Set([...standing, ...of.keys()])].flatMap((series) => of.get(series) ?? []);
  return { ...ranking, order };
}

function idOf({ title }: Measurement, { labels: { __name__: _, ...labels } }: Measured): string {
  return [title, labelsText(labels)].filter(Boolean).join(" ");
}

/** In seconds; what is in two windows is there once. */
export function pointsOf({ now, baselines }: Measured): [number, number][] {
  const all = [baselines.last_week, baselines.yesterday, baselines.before, now].flat();
  return all.map(([atMs, value]) => [atMs / 1000, value]);
}

function serviceOf({ labels }: Measured): string | null {
  const label = SERVICE_LABELS.find((name) => labels[name] !== undefined && labels[name] !== "");
  return label === undefined ? null : (labels[label] ?? null);
}
