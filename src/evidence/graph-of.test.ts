import { describe, expect, it } from "vitest";
import type { Graph, Unit } from "./graph.ts";
import { graphOf } from "./graph-of.ts";
import type { Measurement, Point, Series } from "./measurement.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2026-11-20T02:00:00Z");
const points = (value: (i: number) => number, shift = 0): Point[] =>
  Array.from({ length: 61 }, (_, i) => [NOW + i * 60_000 - shift, value(i)]);
const aSeries = (over: Partial<Series> = {}): Series => ({
  labels: { instance: "web-01" },
  now: points(() => 1),
  baselines: { before: [], yesterday: [], last_week: [] },
  ...over,
});
const aMeasurement = (over: Partial<Measurement> = {}): Measurement => ({
  role: "rule",
  title: "Load",
  query: "node_load1",
  type: "gauge",
  unit: null,
  window: { fromMs: NOW, toMs: NOW + 3_600_000, stepMs: 60_000 },
  alertAtMs: NOW + 1_800_000,
  threshold: null,
  series: [aSeries()],
  seriesTotal: 1,
  missing: {},
  warnings: [],
  ...over,
});
const story = { title: "Load", alert: null, marks: [], timeZone: "UTC" };
const drawn = (over: Partial<Measurement> = {}): Graph => graphOf(aMeasurement(over), story);

it.each<[Unit, string, string | null]>([
  ["number", "node_load1", null],
  ["bytes", "node_filesystem_avail_bytes", "bytes"],
  ["bytes_per_second", "rate(node_network_receive_bytes_total[5m])", "bytes"],
  ["per_second", "sum(rate(http_requests_total[5m]))", null],
  ["percent", '100 - avg(rate(node_cpu_seconds_total{mode="idle"}[1m])) * 100', "seconds"],
  ["percent", "node_filesystem_avail_bytes / node_filesystem_size_bytes * 100", "bytes"],
  ["ratio", "node_filesystem_avail_bytes / node_filesystem_size_bytes", "bytes"],
  ["ratio", "rate(process_cpu_seconds_total[1m])", "seconds"],
  [
    "seconds",
    "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
    "seconds",
  ],
  [
    "seconds",
    "rate(http_request_duration_seconds_sum[5m]) / rate(http_request_duration_seconds_count[5m])",
    "seconds",
  ],
])("reads %s from %s", (unit, query, said) => {
  expect(drawn({ query, unit: said }).unit).toBe(unit);
});

it("takes a quotient that is no share for a plain number", () => {
  const series = [aSeries({ now: points(() => 37) })];

  expect(drawn({ query: "node_load1 / cores", series }).unit).toBe("number");
});

describe("names", () => {
  it("a single series by where it is", () => {
    expect(drawn().series.map(({ name }) => name)).toEqual(["web-01"]);
  });

  it("several by what tells them apart", () => {
    const of = (device: string) => aSeries({ labels: { instance: "web-01", job: "node", device } });

    expect(drawn({ series: [of("sda"), of("sdb")] }).series.map(({ name }) => name)).toEqual([
      "sda",
      "sdb",
    ]);
  });
});

describe("what was usual", () => {
  const before = points((i) => i, 3_600_000);

  it("is all of the time before, but for its extremes", () => {
    const series = [aSeries({ baselines: { before, yesterday: [], last_week: [] } })];

    expect(drawn({ series }).usual).toEqual({
      from: "before",
      points: [
        [NOW, 3, 57],
        [NOW + 3_600_000, 3, 57],
      ],
    });
  });

  it("is rather the same time yesterday and last week, moved onto this one", () => {
    const baselines = {
      before,
      yesterday: points((i) => 10 + i, DAY),
      last_week: points((i) => 20 + i, 7 * DAY),
    };
    const usual = drawn({ series: [aSeries({ baselines })] }).usual;

    expect(usual?.from).toBe("yesterday, last week");
    const [first, , last] = [usual?.points[0], null, usual?.points.at(-1)];
    expect(first?.[0]).toBe(NOW);
    expect(first?.[1]).toBeGreaterThanOrEqual(10);
    expect(first?.[2]).toBeLessThanOrEqual(24);
    expect(last?.[2]).toBe(80);
  });

  it("is not there where there is too little of it", () => {
    const baselines = { before: before.slice(0, 3), yesterday: [], last_week: [] };

    expect(drawn({ series: [aSeries({ baselines })] }).usual).toBeNull();
    expect(drawn({ series: [] }).usual).toBeNull();
  });
});

it("goes on to the last point that is known", () => {
  const later: Point = [NOW + 4_000_000, 1];
  const series = [aSeries({ now: [...points(() => 1), later] })];

  expect(drawn({ series }).toMs).toBe(NOW + 4_000_000);
});
