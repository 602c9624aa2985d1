import type { Point } from "../evidence/measurement.ts";
import type { CertificateForecast, DiskForecast } from "../incident/pattern.ts";
import { medianOf, quantileOf } from "./quantile.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const FEWEST_POINTS = 24;
const SHORTEST_MS = DAY;
/** Farther ahead nobody can see. */
const HORIZON_MS = 90 * DAY;
const SOON_MS = 30 * DAY;
/** More than that is not needed for a line, and each pair of them is looked at. */
const MOST_POINTS = 200;
/** So much more of what it ever varied by, and than from one point to the next: it was cleaned up there. */
const CLEAN_UP_SHARE = 0.1;
const CLEAN_UP_STEPS = 8;
const AROUND = 5;
/** 19 of 20 cases. */
const Z = 1.96;

export type Forecast<T> =
  | { readonly outcome: "found"; readonly forecast: T }
  | { readonly outcome: "none" }
  | { readonly outcome: "lacking"; readonly why: string };

/**
 * When free space reaches nothing: the median of the slopes between all pairs of points (Theil and Sen), which a quarter
 * of wrong points can't turn, since the last time that it was cleaned up.
 */
export function forecastDisk(
  what: string,
  points: readonly Point[],
  now: Date,
): Forecast<DiskForecast> {
  const kept = thinned(sinceCleanUp(points.filter(([, value]) => Number.isFinite(value))));
  const [first] = kept;
  const [last] = kept.slice(-1);
  const spanMs = first === undefined || last === undefined ? 0 : last[0] - first[0];
  if (first === undefined || kept.length < FEWEST_POINTS || spanMs < SHORTEST_MS) {
    const hours = Math.floor(spanMs / HOUR);
    return {
      outcome: "lacking",
      why: `${what}: ${kept.length} points over ${hours} h are too few`,
    };
  }
  const { slope, steepest, flattest } = slopeOf(kept);
  const bytesLeft = medianOf(kept.map(([at, value]) => value + slope * (now.getTime() - at)));
  const leftMs = bytesLeft / -slope;
  // What may as well grow is no trend.
  if (flattest >= 0 || !(leftMs > 0 && leftMs < HORIZON_MS)) return { outcome: "none" };
  const when = (perMs: number) => new Date(now.getTime() + bytesLeft / -perMs);
  return {
    outcome: "found",
    forecast: {
      ...{ what, bytesLeft, bytesPerDay: -slope * DAY, fullAt: when(slope) },
      earliest: when(steepest),
      latest: when(flattest),
      ...{ points: kept.length, since: new Date(first[0]) },
    },
  };
}

/** Its slope per millisecond, and what it lies between (Sen's limits, by Kendall's variance). */
function slopeOf(points: readonly Point[]) {
  const slopes: number[] = [];
  for (const [i, [from, a]] of points.entries()) {
    for (const [to, b] of points.slice(i + 1)) if (to > from) slopes.push((b - a) / (to - from));
  }
  const n = points.length;
  const margin = (Z * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)) / slopes.length / 2;
  return {
    slope: medianOf(slopes),
    steepest: quantileOf(slopes, Math.max(0, 0.5 - margin)),
    flattest: quantileOf(slopes, Math.min(1, 0.5 + margin)),
  };
}

/** From where on much more was free than before, and stayed so: a single wrong point is no such place. */
function sinceCleanUp(points: readonly Point[]): readonly Point[] {
  const values = points.map(([, value]) => value);
  const usual = medianOf(values.slice(1).map((value, i) => Math.abs(value - (values[i] ?? value))));
  const range = quantileOf(values, 0.95) - quantileOf(values, 0.05);
  const least = Math.max(CLEAN_UP_SHARE * range, CLEAN_UP_STEPS * usual);
  const gained = (at: number) =>
    medianOf(values.slice(at, at + AROUND)) - medianOf(values.slice(at - AROUND, at));
  const places = values.map((_, at) => at).slice(AROUND, -AROUND);
  return points.slice(places.findLast((at) => gained(at) > least) ?? 0);
}

function thinned(points: readonly Point[]): readonly Point[] {
  const every = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, i) => (points.length - 1 - i) % every === 0);
}

/** From when a certificate ends, as it was seen over time: in seconds since 1970. A later end is a renewal. */
export function forecastCertificate(
  what: string,
  points: readonly Point[],
  now: Date,
): Forecast<CertificateForecast> {
  const seen = points.filter(([, value]) => Number.isFinite(value));
  const [last] = seen.slice(-1);
  if (last === undefined) return { outcome: "lacking", why: `${what}: no value` };
  const left = seen.slice(1).flatMap(([at, ends], i) => {
    const before = seen[i]?.[1] ?? ends;
    return ends - before > DAY / 1_000 ? [before * 1_000 - at] : [];
  });
  const expiresAt = new Date(last[1] * 1_000);
  const leftMs = expiresAt.getTime() - now.getTime();
  const renewedBeforeMs = left.length === 0 ? null : medianOf(left);
  const isLate = renewedBeforeMs !== null && leftMs < Math.min(...left) - DAY;
  if (leftMs > SOON_MS && !isLate) return { outcome: "none" };
  return { outcome: "found", forecast: { what, expiresAt, renewedBeforeMs, isLate } };
}
