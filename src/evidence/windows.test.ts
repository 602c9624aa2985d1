import { expect, it } from "vitest";
import { frameAround } from "./windows.ts";

const NOW = new Date("2026-03-01T03:00:00Z");
const MINUTE = 60_000;
const DAY = 86_400_000;
const ago = (minutes: number) => new Date(NOW.getTime() - minutes * MINUTE);

it("begins before the alert, by what its rule waited and ten minutes, and ends now", () => {
  const { now, baselines, beforeAndNow } = frameAround(ago(1), { forMs: 5 * MINUTE, now: NOW });

  expect(NOW.getTime() - now.toMs).toBeLessThan(now.stepMs);
  expect((ago(1).getTime() - now.fromMs) / MINUTE).toBeCloseTo(15, 0);
  expect(baselines.before.toMs).toBe(now.fromMs - now.stepMs);
  expect(now.fromMs - baselines.before.fromMs).toBe(4 * (now.toMs - now.fromMs));
  expect(beforeAndNow).toEqual({ ...now, fromMs: baselines.before.fromMs });
  expect(baselines.yesterday.toMs).toBe(now.toMs + 30 * MINUTE - DAY);
  expect(baselines.last_week.fromMs).toBe(now.fromMs - 30 * MINUTE - 7 * DAY);
});

it.each([
  ["now", 0, 0],
  ["a day ago", 24 * 60, 0],
  ["a month ago", 30 * 24 * 60, 0],
  ["in an hour, by a clock that is wrong", -60, 0],
  ["with a rule that waits for three days", 1, 3 * DAY],
])("stays small enough, and on one grid, for an alert of %s", (_, minutes, forMs) => {
  const { now, beforeAndNow, baselines } = frameAround(ago(minutes), { forMs, now: NOW });
  const points = ({ fromMs, toMs, stepMs }: typeof now) => (toMs - fromMs) / stepMs + 1;

  expect(now.toMs).toBeGreaterThan(now.fromMs);
  expect(now.toMs).toBeLessThanOrEqual(NOW.getTime());
  for (const window of [beforeAndNow, ...Object.values(baselines)]) {
    expect(points(window)).toBeLessThan(500);
    expect(window.fromMs % 1_000).toBe(0);
  }
  expect(now.fromMs % now.stepMs).toBe(0);
});
