import { signalOf } from "./signal.ts";
import type { Metric } from "./signals.ts";

/** Of what exists around an alert, what is worth comparing with its past. */

const MOST_SERIES = 300;
/** A metric with more is a table of its own; what it comes to, the signals ask for. A namespace has dozens of services. */
const MOST_OF_A_METRIC = 100;
/** What exporters tell of themselves, and what never changes or changes by itself. */
const NOISE =
  /^(?:go|promhttp|scrape|prometheus|net_conntrack|python|nodejs_version|ALERTS)(?:_|$)|_(?:bucket|created|info|version|quantile)$|^node_scrape_collector_|_scrape_|(?:time|timestamp|start|boot)_seconds$|last_seen$/;

export interface Chosen {
  readonly metrics: readonly Metric[];
  /** How many were left out for being too many. */
  readonly leftOut: number;
}

/**
 * Recording rules first: somebody found them worth a name. Then what is known to tell how a service does, and of that
 * what has the fewest series, so that more kinds fit in.
 */
export function chooseRelated(metrics: readonly Metric[]): Chosen {
  const wanted = metrics
    .filter(({ name, count }) => !NOISE.test(name) && count > 0)
    .sort(
      (a, b) =>
        Number(isRecorded(b)) - Number(isRecorded(a)) ||
        Number(isKnown(b)) - Number(isKnown(a)) ||
        a.count - b.count ||
        (a.name < b.name ? -1 : 1),
    );
  let series = 0;
  const fitting = wanted.filter(({ count }) => {
    const fits = count <= MOST_OF_A_METRIC && series + count <= MOST_SERIES;
    if (fits) series += count;
    return fits;
  });
  return { metrics: fitting, leftOut: wanted.length - fitting.length };
}

/** What only grows means nothing as it is; metadata says so, or the name does. */
export function isCounter({ name, type }: Pick<Metric, "name" | "type">): boolean {
  if (isRecorded({ name })) return false;
  return type === "counter" || /_(?:total|sum|count)$/.test(name);
}

function isKnown({ name }: Metric): boolean {
  return signalOf(name).kind !== "other";
}

function isRecorded({ name }: Pick<Metric, "name">): boolean {
  return name.includes(":");
}
