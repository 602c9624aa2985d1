import type { Measurement, Point, Series } from "./measurement.ts";
import { median } from "./tell.ts";

/** Below this share of the usual value nothing has moved, however quiet the series was. */
const FLOOR = 0.1;
const LAST_POINTS = 3;
const FEWEST = 5;

/** From here on a series stands out. */
export const HAS_MOVED = 5;

export interface Moved {
  readonly measurement: Measurement;
  readonly series: Series;
  /** How far the last points stand from the nearest of their baselines, in its own spread. */
  readonly by: number;
}

/** The series by how far they moved, the furthest first; what also happened yesterday has not moved. */
export function byMovement(measurements: readonly Measurement[]): Moved[] {
  return measurements
    .flatMap((measurement) =>
      measurement.series.map((series) => ({ measurement, series, by: movement(series) })),
    )
    .sort((a, b) => b.by - a.by);
}

const known = new WeakMap<Series, number>();

/** Asked for more than once, and a hundred series are some milliseconds. */
function movement(series: Series): number {
  const by = known.get(series) ?? movementOf(series);
  known.set(series, by);
  return by;
}

function movementOf({ now, baselines }: Series): number {
  const last = median(valuesOf(now.slice(-LAST_POINTS)));
  if (last === null) return 0;
  const distances = Object.values(baselines)
    .filter((points) => points.length >= FEWEST)
    .map((points) => distance(last, valuesOf(points)));
  return distances.length === 0 ? 0 : Math.min(...distances);
}

function distance(value: number, usual: readonly number[]): number {
  const middle = median(usual) ?? 0;
  const spread = 1.4826 * (median(usual.map((one) => Math.abs(one - middle))) ?? 0);
  const scale = Math.max(spread, FLOOR * Math.abs(middle), Number.EPSILON);
  return Math.min(Math.abs(value - middle) / scale, 1_000);
}

function valuesOf(points: readonly Point[]): number[] {
  return points.map(([, value]) => value);
}
