import type { Graph, Mark } from "../../src/evidence/graph.ts";
import { graphOf } from "../../src/evidence/graph-of.ts";
import type { Measurement, Point, Threshold } from "../../src/evidence/measurement.ts";

/** What an alert looks like, by the minutes since the window began; `n` is noise between -0.5 and 0.5. */
interface Shape {
  readonly title: string;
  readonly query: string;
  readonly unit: string | null;
  readonly threshold: Threshold | null;
  readonly minutes: number;
  readonly alertAt: number;
  readonly fixAt?: number;
  readonly recoveredAt?: number;
  readonly places: readonly Readonly<Record<string, string>>[];
  readonly usual: (minute: number, n: number, place: number) => number;
  readonly now: (minute: number, n: number, place: number) => number;
  /** Whether it is compared with yesterday rather than with the time before. */
  readonly hasYesterday: boolean;
  readonly timeZone: string;
}

const FROM = Date.parse("2026-11-20T02:10:00Z");
const MINUTE = 60_000;
const DAY = 1440;
const MIB = 2 ** 20;
const GIB = 2 ** 30;
const POINTS = 240;

const byDay = (minute: number, n: number) =>
  (30 + 26 * Math.sin((minute / DAY) * 2 * Math.PI - 1.2) + 4 * n) * MIB;

const SHAPES: Readonly<Record<string, Shape>> = {
  spike: {
    title: "Processor time in use",
    query: '100 - avg(rate(node_cpu_seconds_total{mode="idle"}[1m])) * 100',
    unit: "seconds",
    threshold: { operator: ">", limit: 90 },
    minutes: 60,
    alertAt: 37,
    fixAt: 46,
    recoveredAt: 50,
    places: [{ instance: "web-01:9100" }],
    usual: (_, n) => 22 + 14 * n,
    now: (minute, n) => {
      const rises = Math.min(1, Math.max(0, (minute - 31) / 3));
      const falls = Math.min(1, Math.max(0, (49 - minute) / 3));
      return 22 + 14 * n * (1 - 0.6 * rises * falls) + 72 * rises * falls;
    },
    hasYesterday: false,
    timeZone: "UTC",
  },
  step: {
    title: "Answer time, 95th percentile",
    query:
      "histogram_quantile(0.95, sum by (le, service) (rate(http_request_duration_seconds_bucket[5m])))",
    unit: "seconds",
    threshold: { operator: ">", limit: 0.5 },
    minutes: 60,
    alertAt: 42,
    places: ["checkout", "catalogue", "cart", "search", "login"].map((service) => ({ service })),
    usual: (_, n, place) => (place === 0 ? 0.18 : 0.06 + 0.03 * place) + 0.05 * n,
    now: (minute, n, place) =>
      (place > 0 ? 0.06 + 0.03 * place : minute < 36 ? 0.18 : 0.82) + 0.05 * n,
    hasYesterday: false,
    timeZone: "UTC",
  },
  drop: {
    title: "Requests answered",
    query: "sum(rate(http_requests_total[5m]))",
    unit: null,
    threshold: { operator: "<", limit: 100 },
    minutes: 120,
    alertAt: 78,
    places: [{ instance: "shop" }],
    usual: (minute, n) => 1450 + 180 * n + 90 * Math.sin(minute / 25),
    now: (minute, n) => (minute > 70 ? 12 * (1 + n) : 1450 + 180 * n + 90 * Math.sin(minute / 25)),
    hasYesterday: true,
    timeZone: "Europe/Berlin",
  },
  drift: {
    title: "Space left on /var",
    query: 'node_filesystem_avail_bytes{mountpoint="/var"}',
    unit: "bytes",
    threshold: { operator: "<", limit: 4 * GIB },
    minutes: 720,
    alertAt: 655,
    places: [{ instance: "nas:9100" }],
    usual: (minute, n) => (24.5 - minute / 900 + 0.3 * n) * GIB,
    now: (minute, n) => (23.5 - minute / 36 + 0.15 * n) * GIB,
    hasYesterday: false,
    timeZone: "UTC",
  },
  seasonal: {
    title: "Network received",
    query: "rate(node_network_receive_bytes_total[5m])",
    unit: "bytes",
    threshold: null,
    minutes: DAY,
    alertAt: 1290,
    places: [{ instance: "proxy:9100" }],
    usual: byDay,
    now: (minute, n) => byDay(minute, n) + (minute > 1240 ? 34 * MIB : 0),
    hasYesterday: true,
    timeZone: "UTC",
  },
};

function drawnOf(shape: Shape): Graph {
  const { minutes, usual, places, timeZone, title } = shape;
  const stepMs = (minutes * MINUTE) / POINTS;
  const at = (minute: number) => FROM + minute * MINUTE;
  const line = (value: Shape["now"], place: number, shift: number): Point[] =>
    Array.from({ length: POINTS + 1 }, (_, i) => {
      const minute = (i * stepMs) / MINUTE;
      return [at(minute - shift), value(minute, noise(i + 977 * place + shift), place)];
    });
  const measurement: Measurement = {
    role: "rule",
    title,
    query: shape.query,
    type: null,
    unit: shape.unit,
    window: { fromMs: FROM, toMs: at(minutes), stepMs },
    alertAtMs: at(shape.alertAt),
    threshold: shape.threshold,
    series: places.map((labels, place) => ({
      labels,
      now: line(shape.now, place, 0),
      baselines: {
        before: line(usual, place, minutes),
        yesterday: shape.hasYesterday ? line(usual, place, DAY) : [],
        last_week: [],
      },
    })),
    seriesTotal: places.length,
    missing: {},
    warnings: [],
  };
  const recoveredMs = shape.recoveredAt === undefined ? null : at(shape.recoveredAt);
  const marks: Mark[] = [
    ...(shape.fixAt === undefined ? [] : [{ kind: "fix" as const, atMs: at(shape.fixAt) }]),
    ...(recoveredMs === null ? [] : [{ kind: "recovery" as const, atMs: recoveredMs }]),
  ];
  const alert = { fromMs: at(shape.alertAt), toMs: recoveredMs };
  return graphOf(measurement, { title, alert, marks, timeZone });
}

/** The same for the same number, so that every run draws the same. */
function noise(n: number): number {
  const x = Math.sin(n * 12.9898) * 43_758.5453;
  return x - Math.floor(x) - 0.5;
}

/** One graph of each shape that an alert has. */
export const GRAPHS: Readonly<Record<string, Graph>> = Object.fromEntries(
  Object.entries(SHAPES).map(([name, shape]) => [name, drawnOf(shape)]),
);
