/**
 * The four signals (latency, errors, traffic, saturation), made of the metrics that exist around an alert. Nothing here
 * asks for a metric that Prometheus has not named.
 */

export type SignalName = "latency" | "errors" | "traffic" | "saturation";

/** A metric that has series around the alert. */
export interface Metric {
  readonly name: string;
  /** How many series it has there. */
  readonly count: number;
  readonly type: string | null;
  readonly unit: string | null;
}

export interface SignalQuery {
  readonly signal: SignalName;
  readonly title: string;
  readonly query: string;
  readonly unit: string | null;
}

interface Around {
  /** Without braces. */
  readonly selector: string;
  /** Of a rate: `4m`. */
  readonly range: string;
  /** The label that carries the status of a request, of the counters that have one. */
  readonly statusLabels: ReadonlyMap<string, string>;
}

const LATENCY = /(?:duration|latency|response_time|rtt|lag).*_(?:seconds|milliseconds|ms)$/;
const FAILED =
  /(?:error|fail|timeout|timed_out|reject|drop|discard|retransmi|oom|throttled)[a-z]*(?:_[a-z_]+)?$/;
const REQUESTS =
  /(?:requests?|queries|commands|transactions|messages|received|responses)(?:_processed|_handled)?_total$/;
const BYTES = /(?:receive|transmit|received|sent|read|written|reads|writes)_bytes_total$/;
const FLAG_OF_FAILURE = /^(?:up|probe_success)$|_up$/;

/** A pair of metrics that say how much is left of how much. */
const SHARES: readonly (readonly [left: RegExp, whole: string, title: string])[] = [
  [/^(.*)MemAvailable_bytes$/, "$1MemTotal_bytes", "Share of memory used"],
  [/^(.*filesystem)_avail_bytes$/, "$1_size_bytes", "Share of the disk used"],
];
const PRESSURE = /pressure_(?:cpu|memory|io)_waiting_seconds_total$/;
const QUEUE =
  /(?:queue_(?:length|size|depth)|queued|pending|in_flight|backlog|waiting|saturation)(?:_[a-z]+)?$/;

export function signalQueries(metrics: readonly Metric[], around: Around): SignalQuery[] {
  const names = new Map(metrics.map((metric) => [metric.name, metric]));
  return [
    ...metrics.flatMap((metric) => latency(metric, names, around)),
    ...metrics.flatMap((metric) => errors(metric, around)),
    ...metrics.flatMap((metric) => traffic(metric, around)),
    ...metrics.flatMap((metric) => saturation(metric, names, around)),
  ];
}

/** Counters of requests, whose status label is worth asking for. */
export function requestCounters(metrics: readonly Metric[]): string[] {
  return metrics.filter(({ name }) => REQUESTS.test(name)).map(({ name }) => name);
}

export const STATUS_LABELS = ["code", "status", "status_code", "http_code", "response_code"];

function latency(
  metric: Metric,
  names: ReadonlyMap<string, Metric>,
  { selector, range }: Around,
): SignalQuery[] {
  const { name } = metric;
  const of = (query: string, title: string): SignalQuery[] => [
    { signal: "latency", title, query, unit: name.includes("milli") ? "milliseconds" : "seconds" },
  ];
  const base = name.replace(/_bucket$/, "");
  if (name.endsWith("_bucket") && LATENCY.test(base)) {
    const rate = `sum by (le) (rate(${name}{${selector}}[${range}]))`;
    return of(`histogram_quantile(0.95, ${rate})`, `p95 of ${base}`);
  }
  if (!LATENCY.test(name) || /_(?:sum|count|total)$/.test(name)) return [];
  if (names.has(`${name}_bucket`)) return [];
  // Without buckets of its own a histogram is a native one.
  if (metric.type === "histogram") {
    const rate = `sum(rate(${name}{${selector}}[${range}]))`;
    return of(`histogram_quantile(0.95, ${rate})`, `p95 of ${name}`);
  }
  if (metric.type === "summary") {
    return names.has(`${name}_sum`) && names.has(`${name}_count`)
      ? of(
          `sum(rate(${name}_sum{${selector}}[${range}])) / sum(rate(${name}_count{${selector}}[${range}]))`,
          `mean of ${name}`,
        )
      : [];
  }
  return metric.type === "counter" ? [] : of(`max(${name}{${selector}})`, name);
}

function errors({ name, type }: Metric, { selector, range, statusLabels }: Around): SignalQuery[] {
  const status = statusLabels.get(name);
  if (status !== undefined) {
    const all = `sum(rate(${name}{${selector}}[${range}]))`;
    const bad = `sum(rate(${name}{${selector}, ${status}=~"5.."}[${range}]))`;
    return [
      {
        signal: "errors",
        title: `share of ${name} with a status of 5xx`,
        // Without a single failure there is no such series yet.
        query: `(${bad} or vector(0)) / ${all}`,
        unit: "ratio",
      },
    ];
  }
  if (FLAG_OF_FAILURE.test(name)) {
    return [{ signal: "errors", title: name, query: `min(${name}{${selector}})`, unit: null }];
  }
  const base = name.replace(/_total$/, "");
  if (!FAILED.test(base) || (type !== "counter" && !name.endsWith("_total"))) return [];
  return [
    {
      signal: "errors",
      title: `${name} a second`,
      query: `sum(rate(${name}{${selector}}[${range}]))`,
      unit: null,
    },
  ];
}

function traffic({ name, unit }: Metric, { selector, range }: Around): SignalQuery[] {
  if (!REQUESTS.test(name) && !BYTES.test(name)) return [];
  return [
    {
      signal: "traffic",
      title: `${name} a second`,
      query: `sum(rate(${name}{${selector}}[${range}]))`,
      unit: unit ?? (BYTES.test(name) ? "bytes" : null),
    },
  ];
}

function saturation(
  { name, type }: Metric,
  names: ReadonlyMap<string, Metric>,
  { selector, range }: Around,
): SignalQuery[] {
  const of = (query: string, title: string, unit: string | null): SignalQuery[] => [
    { signal: "saturation", title, query, unit },
  ];
  if (/_cpu_seconds_total$/.test(name) && name.startsWith("node_")) {
    const idle = `rate(${name}{${selector}, mode="idle"}[${range}])`;
    return of(`1 - avg without (cpu, mode) (${idle})`, "share of the processors in use", "ratio");
  }
  if (/_cpu_(?:usage_)?seconds_total$/.test(name)) {
    return of(`sum(rate(${name}{${selector}}[${range}]))`, `processor time by ${name}`, "cores");
  }
  for (const [left, whole, title] of SHARES) {
    const other = left.test(name) ? name.replace(left, whole) : "";
    if (names.has(other)) {
      return of(`1 - ${name}{${selector}} / ${other}{${selector}}`, title.toLowerCase(), "ratio");
    }
  }
  if (PRESSURE.test(name)) {
    return of(`max(rate(${name}{${selector}}[${range}]))`, `share of time in ${name}`, "ratio");
  }
  return QUEUE.test(name) && type !== "counter" && !name.endsWith("_total")
    ? of(`max(${name}{${selector}})`, name, null)
    : [];
}
