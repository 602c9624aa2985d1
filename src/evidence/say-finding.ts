import type { Comparison, Finding } from "./baseline.ts";
import { MOST } from "./deviation.ts";
import type { Unit } from "./signal.ts";

/** One finding in one line, for a card. */
export function sayFinding({ series, signal, score, closest, missing }: Finding): string {
  if (closest === null) return `${series.id}: ${["too few points", ...series.remarks].join(", ")}`;
  const { usual, now } = closest;
  const shift = `${show(usual, signal.unit)} → ${show(now, signal.unit)}`;
  const notes = [
    ...(missing.length === 0 ? [] : [`nothing to compare with: ${missing.join(", ")}`]),
    ...series.remarks,
  ];
  const line = `${series.id}: ${shift}, ${sayDistance(score, closest)}`;
  return [line, ...notes].join("; ");
}

export function sayDistance(score: number, { baseline }: Comparison): string {
  const size = Math.abs(score);
  const spreads = size >= MOST ? "far" : `${digits(Number(size.toPrecision(2)))} spreads`;
  return `${spreads} ${score < 0 ? "below" : "above"} ${baseline}`;
}

function show(value: number, unit: Unit | null): string {
  if (unit === "bytes") return `${digits(value / 2 ** 20)} MiB`;
  if (unit === "mebibytes") return `${digits(value)} MiB`;
  if (unit === "seconds") return `${digits(value * 1_000)} ms`;
  if (unit === "milliseconds") return `${digits(value)} ms`;
  if (unit === "percent") return `${digits(value)} %`;
  if (unit === "ratio") return `${digits(value * 100)} %`;
  return unit === "cores" || unit === "millicores" ? `${digits(value)} ${unit}` : digits(value);
}

/** Four digits, without an exponent where that can be read. */
function digits(value: number): string {
  const rounded = Number(value.toPrecision(4));
  return Math.abs(rounded) >= 1e12 ? rounded.toExponential() : rounded.toLocaleString("en");
}
