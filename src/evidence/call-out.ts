import type { Finding } from "./baseline.ts";
import { compare, isAgedADay, justBefore, THROUGHOUT, usualBaselines } from "./baseline.ts";
import { LEAST_BASELINE } from "./deviation.ts";
import { spreadOf } from "./robust.ts";
import type { Series, Window } from "./series.ts";
import { valuesIn } from "./series.ts";
import type { Signal } from "./signal.ts";

/** The whole window is so many spreads from each of so many baselines. */
const UNUSUAL = { spreads: 1.5, baselines: 2 };

/** What was never seen goes beyond all the past by so much of the way from the usual to there: a record by a hair is none. */
const BEYOND = 0.2;
const PAST_S = 7 * 86_400;
/** For less it is a hiccup. */
const LASTS_S = 300;

/**
 * What a watch calls out, which nobody asked to look: a whole window unlike what came before, yesterday and last week, or a
 * part of it unlike anything of the past seven days. Null for all else; of a series that is younger than a day the second
 * is not known.
 */
export function callOut(series: Series, signal: Signal, window: Window): Finding | null {
  const baselines = usualBaselines(window);
  const finding = compare(series, signal, { window, baselines, lasts: THROUGHOUT });
  const isUnusual =
    finding.comparisons.length >= UNUSUAL.baselines && Math.abs(finding.score) >= UNUSUAL.spreads;
  return isUnusual ? finding : neverSeen(series, signal, window);
}

function neverSeen(series: Series, signal: Signal, window: Window): Finding | null {
  const past = valuesIn(series, { from: window.from - PAST_S, to: justBefore(window.from) });
  const seen = valuesIn(series, window);
  if (seen.length === 0 || past.length < LEAST_BASELINE || !isAgedADay(series, window)) return null;
  const points = Math.max(1, Math.round((LASTS_S * seen.length) / (window.to - window.from)));
  const { median, spread } = spreadOf(past);
  const scale = Math.max(spread, signal.floor.relative * Math.abs(median), signal.floor.absolute);
  const [now, before] = [reached(seen, points), reached(past, points)];
  const isAbove = now.high - before.high > BEYOND * Math.max(before.high - median, scale);
  const isBelow = before.low - now.low > BEYOND * Math.max(median - before.low, scale);
  if (!isAbove && !isBelow) return null;
  const [value, record] = isAbove ? [now.high, before.high] : [now.low, before.low];
  const score = (value - median) / Math.max(scale, Number.MIN_VALUE);
  const closest = { baseline: "all of the past days", score, now: value, usual: record };
  return { series, signal, score, closest, comparisons: [closest], missing: [] };
}

/** The highest and the lowest that so many points in a row all went to; of fewer points, all of them. */
function reached(values: Float64Array, points: number): { high: number; low: number } {
  const size = Math.min(points, values.length);
  let [high, low] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let from = 0; from + size <= values.length; from++) {
    const row = values.subarray(from, from + size);
    high = Math.max(high, Math.min(...row));
    low = Math.min(low, Math.max(...row));
  }
  return { high, low };
}
