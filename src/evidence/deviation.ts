import { select, spreadOf, tailOf } from "./robust.ts";
import type { Signal } from "./signal.ts";

/** How far a window lies from what it is compared with. */
export interface Deviation {
  /** In spreads of the baseline, upwards or downwards; never more than `MOST`. */
  readonly score: number;
  /** What it came to. */
  readonly now: number;
  /** What it was before. */
  readonly usual: number;
}

/** Beyond this a larger number says nothing more, and a flat baseline would make it infinite. */
export const MOST = 10_000;

/** With fewer, a median and a spread are chance. */
export const LEAST_BASELINE = 10;

/** One point is a hiccup: two that agree are the least that is believed. */
export const LEAST_WINDOW = 2;

/** The highest and the lowest that the values of a window stay at for a while. */
export interface Stretches {
  readonly high: number;
  readonly low: number;
}

/**
 * Of all stretches of the share of the points that `lasts` asks for, and of at least two: the highest and the lowest median, of an
 * even number the lower and the upper of the two in the middle, so that two points have to agree. Null of fewer than two.
 */
export function stretchesOf(values: Float64Array, lasts: number): Stretches | null {
  if (values.length < LEAST_WINDOW) return null;
  const size = Math.min(values.length, Math.max(LEAST_WINDOW, Math.ceil(values.length * lasts)));
  // Neighbouring stretches share most of their points: a quarter of one is as far as an end can be missed by.
  const step = Math.max(1, size >>> 2);
  let [high, low] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let start = values.length - size; start > -step; start -= step) {
    const from = Math.max(0, start);
    const stretch = values.slice(from, from + size);
    high = Math.max(high, select(stretch, (size - 1) >>> 1));
    low = Math.min(low, select(stretch, size >>> 1));
  }
  return { high, low };
}

/** How far the stretches lie from the usual, in whichever direction is farther. Null where the baseline has too few points. */
export function deviationOf(
  { high, low }: Stretches,
  baseline: Float64Array,
  { floor }: Pick<Signal, "floor">,
  { isHabit = false } = {},
): Deviation | null {
  if (baseline.length < LEAST_BASELINE) return null;
  const { median, spread } = spreadOf(baseline);
  const [rise, fall] = [Math.max(high, median), Math.min(low, median)];
  const now = rise - median >= median - fall ? rise : fall;
  const scale = Math.max(spread, floor.relative * Math.abs(median), floor.absolute);
  const score = scoreOf(now - median, scale);
  // Nothing within one spread can matter, and most series are: their tails need no looking at.
  if (!isHabit || Math.abs(score) < 1) return { score, now, usual: median };
  const tail = tailOf(baseline, median, now > median);
  return { score: scoreOf(now - median, Math.max(scale, tail)), now, usual: median };
}

function scoreOf(distance: number, scale: number): number {
  const score = distance / scale;
  return Number.isNaN(score) ? 0 : Math.max(-MOST, Math.min(MOST, score));
}
