/** What a series tells of its service, which decides how it is judged and where it stands in a ranking. */
export interface Signal {
  readonly kind: SignalKind;
  /**
   * `inside` is what the service itself uses: where a fault begins. `outside` is what its callers feel: how it spreads.
   * `edge` is the time lost between a caller and the one it calls.
   */
  readonly side: "inside" | "outside" | "edge";
  /** Null where nobody knows; then only the share of the usual value counts as a floor. */
  readonly unit: Unit | null;
  /** The least spread to measure by: a series that hardly moves must not make a giant of a trifle. */
  readonly floor: Floor;
}

export type SignalKind =
  | "memory"
  | "disk"
  | "queue"
  | "processor"
  | "latency"
  | "failures"
  | "availability"
  | "traffic"
  | "edge delay"
  | "other";

/** The larger of the two counts. */
interface Floor {
  /** As a share of the usual value. */
  readonly relative: number;
  /** In the unit of the series. */
  readonly absolute: number;
}

export type Unit =
  | "ratio"
  | "percent"
  | "seconds"
  | "milliseconds"
  | "bytes"
  | "mebibytes"
  | "cores"
  | "millicores"
  | "count";

/** How many of the unit make the one the floors are written in: a share of one, seconds, bytes, cores, things. */
const PER_BASE: Record<Unit, number> = {
  ratio: 1,
  percent: 100,
  seconds: 1,
  milliseconds: 1_000,
  bytes: 1,
  mebibytes: 1 / 2 ** 20,
  cores: 1,
  millicores: 1_000,
  count: 1,
};

/**
 * The floors, in base units. Five of them are an excursion: 1 in 1,000 requests that fail, 10 ms, 5 % of a core, 40 MiB.
 * A share of requests that succeed has no relative floor, for a hundredth of it is already an outage.
 */
const KINDS: Record<SignalKind, Pick<Signal, "side" | "floor">> = {
  memory: { side: "inside", floor: { relative: 0.05, absolute: 8 * 2 ** 20 } },
  disk: { side: "inside", floor: { relative: 0.02, absolute: 64 * 2 ** 20 } },
  queue: { side: "inside", floor: { relative: 0.1, absolute: 2 } },
  processor: { side: "inside", floor: { relative: 0.1, absolute: 0.01 } },
  latency: { side: "outside", floor: { relative: 0.05, absolute: 0.002 } },
  failures: { side: "outside", floor: { relative: 0.05, absolute: 0.0002 } },
  availability: { side: "outside", floor: { relative: 0, absolute: 0.0002 } },
  traffic: { side: "outside", floor: { relative: 0.1, absolute: 0.1 } },
  "edge delay": { side: "edge", floor: { relative: 0, absolute: 0.002 } },
  other: { side: "outside", floor: { relative: 0.1, absolute: 0 } },
};

export function signal(kind: SignalKind, unit: Unit | null): Signal {
  const { side, floor } = KINDS[kind];
  const absolute = unit === null ? 0 : floor.absolute * PER_BASE[unit];
  return { kind, side, unit, floor: { relative: floor.relative, absolute } };
}

/** By the words that names of metrics are made of, the first that fits; units by the endings Prometheus asks for. */
const NAMES: readonly (readonly [RegExp, SignalKind])[] = [
  [/latency|duration|response_?time|(?:^|_)lat(?:_|$)|\bp\d\d\b/, "latency"],
  [/availability|success/, "availability"],
  [/error|fail|5xx|dropped|timeout/, "failures"],
  [/queue|pending|backlog|waiting|connections|inflight|in_flight|lag(?:_|$)/, "queue"],
  [/(?:^|_)load_?(?:average|\d+)/, "queue"],
  // What goes through a disk or a wire in a second, not what lies on it.
  [/(?:read|write|written)s?_(?:bytes|ops)|_io_|iops/, "traffic"],
  [
    /request|throughput|traffic|network|receive|transmit|(?:^|_)(?:ops|qps|rps|lod|load)(?:_|$)/,
    "traffic",
  ],
  [/mem(?:ory)?(?:_|$)|heap|rss|working_set/, "memory"],
  [/disk|filesystem|volume|storage/, "disk"],
  [/cpu|processor/, "processor"],
];

const UNITS: readonly (readonly [RegExp, Unit])[] = [
  [/percent|pct|%/, "percent"],
  [/(?:^|_)ratio(?:_|$)/, "ratio"],
  [/milliseconds|_ms(?:_|$)/, "milliseconds"],
  [/millicores/, "millicores"],
  [/cpu\w*_seconds|cores/, "cores"],
  [/seconds|\(s\)/, "seconds"],
  [/bytes/, "bytes"],
];

/** What the name of a metric lets one expect of it. */
export function signalOf(metric: string): Signal {
  const name = metric.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
  const kind = NAMES.find(([words]) => words.test(name))?.[1] ?? "other";
  const unit = UNITS.find(([words]) => words.test(name))?.[1] ?? null;
  return signal(kind, fits(kind, unit) ? unit : null);
}

/** A share of the memory has no floor in bytes: a unit that does not measure the kind counts as unknown. */
function fits(kind: SignalKind, unit: Unit | null): boolean {
  if (kind === "memory" || kind === "disk") return unit === "bytes" || unit === "mebibytes";
  if (kind === "latency") return unit === "seconds" || unit === "milliseconds";
  if (kind === "processor") return unit !== "bytes" && unit !== "seconds";
  if (kind === "failures" || kind === "availability") return unit === "ratio" || unit === "percent";
  return unit === null;
}
