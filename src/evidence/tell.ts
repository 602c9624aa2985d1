import type { Labels } from "../incident/alert.ts";
import type { Measurement, Point, Series, Threshold } from "./measurement.ts";

/** Measurements in words: what a card, a page and a terminal can all show. */

const LONGEST_LABELS = 160;

/** The last value, and the middle of each baseline that is there. */
export function tellSeries(series: Series, unit: string | null, latest?: number): string {
  const last = latest ?? series.now.at(-1)?.[1];
  const value = last === undefined ? "no value in this window" : `now ${amount(last, unit)}`;
  const { before, yesterday, last_week: lastWeek } = series.baselines;
  const past = [
    ...told("before", before, unit),
    ...told("yesterday", yesterday, unit),
    ...told("last week", lastWeek, unit),
  ];
  return [value, ...past].join(", ");
}

function told(name: string, points: readonly Point[], unit: string | null): string[] {
  const middle = median(points.map(([, value]) => value));
  return middle === null ? [] : [`${name} ${amount(middle, unit)}`];
}

export function tellThreshold({ operator, limit }: Threshold, unit: string | null): string {
  return `fires while ${operator} ${amount(limit, unit)}`;
}

/** What has to be known about the numbers, beside the numbers. */
export function remarksOn({ missing, warnings, series, seriesTotal }: Measurement): string[] {
  const reasons = Object.entries(missing).map(([name, why]) => `${name.replace("_", " ")}: ${why}`);
  const isEmpty = series.length > 0 && series.every(({ now }) => now.length === 0);
  return [
    ...(reasons.length > 0 ? [`Not compared with ${reasons.join("; ")}`] : []),
    ...(seriesTotal > series.length ? [`${seriesTotal - series.length} more series`] : []),
    ...(isEmpty ? ["Nothing but gaps or NaN in this window"] : []),
    ...warnings.map((text) => `Prometheus: ${text}`),
  ];
}

/** One series as a line: its name, its labels, its numbers. */
export function seriesLine(
  series: Series,
  unit: string | null,
  title = "",
  latest?: number,
): string {
  const labels = labelsText(title === "" ? series.labels : withoutName(series.labels));
  const name = [title, labels].filter(Boolean).join(" ");
  const numbers = tellSeries(series, unit, latest);
  return name === "" ? numbers : `${name}: ${numbers}`;
}

export function labelsText(labels: Labels): string {
  const { __name__: name = "", ...rest } = labels;
  const pairs = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return cut(`${name}${pairs.length > 0 ? `{${pairs.join(", ")}}` : ""}`, LONGEST_LABELS);
}

export function withoutName({ __name__: _, ...labels }: Labels): Labels {
  return labels;
}

export function sameLabels(a: Labels, b: Labels): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** On one line, and never longer. */
export function cut(text: string, longest: number): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}

const SIZES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** A number with its unit, as people say it. */
export function amount(value: number, unit: string | null): string {
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : value < 0 ? "-Inf" : "NaN";
  if (unit === "ratio") return `${plain(value * 100)} %`;
  if (unit === "bytes") return bytes(value);
  if (unit === "milliseconds") return seconds(value / 1000);
  if (unit === "seconds") return seconds(value);
  return `${plain(value)}${unit === "cores" ? " cores" : ""}`;
}

function bytes(value: number): string {
  const size = Math.abs(value) < 1 ? 0 : Math.floor(Math.log2(Math.abs(value)) / 10);
  const power = Math.min(size, SIZES.length - 1);
  return `${plain(value / 2 ** (10 * power))} ${SIZES[power]}`;
}

function seconds(value: number): string {
  const size = Math.abs(value);
  if (size > 0 && size < 0.001) return `${plain(value * 1e6)} µs`;
  if (size > 0 && size < 1) return `${plain(value * 1000)} ms`;
  if (size < 180) return `${plain(value)} s`;
  if (size < 2 * 3600) return `${plain(value / 60)} min`;
  return size < 2 * 86_400 ? `${plain(value / 3600)} h` : `${plain(value / 86_400)} days`;
}

export function plain(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e15
    ? String(value)
    : String(Number(value.toPrecision(3)));
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  // Numbers in a typed array are sorted as such, several times faster.
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** The unit that a metric's name ends with, where nobody says it. */
export function unitOf(name: string): string | null {
  const [, unit] = /_(seconds|bytes|ratio|milliseconds)(?:_total|_sum)?$/.exec(name) ?? [];
  return unit ?? null;
}

/** Nobody needs the hundredths of a minute. */
export function roughly(elapsed: number): string {
  if (elapsed < 120) return `${Math.round(elapsed)} s`;
  if (elapsed < 7_200) return `${Math.round(elapsed / 60)} min`;
  return elapsed < 172_800
    ? `${Math.round(elapsed / 3_600)} h`
    : `${Math.round(elapsed / 86_400)} days`;
}

export function ago(at: Date, from: Date): string {
  const elapsed = (from.getTime() - at.getTime()) / 1000;
  return `${roughly(Math.abs(elapsed))} ${elapsed >= 0 ? "before" : "after"}`;
}
