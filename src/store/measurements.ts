import type { Measurement, Point, Series } from "../evidence/measurement.ts";

/** Points as they lie in the database: the first time, then steps of the window, numbers to six digits. */
interface Packed {
  readonly at: number;
  readonly steps: readonly number[];
  readonly values: readonly (number | string)[];
}

type PackedSeries = Pick<Series, "labels"> & {
  readonly now: Packed;
  readonly baselines: Readonly<Record<keyof Series["baselines"], Packed>>;
};

/** Null where there is nothing. */
export function pack(measurements: readonly Measurement[] | undefined): string | null {
  if (measurements === undefined || measurements.length === 0) return null;
  return JSON.stringify(
    measurements.map(({ series, ...rest }) => ({
      ...rest,
      series: series.map(({ labels, now, baselines }) => ({
        labels,
        now: packPoints(now),
        baselines: {
          before: packPoints(baselines.before),
          yesterday: packPoints(baselines.yesterday),
          last_week: packPoints(baselines.last_week),
        },
      })),
    })),
  );
}

export function unpack(text: string | null): Measurement[] {
  if (text === null) return [];
  const packed = JSON.parse(text) as (Omit<Measurement, "series"> & {
    readonly series: readonly PackedSeries[];
  })[];
  return packed.map(({ series, ...rest }) => ({
    ...rest,
    series: series.map(({ labels, now, baselines }) => ({
      labels,
      now: unpackPoints(now),
      baselines: {
        before: unpackPoints(baselines.before),
        yesterday: unpackPoints(baselines.yesterday),
        last_week: unpackPoints(baselines.last_week),
      },
    })),
  }));
}

function packPoints(points: readonly Point[]): Packed {
  const [first] = points;
  const times = points.map(([at]) => at);
  return {
    at: first?.[0] ?? 0,
    steps: runs(times.slice(1).map((at, i) => at - (times[i] ?? at))),
    // JSON has no infinities.
    values: points.map(([, value]) =>
      Number.isFinite(value) ? Number(value.toPrecision(6)) : String(value),
    ),
  };
}

/** Equal steps in a row are one pair: how many, and how long. */
function runs(steps: readonly number[]): number[] {
  const pairs: number[] = [];
  for (const step of steps) {
    if (pairs.at(-1) === step) pairs[pairs.length - 2] = (pairs.at(-2) ?? 0) + 1;
    else pairs.push(1, step);
  }
  return pairs;
}

function unpackPoints({ at, steps, values }: Packed): Point[] {
  const times = [at];
  for (let i = 0; i < steps.length; i += 2) {
    for (let n = 0; n < (steps[i] ?? 0); n += 1)
      times.push((times.at(-1) ?? at) + (steps[i + 1] ?? 0));
  }
  return values.map((value, i) => [times[i] ?? at, Number(value)]);
}
