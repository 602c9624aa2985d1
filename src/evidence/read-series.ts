import type { Series } from "./series.ts";

/** As Prometheus writes them in a matrix: seconds since 1970 and the value, mostly as text. */
export type RawPoint = readonly [time: number, value: string | number];

type Labels = Readonly<Record<string, string>>;

/** A week at every half minute. What is beyond it is the oldest, and goes. */
const MOST_POINTS = 20_000;

/** Takes what it gets: out of order, twice, NaN, infinite, empty. What was odd stands in `remarks`. */
export function readSeries(id: string, labels: Labels, raw: readonly RawPoint[]): Series {
  const byTime = new Map<number, number>();
  let [wrong, twice, unordered, last] = [0, 0, 0, Number.NEGATIVE_INFINITY];
  for (const [time, text] of raw) {
    const value = numberOf(text);
    if (!Number.isFinite(time) || !Number.isFinite(value)) {
      wrong++;
      continue;
    }
    if (byTime.has(time)) twice++;
    if (time < last) unordered++;
    last = time;
    byTime.set(time, value);
  }
  const all = [...byTime].sort(([a], [b]) => a - b);
  const points = all.slice(-MOST_POINTS);
  const remarks = [
    points.length === 0 ? "it has no values" : null,
    wrong > 0 ? `${wrong} of ${raw.length} points are no finite numbers` : null,
    twice > 0 ? `${twice} points came twice, the last one counts` : null,
    unordered > 0 ? "its points were out of order" : null,
    all.length > MOST_POINTS ? `only the last ${MOST_POINTS} points are used` : null,
  ].filter((remark) => remark !== null);
  return columns(id, labels, points, remarks);
}

/** An empty text is no zero. */
function numberOf(value: string | number): number {
  return typeof value === "number" || value.trim() !== "" ? Number(value) : Number.NaN;
}

/** A counter by the second, as `rate` sees it: a value below the one before is a restart from 0. */
export function perSecond(counter: Series): Series {
  const points: [number, number][] = [];
  let resets = 0;
  for (let i = 1; i < counter.times.length; i++) {
    const [before = 0, now = 0] = [counter.values[i - 1], counter.values[i]];
    const [since = 0, time = 0] = [counter.times[i - 1], counter.times[i]];
    if (now < before) resets++;
    points.push([time, (now < before ? now : now - before) / (time - since)]);
  }
  const remarks = resets === 0 ? [] : [`the counter began anew ${times(resets)}`];
  return columns(counter.id, counter.labels, points, [...counter.remarks, ...remarks]);
}

/**
 * Puts together what is one series under several names, as a pod has a new one after each restart: those alike in every label but
 * the ones given. Where they overlap it takes the sum, for then they are replicas; so give it gauges and rates, no counters.
 */
export function joinRenamed(series: readonly Series[], passing: readonly string[]): Series[] {
  const groups = new Map<string, Series[]>();
  for (const one of series) {
    const lasting = Object.entries(one.labels).filter(([name]) => !passing.includes(name));
    const key = JSON.stringify(lasting.sort(([a], [b]) => (a < b ? -1 : 1)));
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group) => {
    const [first, ...more] = group;
    if (first === undefined || more.length === 0) return first ?? columns("", {}, [], []);
    const sums = new Map<number, number>();
    for (const { times: at, values } of group) {
      at.forEach((time, i) => {
        sums.set(time, (sums.get(time) ?? 0) + (values[i] ?? 0));
      });
    }
    const labels = Object.fromEntries(
      Object.entries(first.labels).filter(([name]) => !passing.includes(name)),
    );
    const remarks = [...new Set(group.flatMap((one) => one.remarks))];
    return columns(
      first.id,
      labels,
      [...sums].sort(([a], [b]) => a - b),
      [...remarks, `put together from ${group.length} series`],
    );
  });
}

/**
 * What a call loses between its two ends: how long it took its caller, less how long it took the one that was called. The two
 * sides are measured at slightly different moments; those nearest to each other, and no further apart than `within`, belong together.
 */
export function edgeDelay(byCaller: Series, byCallee: Series, within: number): Series {
  const points: [number, number][] = [];
  let near = 0;
  byCaller.times.forEach((time, i) => {
    const gap = (at: number) => Math.abs((byCallee.times[at] ?? Number.POSITIVE_INFINITY) - time);
    while (gap(near + 1) <= gap(near) && near + 1 < byCallee.times.length) near++;
    if (gap(near) > within) return;
    points.push([time, (byCaller.values[i] ?? 0) - (byCallee.values[near] ?? 0)]);
  });
  const remarks = [...new Set([...byCaller.remarks, ...byCallee.remarks])];
  return columns(byCaller.id, byCaller.labels, points, remarks);
}

function columns(
  id: string,
  labels: Labels,
  points: readonly (readonly [number, number])[],
  remarks: readonly string[],
): Series {
  return {
    id,
    labels,
    times: Float64Array.from(points, ([time]) => time),
    values: Float64Array.from(points, ([, value]) => value),
    remarks,
  };
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
