import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RawPoint } from "./read-series.ts";
import { edgeDelay, joinRenamed, perSecond, readSeries } from "./read-series.ts";
import { valuesIn } from "./series.ts";

const read = (points: readonly RawPoint[], labels = {}) => readSeries("s", labels, points);

describe("reads what Prometheus sends, and says what was odd:", () => {
  it.each<[string, readonly RawPoint[], number[], string[]]>([
    ["nothing", [], [], ["it has no values"]],
    ["text", [[1, "2.5"]], [2.5], []],
    [
      "NaN and infinities",
      [
        [1, "NaN"],
        [2, "+Inf"],
        [3, "-Inf"],
        [4, "4"],
      ],
      [4],
      ["3 of 4 points are no finite numbers"],
    ],
    [
      "no text at all",
      [
        [1, ""],
        [2, " "],
      ],
      [],
      ["it has no values", "2 of 2 points are no finite numbers"],
    ],
    [
      "out of order",
      [
        [3, 3],
        [1, 1],
        [2, 2],
      ],
      [1, 2, 3],
      ["its points were out of order"],
    ],
    [
      "a point twice",
      [
        [1, 1],
        [1, 7],
      ],
      [7],
      ["1 points came twice, the last one counts"],
    ],
    [
      "a time that is none",
      [
        [Number.NaN, 1],
        [2, 2],
      ],
      [2],
      ["1 of 2 points are no finite numbers"],
    ],
    [
      "a constant",
      [
        [1, 5],
        [2, 5],
      ],
      [5, 5],
      [],
    ],
  ])("%s", (_, points, values, remarks) => {
    const series = read(points);

    expect([...series.values]).toEqual(values);
    expect(series.remarks).toEqual(remarks);
  });

  it("more points than anybody can use: the oldest go", () => {
    const series = read(Array.from({ length: 20_001 }, (_, i) => [i, i] as const));

    expect([series.values.length, series.values[0]]).toEqual([20_000, 1]);
    expect(series.remarks).toEqual(["only the last 20000 points are used"]);
  });

  it("anything: finite values in strict order of time", () => {
    const raw = fc.tuple(fc.double(), fc.oneof(fc.double(), fc.string()));
    fc.assert(
      fc.property(fc.array(raw), (points) => {
        const { times, values } = read(points);

        expect(times.length).toBe(values.length);
        expect(values.every(Number.isFinite)).toBe(true);
        expect(times.every((time, i) => i === 0 || time > (times[i - 1] ?? 0))).toBe(true);
      }),
    );
  });
});

it("gives the values of a window, both ends included", () => {
  const series = read([1, 2, 3, 4, 5].map((time) => [time, time] as const));

  expect([...valuesIn(series, { from: 2, to: 4 })]).toEqual([2, 3, 4]);
  expect([...valuesIn(series, { from: 6, to: 9 })]).toEqual([]);
  expect([...valuesIn(series, { from: 4, to: 2 })]).toEqual([]);
});

it("takes a counter that falls for one that began anew", () => {
  const rate = perSecond(
    read([
      [0, 100],
      [10, 200],
      [20, 30],
      [40, 50],
    ]),
  );

  expect([...rate.values]).toEqual([10, 3, 1]);
  expect([...rate.times]).toEqual([10, 20, 40]);
  expect(rate.remarks).toEqual(["the counter began anew once"]);
});

it("puts a series together that was renamed in the middle, and adds replicas", () => {
  const old = read(
    [
      [1, 10],
      [2, 11],
    ],
    { service: "a", pod: "a-1" },
  );
  const young = read(
    [
      [2, 4],
      [3, 12],
    ],
    { pod: "a-2", service: "a" },
  );
  const other = read([[1, 99]], { service: "b", pod: "b-1" });

  const [joined, alone, ...more] = joinRenamed([young, other, old], ["pod"]);

  expect([...(joined?.times ?? [])]).toEqual([1, 2, 3]);
  expect([...(joined?.values ?? [])]).toEqual([10, 15, 12]);
  expect(joined?.labels).toEqual({ service: "a" });
  expect(joined?.remarks).toEqual(["put together from 2 series"]);
  expect(alone).toBe(other);
  expect(more).toEqual([]);
});

it("subtracts the two ends of a call that are measured a second apart, and no others", () => {
  const byCaller = read([
    [0, 30],
    [60, 50],
    [120, 70],
    [500, 1],
  ]);
  const byCallee = read([
    [1, 10],
    [61, 10],
    [121, 20],
    [900, 0],
  ]);

  const delay = edgeDelay(byCaller, byCallee, 30);

  expect([...delay.times]).toEqual([0, 60, 120]);
  expect([...delay.values]).toEqual([20, 40, 50]);
  expect([...edgeDelay(byCaller, read([]), 30).values]).toEqual([]);
});
