import type { Point } from "./measurement.ts";
import type { RawSeries, Sample } from "./prometheus.ts";

/**
 * Numbers as Prometheus and Loki write them. Checked by hand: an answer may hold a hundred thousand points, and nobody
 * else may wait for them.
 */

export const HISTOGRAMS = "the query gives native histograms: what is shown is their mean";

/** Null where it is no vector. */
export function readVector(result: unknown): Sample[] | null {
  if (!Array.isArray(result)) return null;
  const samples: Sample[] = [];
  for (const one of result) {
    const { metric, value, histogram } = record(one);
    const number = readPoint(value, readNumber);
    const mean = readPoint(histogram, readMean);
    if (!isLabels(metric)) return null;
    if (number !== null) samples.push({ labels: metric, value: number[1] });
    else if (mean !== null) samples.push({ labels: metric, value: mean[1], isMean: true });
    else return null;
  }
  return samples;
}

/** Null where it is no matrix. NaN is a point that is not there. */
export function readMatrix(
  result: unknown,
): { readonly series: RawSeries[]; readonly warnings: readonly string[] } | null {
  if (!Array.isArray(result)) return null;
  const series: RawSeries[] = [];
  let hasHistograms = false;
  for (const one of result) {
    const { metric, values, histograms } = record(one);
    const numbers = readPoints(values ?? [], readNumber);
    const means = readPoints(histograms ?? [], readMean);
    if (!isLabels(metric) || numbers === null || means === null) return null;
    hasHistograms ||= means.length > 0;
    // A series may change from one kind to the other in the middle.
    const points = means.length === 0 ? numbers : [...numbers, ...means].sort(byTime);
    series.push({ labels: metric, points });
  }
  return { series, warnings: hasHistograms ? [HISTOGRAMS] : [] };
}

function readPoints(list: unknown, read: (value: unknown) => number | null): Point[] | null {
  if (!Array.isArray(list)) return null;
  const points: Point[] = [];
  for (const one of list) {
    const point = readPoint(one, read);
    if (point === null) return null;
    if (!Number.isNaN(point[1])) points.push(point);
  }
  return points;
}

function readPoint(pair: unknown, read: (value: unknown) => number | null): Point | null {
  if (!Array.isArray(pair) || typeof pair[0] !== "number") return null;
  const value = read(pair[1]);
  return value === null ? null : [Math.round(pair[0] * 1000), value];
}

/** `+Inf`, `-Inf` and `NaN` are how Go writes them. Null where it is no number. */
export function readNumber(text: unknown): number | null {
  if (typeof text !== "string" || text === "") return null;
  if (text === "NaN") return Number.NaN;
  const value = Number(text.replace("Inf", "Infinity"));
  return Number.isNaN(value) ? null : value;
}

function readMean(histogram: unknown): number | null {
  const { count, sum } = record(histogram);
  const [observations, total] = [readNumber(count), readNumber(sum)];
  return observations === null || total === null ? null : total / observations;
}

function byTime([a]: Point, [b]: Point): number {
  return a - b;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function isLabels(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((text) => typeof text === "string")
  );
}
