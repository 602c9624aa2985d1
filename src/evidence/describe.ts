import type { Graph, Unit } from "./graph.ts";
import type { Threshold } from "./measurement.ts";
import { clockTime, readable } from "./scale.ts";

const LONGEST_NAME = 80;

/** One line from outside, as it may stand in a picture and in markup: nothing unseen in it, never too long. */
export function plain(text: string, most: number): string {
  const line = text
    .slice(0, 4 * most)
    .replace(/\p{C}/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
  const chars = [...line];
  return chars.length > most
    ? `${chars
        .slice(0, most - 1)
        .join("")
        .trimEnd()}…`
    : line;
}

/** What the picture shows, for whoever can't see it. */
export function describe(graph: Graph): string {
  const { series, unit, threshold, alert, timeZone } = graph;
  const [first] = series;
  const time = (ms: number) => clockTime(ms, timeZone);
  const about = first && first.name !== "" ? `, ${plain(first.name, LONGEST_NAME)}` : "";
  const others = series.length - 1;
  return [
    `${plain(graph.title, LONGEST_NAME)}${about}, ${time(graph.fromMs)} to ${time(graph.toMs)} ${timeZone}: ${numbersOf(graph)}`,
    threshold === null ? "" : `threshold: ${limitOf(threshold, unit)}`,
    alert === null
      ? ""
      : `alert since ${time(alert.fromMs)}${alert.toMs === null ? "" : ` until ${time(alert.toMs)}`}`,
    ...graph.marks.map(
      ({ kind, atMs }) => `${kind === "fix" ? "fix" : "recovered"} at ${time(atMs)}`,
    ),
    others > 0 ? `${others} more series` : "",
  ]
    .filter((part) => part !== "")
    .join("; ");
}

const WORDS: Readonly<Record<Threshold["operator"], string>> = {
  ">": "above",
  ">=": "from",
  "<": "below",
  "<=": "up to",
  "==": "at",
  "!=": "other than",
};

export function limitOf({ operator, limit }: Threshold, unit: Unit): string {
  return `${WORDS[operator]} ${readable(limit, unit)}`;
}

function numbersOf({ series: [first], unit }: Graph): string {
  const values = (first?.points ?? [])
    .map(([, value]) => value)
    .filter((value) => !Number.isNaN(value));
  const last = values.at(-1);
  if (last === undefined) return "no data";
  const [low, high] = values.reduce(
    ([a, b], value) => [Math.min(a, value), Math.max(b, value)],
    [last, last],
  );
  return `last ${readable(last, unit)}, least ${readable(low, unit)}, most ${readable(high, unit)}`;
}
