import { describe, expect, it } from "vitest";
import { callOut } from "./call-out.ts";
import { readSeries } from "./read-series.ts";
import { sayFinding } from "./say-finding.ts";
import { signal } from "./signal.ts";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = { from: 1, to: HOUR };

/** A point a minute for so many days before the hour that is looked at, and through it. */
function called(days: number, valueAt: (time: number) => number) {
  const points = Array.from({ length: (days * DAY + HOUR) / MINUTE + 1 }, (_, i) => {
    const time = i * MINUTE - days * DAY;
    return [time, valueAt(time)] as const;
  });
  return callOut(readSeries("s", {}, points), signal("other", null), NOW);
}

const wave = (time: number) => 100 + 3 * Math.sin(time / 100);
const bursts = (time: number) =>
  Math.abs(Math.floor(time / HOUR)) % 6 === 3 ? 500 + wave(time) : wave(time);
const isLately = (time: number, minutes: number) => time > HOUR - minutes * MINUTE;

describe("a watch", () => {
  it("is silent while all is as usual, and on a flat line", () => {
    expect(called(8, wave)).toBeNull();
    expect(called(8, () => 0)).toBeNull();
  });

  it("calls out an hour that is unlike those before, yesterday and last week, up or down", () => {
    expect(called(8, (time) => (time > 0 ? 200 : wave(time)))?.score).toBeGreaterThan(1.5);
    expect(called(8, (time) => (time > 0 ? 20 : wave(time)))?.score).toBeLessThan(-1.5);
  });

  it("calls out five minutes that went beyond all of the past days, and says so", () => {
    const finding = called(8, (time) => (isLately(time, 6) ? 900 : bursts(time)));

    expect(finding && sayFinding(finding)).toMatch(
      /^s: 60\d(?:\.\d+)? → 900, .* spreads above all of the past days$/,
    );
  });

  it("is silent about a minute of it, a record by a hair, and what bursts every six hours", () => {
    expect(called(8, (time) => (isLately(time, 1) ? 900 : bursts(time)))).toBeNull();
    expect(called(8, (time) => (isLately(time, 6) ? 660 : bursts(time)))).toBeNull();
    expect(called(8, (time) => (isLately(time, 6) ? 600 : bursts(time)))).toBeNull();
  });

  it("does not call unseen what is younger than a day", () => {
    const spike = (time: number) => (isLately(time, 6) ? 900 : wave(time));

    expect(called(0.9, spike)).toBeNull();
    expect(called(1.1, spike)).not.toBeNull();
  });
});
