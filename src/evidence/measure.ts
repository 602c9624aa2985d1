import type { BaselineName, Measurement, Point, Role, Series, Threshold } from "./measurement.ts";
import { BASELINES } from "./measurement.ts";
import type { Prometheus, RawSeries } from "./prometheus.ts";
import type { Frame } from "./windows.ts";

/** What to measure, and what is known of it beforehand. */
export interface Wanted {
  readonly role: Role;
  readonly title: string;
  readonly query: string;
  readonly type: string | null;
  readonly unit: string | null;
  readonly threshold: Threshold | null;
}

const NOTHING_KEPT = "nothing is kept of that time";

/**
 * Asks for one expression over the window and its baselines. A baseline that can't be had is named with its reason; the
 * window itself has to be there.
 * @throws SourceFailed
 */
export async function measure(
  { queryRange }: Pick<Prometheus, "queryRange">,
  wanted: Wanted,
  frame: Frame,
  mostSeries: number,
): Promise<Measurement> {
  const { query } = wanted;
  const later = [frame.baselines.yesterday, frame.baselines.last_week].map((window) =>
    queryRange(query, window).then(
      (answer) => ({ found: byLabels(answer.series), why: null }),
      (error: unknown) => ({ found: byLabels([]), why: explain(error) }),
    ),
  );
  const here = await queryRange(query, frame.beforeAndNow);
  const [yesterday, lastWeek] = await Promise.all(later);
  const kept = here.series.slice(0, mostSeries);
  const series = kept.map(({ labels, points }): Series => {
    const key = keyOf(labels);
    const begin = points.findIndex(([at]) => at >= frame.now.fromMs);
    const split = begin === -1 ? points.length : begin;
    return {
      labels,
      now: points.slice(split),
      baselines: {
        before: points.slice(0, split),
        yesterday: yesterday?.found.get(key) ?? [],
        last_week: lastWeek?.found.get(key) ?? [],
      },
    };
  });
  return {
    ...wanted,
    window: frame.now,
    alertAtMs: frame.alertAtMs,
    series,
    seriesTotal: here.series.length,
    missing: missingOf(series, { yesterday: yesterday?.why, last_week: lastWeek?.why }),
    warnings: here.warnings,
  };
}

function missingOf(
  series: readonly Series[],
  reasons: Readonly<Partial<Record<BaselineName, string | null | undefined>>>,
): Measurement["missing"] {
  const missing = BASELINES.filter((name) =>
    series.every(({ baselines }) => !baselines[name].length),
  );
  return Object.fromEntries(missing.map((name) => [name, reasons[name] ?? NOTHING_KEPT]));
}

function byLabels(series: readonly RawSeries[]): ReadonlyMap<string, readonly Point[]> {
  return new Map(series.map(({ labels, points }) => [keyOf(labels), points]));
}

export function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
