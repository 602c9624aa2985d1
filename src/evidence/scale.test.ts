import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Unit } from "./graph.ts";
import { daysOf, readable, timeTicks, valueScale } from "./scale.ts";

const GIB = 2 ** 30;

describe("a value in its unit", () => {
  it.each<[Unit, number, string]>([
    ["percent", 97.34, "97.3 %"],
    ["ratio", 0.9734, "97.3 %"],
    ["bytes", 0, "0 B"],
    ["bytes", 1536, "1.5 KiB"],
    ["bytes", 3.44 * GIB, "3.44 GiB"],
    ["bytes_per_second", 57.9 * 2 ** 20, "57.9 MiB/s"],
    ["seconds", 0.00042, "420 µs"],
    ["seconds", 0.35, "350 ms"],
    ["seconds", 90, "90 s"],
    ["seconds", 7200, "2 h"],
    ["seconds", 9 * 86_400, "9 d"],
    ["per_second", 1450, "1.45 k/s"],
    ["number", 1, "1"],
    ["number", -2_500_000, "-2.5 M"],
    ["number", Number.POSITIVE_INFINITY, "∞"],
    ["number", Number.NaN, "not a number"],
  ])("%s %d is %s", (unit, value, text) => {
    expect(readable(value, unit)).toBe(text);
  });
});

describe("the axis of values", () => {
  it.each<[string, Unit, number[], string[]]>([
    ["never beyond all there is", "percent", [15, 99.4], ["0 %", "25 %", "50 %", "75 %", "100 %"]],
    [
      "in one size of bytes",
      "bytes",
      [0, 1.4 * GIB],
      ["0", "0.5 GiB", "1 GiB", "1.5 GiB", "2 GiB"],
    ],
    [
      "near values far from zero",
      "bytes",
      [40.02 * GIB, 40.09 * GIB],
      ["40 GiB", "40.025 GiB", "40.05 GiB", "40.075 GiB", "40.1 GiB"],
    ],
    [
      "longer times as a clock counts",
      "seconds",
      [0, 1700],
      ["0", "10 min", "20 min", "30 min", "40 min"],
    ],
    ["both sides of zero", "number", [-40, 60], ["-50", "0", "50", "100"]],
    ["one value", "number", [1], ["0", "0.5", "1", "1.5"]],
    ["nothing but zero", "ratio", [0, 0], ["0 %", "1 %", "2 %", "3 %", "4 %"]],
    ["nothing at all", "number", [], ["0", "0.25", "0.5", "0.75", "1"]],
    [
      "what is no number",
      "number",
      [Number.NaN, Number.POSITIVE_INFINITY],
      ["0", "0.25", "0.5", "0.75", "1"],
    ],
  ])("%s", (_, unit, values, labels) => {
    expect(valueScale(values, unit).labels).toEqual(labels);
  });

  it("holds whatever it is given, with few ticks in order that do not read alike", () => {
    const units = fc.constantFrom<Unit>(
      "bytes",
      "bytes_per_second",
      "percent",
      "ratio",
      "seconds",
      "per_second",
      "number",
    );
    const value = fc
      .double({ min: -1e12, max: 1e12, noNaN: true })
      .filter((one) => one === 0 || Math.abs(one) > 1e-6);
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 30 }), units, (values, unit) => {
        const { min, max, ticks } = valueScale(values, unit);

        // A hair's breadth is not worth another tick.
        const hair = 1e-6 * (max - min);

        expect(min).toBeLessThanOrEqual(Math.min(...values) + hair);
        expect(max).toBeGreaterThanOrEqual(Math.max(...values) - hair);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(8);
        expect([...ticks].sort((a, b) => a - b)).toEqual(ticks);
      }),
      { examples: [[[-999999999999.9982, -999999999999.9989], "bytes"]] },
    );
  });
});

describe("the axis of time", () => {
  const at = (text: string) => Date.parse(text);

  it.each<[string, string, string, string, string[]]>([
    [
      "an hour",
      "2026-11-20T02:10:00Z",
      "2026-11-20T03:10:00Z",
      "UTC",
      ["02:15", "02:30", "02:45", "03:00"],
    ],
    [
      "the zone's own clock",
      "2026-11-20T02:10:00Z",
      "2026-11-20T14:10:00Z",
      "Asia/Kolkata",
      ["09:00", "12:00", "15:00", "18:00"],
    ],
    [
      "seconds",
      "2026-11-20T02:10:00Z",
      "2026-11-20T02:10:20Z",
      "UTC",
      ["02:10:00", "02:10:05", "02:10:10", "02:10:15", "02:10:20"],
    ],
    ["days", "2026-11-18T12:00:00Z", "2026-11-21T12:00:00Z", "UTC", ["19 Nov", "20 Nov", "21 Nov"]],
  ])("%s", (_, from, to, zone, labels) => {
    expect(timeTicks({ fromMs: at(from), toMs: at(to) }, zone).labels).toEqual(labels);
  });

  it("says which day it is, and whose clock", () => {
    const span = { fromMs: at("2026-11-20T22:30:00Z"), toMs: at("2026-11-20T23:30:00Z") };

    expect(daysOf(span, "UTC")).toBe("Fri 20 Nov, UTC");
    expect(daysOf(span, "Europe/Berlin")).toBe("Fri 20 Nov to Sat 21 Nov, Europe/Berlin");
  });

  it("draws a window of no length, too", () => {
    const { ticks } = timeTicks({ fromMs: 1000, toMs: 1000 }, "UTC");

    expect(ticks.length).toBeLessThanOrEqual(1);
  });
});
