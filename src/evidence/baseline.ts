import type { Deviation } from "./deviation.ts";
import { deviationOf, stretchesOf } from "./deviation.ts";
import type { Series, Window } from "./series.ts";
import { valuesIn } from "./series.ts";
import type { Signal } from "./signal.ts";

/** What a window is compared with; `windows` are read as one, so that what is known to be no ordinary time can be left out. */
export interface Baseline {
  readonly name: string;
  readonly windows: readonly Window[];
  /**
   * A past in which the series may have done for a while what it does now: its tails count, too, from a tenth of the points on.
   * Right before the window they do not, or what is noticed late would hide itself.
   */
  readonly isHabit?: boolean;
}

export interface Comparison extends Deviation {
  readonly baseline: string;
}

/** One series in the window against each baseline. */
export interface Finding {
  readonly series: Series;
  readonly signal: Signal;
  /** The deviation nearest to zero: what also happened yesterday is no news. Zero where the baselines disagree. */
  readonly score: number;
  /** The comparison the score is from; null where there was nothing to compare. */
  readonly closest: Comparison | null;
  readonly comparisons: readonly Comparison[];
  /** The baselines that had too few points, in order. */
  readonly missing: readonly string[];
}

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** The four windows before, and the same window with half an hour on either side, yesterday and a week ago. */
export function usualBaselines({ from, to }: Window): Baseline[] {
  const around = (ago: number) => [{ from: from - ago - HOUR / 2, to: to - ago + HOUR / 2 }];
  return [
    { name: "before", windows: [{ from: from - 4 * (to - from), to: justBefore(from) }] },
    { name: "yesterday", windows: around(DAY), isHabit: true },
    { name: "last week", windows: around(7 * DAY), isHabit: true },
  ];
}

/** What is in the window is no baseline of it. */
export function justBefore(instant: number): number {
  return instant - 1e-3;
}

/** How long an excursion lasts at least, as a share of the window: where it may have begun anywhere in it, and where it is the window. */
export const SOMEWHERE = 1 / 5;
export const THROUGHOUT = 1;

export interface Comparing {
  readonly window: Window;
  readonly baselines: readonly Baseline[];
  readonly lasts: number;
}

export function compare(
  series: Series,
  signal: Signal,
  { window, baselines, lasts }: Comparing,
): Finding {
  const stretches = stretchesOf(valuesIn(series, window), lasts);
  const comparisons: Comparison[] = [];
  const missing: string[] = [];
  for (const { name, windows, isHabit = false } of baselines) {
    const usual = isHabit && !isAgedADay(series, window) ? NOTHING : pooled(series, windows);
    const deviation =
      stretches === null ? null : deviationOf(stretches, usual, signal, { isHabit });
    if (deviation === null) missing.push(name);
    else comparisons.push({ baseline: name, ...deviation });
  }
  const closest = closestOf(comparisons);
  const signs = new Set(comparisons.map((one) => Math.sign(one.score)));
  const score = signs.has(1) && signs.has(-1) ? 0 : (closest?.score ?? 0);
  return { series, signal, score, closest, comparisons, missing };
}

const NOTHING = new Float64Array();

/** Before it has seen a day, a series has no habits. */
export function isAgedADay({ times }: Series, { from }: Window): boolean {
  return (times[0] ?? Number.POSITIVE_INFINITY) <= from - DAY;
}

function closestOf(comparisons: readonly Comparison[]): Comparison | null {
  return comparisons.reduce<Comparison | null>(
    (least, one) => (least === null || Math.abs(one.score) < Math.abs(least.score) ? one : least),
    null,
  );
}

function pooled(series: Series, windows: readonly Window[]): Float64Array {
  const [only, ...more] = windows;
  if (only !== undefined && more.length === 0) return valuesIn(series, only);
  return Float64Array.from(windows.flatMap((part) => [...valuesIn(series, part)]));
}
