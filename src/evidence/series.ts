/** One series as it was read: finite values only, in the order of time, one value an instant. */
export interface Series {
  /** Names the series where people read it, and is unique among those that are ranked together. */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since 1970. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** What was odd about it, for the card. */
  readonly remarks: readonly string[];
}

/** From one instant up to and including another, in seconds since 1970. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** The values inside the window, without a copy. */
export function valuesIn({ times, values }: Series, { from, to }: Window): Float64Array {
  return values.subarray(
    firstWhere(times, (time) => time >= from),
    firstWhere(times, (time) => time > to),
  );
}

function firstWhere(times: Float64Array, holds: (time: number) => boolean): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(times[middle] ?? Number.NaN)) high = middle;
    else low = middle + 1;
  }
  return low;
}
