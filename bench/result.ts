import { median, percentile } from "./stats.ts";

/** One line of the table: what was measured of Countersign, and of something that everybody can judge it by. */
export interface Row {
  readonly what: string;
  readonly who: string;
  /** Ready to be read; a row that could not be measured says why here. */
  readonly result: string;
  /** Countersign's result as a multiple of this row's, where comparing makes sense. */
  readonly countersign?: string;
  /** What it should be at least, or at most. */
  readonly goal?: string;
}

export interface BenchResult {
  readonly rows: readonly Row[];
  /** Everything that was measured, for `--json`. */
  readonly raw: unknown;
}

export interface Bench {
  readonly name: string;
  run(options: { quick: boolean }): Promise<BenchResult>;
}

export function times(ours: number, theirs: number): string {
  return `${(ours / theirs).toFixed(2)}×`;
}

export function perSecond(value: number): string {
  return `${Math.round(value).toLocaleString("en")}/s`;
}

export function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

export function spread(values: readonly number[]): string {
  return `p50 ${ms(percentile(values, 50))}, p99 ${ms(percentile(values, 99))} (n=${values.length})`;
}

export function mid(values: readonly number[]): string {
  return `${ms(median(values))} (${ms(Math.min(...values))} to ${ms(Math.max(...values))}, n=${values.length})`;
}

export function tableOf(rows: readonly Row[]): string {
  const head: Row = {
    what: "Measure",
    who: "Who",
    result: "Result",
    countersign: "Countersign is",
    goal: "Goal",
  };
  const lines = [head, ...rows].map((row) => [
    row.what,
    row.who,
    row.result,
    row.countersign ?? "",
    row.goal ?? "",
  ]);
  const widths = [0, 1, 2, 3, 4].map((i) =>
    Math.max(...lines.map((line) => (line[i] ?? "").length)),
  );
  const text = lines.map(
    (line) => `| ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`,
  );
  text.splice(1, 0, `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`);
  return text.join("\n");
}
