import { wilson } from "../stats.ts";

/** One figure of one data set. */
export interface Figure {
  readonly set: string;
  readonly measure: string;
  readonly who: string;
  readonly right: number;
  readonly of: number;
  /** Where it is no share of cases. */
  readonly value?: number;
  /** Of a yardstick: what was published of it. */
  readonly published?: number;
  /** What Countersign has to reach. */
  readonly goal?: string;
}

/** How each published number was rounded. */
const HALF_A_UNIT = 0.0051;

export function isReproduced({ published, ...figure }: Figure): boolean {
  return published === undefined || Math.abs(amountOf(figure) - published) < HALF_A_UNIT;
}

export function tell(figures: readonly Figure[]): string {
  const rows = [
    ["Data set", "Measure", "Who", "Result", "95 %", "Published, or goal"],
    ...figures.map((figure) => [
      figure.set,
      figure.measure,
      figure.who,
      `${amountOf(figure).toFixed(3)}${figure.value === undefined ? ` (${figure.right} of ${figure.of})` : ""}`,
      figure.value === undefined ? interval(figure) : "",
      comparison(figure),
    ]),
  ];
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  const lines = rows.map(
    (row) => `| ${row.map((cell, i) => cell.padEnd(widths?.[i] ?? 0)).join(" | ")} |`,
  );
  lines.splice(1, 0, `|${widths?.map((width) => "-".repeat(width + 2)).join("|")}|`);
  return lines.join("\n");
}

function comparison(figure: Figure): string {
  if (figure.published === undefined) return figure.goal ?? "";
  return `${figure.published} ${isReproduced(figure) ? "reproduced" : "NOT REPRODUCED"}`;
}

function interval({ right, of }: Figure): string {
  return wilson(right, of)
    .map((share) => share.toFixed(2))
    .join(" to ");
}

function amountOf({ value, right, of }: Figure): number {
  return value ?? right / of;
}
