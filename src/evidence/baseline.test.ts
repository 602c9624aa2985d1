import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compare, SOMEWHERE, THROUGHOUT, usualBaselines } from "./baseline.ts";
import { MOST, stretchesOf } from "./deviation.ts";
import { readSeries } from "./read-series.ts";
import { sayFinding } from "./say-finding.ts";
import type { Signal } from "./signal.ts";
import { signal } from "./signal.ts";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = { from: 0, to: 15 * MINUTE };

/** A point a minute, from some days ago until the window's end. */
function series(days: number, valueAt: (time: number) => number) {
  const length = (days * DAY + NOW.to) / MINUTE + 1;
  return readSeries(
    "s",
    {},
    Array.from({ length }, (_, i) => {
      const time = i * MINUTE - days * DAY;
      return [time, valueAt(time)] as const;
    }),
  );
}

function look(given: ReturnType<typeof series>, as: Signal = signal("other", null)) {
  return compare(given, as, { window: NOW, baselines: usualBaselines(NOW), lasts: SOMEWHERE });
}

const wave = (time: number) => 100 + 3 * Math.sin(time / 100);
const during = (time: number) => time >= NOW.from;

describe("an excursion", () => {
  it("counts upwards and downwards, against all three baselines", () => {
    const up = look(series(8, (time) => (during(time) ? 300 : wave(time))));
    const down = look(series(8, (time) => (during(time) ? 0 : wave(time))));

    expect(up.score).toBeGreaterThan(15);
    expect(down.score).toBeLessThan(-9);
    expect(up.comparisons.map(({ baseline }) => baseline)).toEqual([
      "before",
      "yesterday",
      "last week",
    ]);
    expect(up.missing).toEqual([]);
  });

  it("is no news when it also happened yesterday: the least deviation counts", () => {
    const daily = look(
      series(8, (time) => (((time % DAY) + DAY) % DAY <= 20 * MINUTE ? 300 : wave(time))),
    );

    expect(daily.comparisons[0]?.score).toBeGreaterThan(15);
    expect(Math.abs(daily.score)).toBeLessThan(5);
  });

  it("is none between two baselines, above the one and below the other", () => {
    const between = look(
      series(8, (time) => (during(time) ? 200 : time < -HOUR - 15 * MINUTE ? 400 : wave(time))),
    );

    expect(between.comparisons.map(({ score }) => Math.sign(score))).toEqual([1, -1, -1]);
    expect(between.score).toBe(0);
  });

  it("needs two points that agree", () => {
    const one = look(series(8, (time) => (time === 5 * MINUTE ? 1e6 : wave(time))));
    const fifth = look(series(8, (time) => (during(time) && time < 4 * MINUTE ? 1e6 : wave(time))));

    expect(Math.abs(one.score)).toBeLessThan(5);
    expect(fifth.score).toBeGreaterThan(5);
  });

  it("of one point is believed nowhere, whatever the window", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(), (size, at) => {
        const values = new Float64Array(size);
        values[at % size] = 1e9;

        const { high, low } = stretchesOf(values, SOMEWHERE) ?? {};

        expect(high).toBeLessThanOrEqual(0);
        expect(low).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("has to last the window out where the window is asked for", () => {
    const half = series(8, (time) => (time > NOW.to - 4 * MINUTE ? 1e6 : wave(time)));
    const asked = { window: NOW, baselines: usualBaselines(NOW), lasts: THROUGHOUT };

    expect(compare(half, signal("other", null), asked).score).toBeLessThan(2);
  });

  it("is found when it is noticed late: a fifth of what was before belongs to it already", () => {
    const late = look(series(8, (time) => (time >= -12 * MINUTE ? 300 : wave(time))));

    expect(late.score).toBeGreaterThan(5);
  });
});

it.each<[string, Signal, number, number, boolean]>([
  ["half a percent of one core", signal("processor", "percent"), 0.01, 0.5, false],
  ["a whole core", signal("processor", "percent"), 0.01, 100, true],
  ["a quarter of a millisecond", signal("latency", "seconds"), 0.00005, 0.0003, false],
  ["a second", signal("latency", "seconds"), 0.05, 1, true],
  ["0.05 % of requests that fail", signal("availability", "percent"), 100, 99.95, false],
  ["0.5 % of requests that fail", signal("availability", "percent"), 100, 99.5, true],
  ["a mebibyte", signal("memory", "bytes"), 2 ** 20, 2 ** 21, false],
  ["half a gibibyte", signal("memory", "bytes"), 2 ** 20, 2 ** 29, true],
])("%s more on a flat line stands out as its kind wants it", (_, as, before, now, standsOut) => {
  const { score } = look(
    series(8, (time) => (during(time) ? now : before)),
    as,
  );

  expect(Math.abs(score) >= 5).toBe(standsOut);
});

describe("says what it could not compare:", () => {
  it("a young series", () => {
    const young = look(series(0.2, wave));

    expect(young.missing).toEqual(["yesterday", "last week"]);
    expect(sayFinding(young)).toContain("nothing to compare with: yesterday, last week");
  });

  it.each<[string, ReturnType<typeof series>]>([
    ["empty", readSeries("s", {}, [])],
    ["one point", readSeries("s", {}, [[0, 1]])],
    [
      "nothing in the window",
      readSeries("s", {}, [
        [-60, 1],
        [-120, 1],
      ]),
    ],
    [
      "nothing before it",
      readSeries("s", {}, [
        [60, 1],
        [120, 1],
      ]),
    ],
    [
      "only NaN",
      readSeries("s", {}, [
        [60, "NaN"],
        [120, "NaN"],
      ]),
    ],
    ["too sparse", series(8, wave)],
  ])("%s", (name, given) => {
    const sparse =
      name === "too sparse"
        ? readSeries("s", {}, [
            [-9e4, 1],
            [-60, 1],
            [9, 2],
            [60, 2],
          ])
        : given;

    const finding = look(sparse);

    expect(finding.score).toBe(0);
    expect(finding.missing).toEqual(["before", "yesterday", "last week"]);
    expect(sayFinding(finding)).toMatch(/^s: too few points/);
  });
});

it("is silent on a flat line, and has a highest score for one that leaves it", () => {
  expect(look(series(8, () => 0)).score).toBe(0);
  expect(look(series(8, (time) => (during(time) ? 1 : 0))).score).toBe(MOST);
  expect(look(series(8, (time) => (during(time) ? -1 : 0))).score).toBe(-MOST);
});

it("says a finding so that a card can print it", () => {
  const memory = look(
    series(8, (time) => (during(time) ? 400 * 2 ** 20 : 100 * 2 ** 20)),
    signal("memory", "bytes"),
  );

  expect(sayFinding(memory)).toBe("s: 100 MiB → 400 MiB, 38 spreads above before");
});

it("scores any numbers at all, the same in any unit that has no floor", () => {
  const numbers = fc.array(fc.double({ noNaN: true }), { minLength: 40, maxLength: 80 });
  const kind = signal("other", null);
  const baselines = [{ name: "before", windows: [{ from: -1e4, to: -1 }] }];
  const asked = { window: { from: 0, to: 1e4 }, baselines, lasts: SOMEWHERE };
  const given = (values: readonly number[], factor: number) =>
    compare(
      readSeries(
        "s",
        {},
        values.map((value, i) => [i - 30, value * factor] as const),
      ),
      kind,
      asked,
    );
  fc.assert(
    fc.property(numbers, (values) => {
      const { score } = given(values, 1);
      expect(Math.abs(score)).toBeLessThanOrEqual(MOST);
      expect(sayFinding(given(values, 1))).not.toMatch(/NaN|undefined/);
    }),
  );
  const ordinary = fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 40, maxLength: 80 });
  fc.assert(
    fc.property(ordinary, fc.integer({ min: -20, max: 20 }), (values, power) => {
      expect(given(values, 2 ** power).score).toBeCloseTo(given(values, 1).score, 9);
    }),
  );
});
