import type { BandPoint, Graph, Mark, Unit } from "./graph.ts";
import type { BaselineName, Measurement, Point, Series } from "./measurement.ts";
import { BASELINES } from "./measurement.ts";

/** What a measurement does not know: the story it belongs to. */
export interface Story {
  readonly title: string;
  readonly alert: Graph["alert"];
  readonly marks: readonly Mark[];
  readonly timeZone: string;
}

const DAY_MS = 86_400_000;
const AGO: Readonly<Record<BaselineName, number>> = {
  before: 0,
  yesterday: DAY_MS,
  last_week: 7 * DAY_MS,
};
const BAND_POINTS = 60;
/** Of each side, how much of what was usual counts as out of the ordinary. */
const TAIL = 0.05;
const LEAST_POINTS = 5;

/** A measurement as one picture: its line, what was usual, and what happened when. */
export function graphOf(measurement: Measurement, story: Story): Graph {
  const { window, threshold, series } = measurement;
  const [first] = series;
  const lastMs = Math.max(window.toMs, ...series.map(({ now }) => now.at(-1)?.[0] ?? 0));
  const seen = { fromMs: window.fromMs, toMs: lastMs };
  const names = namesOf(series);
  return {
    ...story,
    ...seen,
    stepMs: window.stepMs,
    unit: unitOf(measurement),
    threshold,
    series: series.map(({ now }, i) => ({ name: names[i] ?? "", points: now })),
    usual: first === undefined ? null : usualOf(first, seen),
  };
}

/** What tells the series apart; of a single one, where it is. */
function namesOf(series: readonly Series[]): string[] {
  const [first, ...others] = series;
  if (first === undefined) return [];
  if (others.length === 0) {
    const { instance, name, container, host } = first.labels;
    return [name ?? container ?? instance ?? host ?? ""];
  }
  const keys = [...new Set(series.flatMap(({ labels }) => Object.keys(labels)))].filter((key) =>
    others.some(({ labels }) => labels[key] !== first.labels[key]),
  );
  return series.map(({ labels }) =>
    keys
      .map((key) => labels[key] ?? "")
      .filter((text) => text !== "")
      .join(" "),
  );
}

/** The same time yesterday and last week where they are known, else all of the time before. */
function usualOf(series: Series, seen: { fromMs: number; toMs: number }): Graph["usual"] {
  const seasonal = BASELINES.filter(
    (name) => name !== "before" && series.baselines[name].length >= LEAST_POINTS,
  );
  if (seasonal.length === 0) {
    const range = rangeOf(series.baselines.before.map(([, value]) => value));
    if (range === null) return null;
    return {
      from: "before",
      points: [
        [seen.fromMs, ...range],
        [seen.toMs, ...range],
      ],
    };
  }
  const past = seasonal
    .flatMap((name) => series.baselines[name].map(([at, value]): Point => [at + AGO[name], value]))
    .sort(([a], [b]) => a - b);
  const step = (seen.toMs - seen.fromMs) / BAND_POINTS;
  const points = Array.from({ length: BAND_POINTS + 1 }, (_, i) => seen.fromMs + i * step).flatMap(
    (at): BandPoint[] => {
      const range = rangeOf(
        past.filter(([ms]) => Math.abs(ms - at) <= 4 * step).map(([, value]) => value),
      );
      return range === null ? [] : [[at, ...range]];
    },
  );
  const from = seasonal.map((name) => name.replace("_", " ")).join(", ");
  return points.length === 0 ? null : { from, points };
}

function rangeOf(values: readonly number[]): [low: number, high: number] | null {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length < LEAST_POINTS) return null;
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  return [at(TAIL), at(1 - TAIL)];
}

const NAMES: Readonly<Record<string, Unit>> = {
  byte: "bytes",
  bytes: "bytes",
  percent: "percent",
  ratio: "ratio",
  second: "seconds",
  seconds: "seconds",
};
const RATE: Readonly<Partial<Record<Unit, Unit>>> = {
  bytes: "bytes_per_second",
  number: "per_second",
  seconds: "ratio",
};

/** By what the source says of the metric, and by what the query makes of it. */
function unitOf({ unit, query, series }: Measurement): Unit {
  const said = NAMES[(unit ?? "").toLowerCase()] ?? "number";
  if (/\*\s*100\b|\b100\s*[*-]/.test(query)) return "percent";
  const isShare = /[)\]}\w]\s*\/\s*[a-z(]/i.test(query) && !/_sum\b.*_count\b/s.test(query);
  if (isShare || said === "ratio") return isAround(series, 1.5) ? "ratio" : "number";
  const isRate =
    /\b(?:rate|irate|deriv)\s*\(/.test(query) &&
    !/histogram_quantile|_sum\b.*_count\b/s.test(query);
  return isRate ? (RATE[said] ?? said) : said;
}

function isAround(series: readonly Series[], most: number): boolean {
  return series.every(({ now }) =>
    now.every(([, value]) => !Number.isFinite(value) || (value >= 0 && value <= most)),
  );
}
