import { setImmediate as nextTurn } from "node:timers/promises";
import type { Labels } from "../incident/alert.ts";
import type { Finding } from "./baseline.ts";
import { isAgedADay } from "./baseline.ts";
import { callOut } from "./call-out.ts";
import { keyOf } from "./measure.ts";
import type { Prometheus } from "./prometheus.ts";
import type { RawPoint } from "./read-series.ts";
import { readSeries } from "./read-series.ts";
import { sayFinding } from "./say-finding.ts";
import type { Series, Window } from "./series.ts";
import { valuesIn } from "./series.ts";
import type { Signal } from "./signal.ts";
import { signalOf } from "./signal.ts";
import { labelsText, withoutName } from "./tell.ts";

/** What to look out for. */
export interface Outlook {
  readonly title: string;
  readonly promql: string;
  readonly windowMs: number;
  /** In spreads of what is usual. */
  readonly beyond: number;
  readonly direction: "up" | "down" | "both";
  /** Null where the names in the query have to say it. */
  readonly signal: Signal | null;
}

/** What is to be seen of one series. */
export type Sight = { readonly labels: Labels } & (
  | {
      readonly state: "out";
      readonly score: number;
      /** When it left what is usual. */
      readonly since: Date;
      /** For people: what it does and did. */
      readonly words: string;
    }
  /** `unknown` is one that nobody can judge now: it has too few points, or too short a past. */
  | { readonly state: "usual" | "unknown" }
);

export interface View {
  readonly sights: readonly Sight[];
  /** How many series there are that were not looked at. */
  readonly left: number;
}

const DAY_S = 86_400;
/** What a week ago is compared with lies half an hour further back. */
const PAST_MS = (7 * DAY_S + 1_800) * 1_000;
/** Two points are the least that is believed to be five minutes, and a week of finer ones more than Prometheus gives. */
const STEP_MS = { most: 150_000, least: 60_000 };
const POINTS_WANTED = 24;
const MOST_SERIES = 50;

/**
 * Looks at every series of a query as a watch does. `calledOut` is since when each is out that is known to be, by `keyOf`
 * its labels.
 * @throws SourceFailed
 */
export async function lookOut(
  { queryRange }: Pick<Prometheus, "queryRange">,
  outlook: Outlook,
  { now, calledOut }: { readonly now: Date; readonly calledOut: ReadonlyMap<string, Date> },
): Promise<View> {
  const { windowMs, promql, title } = outlook;
  const wanted = floorTo(windowMs / POINTS_WANTED, 1_000);
  const stepMs = Math.max(STEP_MS.least, Math.min(STEP_MS.most, wanted));
  const toMs = floorTo(now.getTime(), stepMs);
  const window = { from: (toMs - windowMs) / 1000, to: toMs / 1000 };
  const fromMs = floorTo(toMs - windowMs - PAST_MS, stepMs);
  const { series } = await queryRange(promql, { fromMs, toMs, stepMs });
  // Metrics that differ in nothing but their name would be one alert: one of them is looked at.
  const known = new Map(series.map((one) => [keyOf(withoutName(one.labels)), one]));
  const keys = [...known.keys()].sort().slice(0, MOST_SERIES);
  const sights: Sight[] = [];
  for (const key of keys) {
    // A week of one series is some milliseconds of work: alerts that arrive do not wait for all of them.
    await nextTurn();
    const { labels = {}, points = [] } = known.get(key) ?? {};
    const raw = points.map(([atMs, value]): RawPoint => [atMs / 1000, value]);
    const read = readSeries(labelsText(labels) || title, withoutName(labels), raw);
    const signal = outlook.signal ?? signalOf(labels.__name__ ?? promql);
    const least = windowMs / stepMs / 2;
    const since = calledOut.get(key) ?? null;
    sights.push(sightOf(read, { outlook, signal, window, least, since }));
  }
  return { sights, left: series.length - sights.length };
}

interface About {
  readonly outlook: Outlook;
  readonly signal: Signal;
  readonly window: Window;
  /** With fewer points in the window nobody can say. */
  readonly least: number;
  readonly since: Date | null;
}

function sightOf(series: Series, { outlook, signal, window, least, since }: About): Sight {
  const { labels } = series;
  const count = valuesIn(series, window).length;
  if (count === 0) return { labels, state: since === null ? "unknown" : "usual" };
  if (count < least || !isAgedADay(series, window)) return { labels, state: "unknown" };
  const found = callOut(
    since === null ? series : withoutOuting(series, since, window),
    signal,
    window,
  );
  if (found === null || !isWanted(found, outlook)) return { labels, state: "usual" };
  const { score } = found;
  const began = since ?? new Date(onsetOf(found, window) * 1000);
  return { labels, state: "out", score, since: began, words: sayFinding(found) };
}

/** What a series does since it was called out is no past of it, for a day: what lasts longer has become usual. */
function withoutOuting(series: Series, since: Date, { from }: Window): Series {
  const outFrom = Math.max(since.getTime() / 1000, from - DAY_S);
  const isOrdinary = (_: number, i: number) => {
    const time = series.times[i] ?? 0;
    return time < outFrom || time >= from;
  };
  return {
    ...series,
    times: series.times.filter(isOrdinary),
    values: series.values.filter(isOrdinary),
  };
}

function isWanted({ score }: Finding, { beyond, direction }: Outlook): boolean {
  return Math.abs(score) >= beyond && (direction === "both" || score > 0 === (direction === "up"));
}

/** The first point that is nearer to what it does now than to what is usual. */
function onsetOf({ series, closest }: Finding, window: Window): number {
  const { usual = 0, now = 0 } = closest ?? {};
  const at = series.times.findIndex((time, i) => {
    const value = series.values[i] ?? usual;
    return time >= window.from && Math.abs(value - now) <= Math.abs(value - usual);
  });
  return series.times[at] ?? window.from;
}

function floorTo(value: number, step: number): number {
  return Math.floor(value / step) * step;
}
