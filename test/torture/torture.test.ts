import { expect, it } from "vitest";
import { tortureSideBySide } from "./side-by-side.ts";

/** Where the machine is too busy for a whole round, it is cut here. */
const LONGEST_MS = 300_000;

it("P3 P9 P10 T57 killed at every named point and at any moment, it loses no alert and runs nothing twice or unapproved", async () => {
  const seed = Date.now() % 1_000_000;
  const { points, ...figures } = await tortureSideBySide({
    rounds: 1,
    seed,
    withinMs: LONGEST_MS,
    say: () => undefined,
  });
  const missed = [...points].flatMap(([point, times]) => (times === 0 ? [point] : []));
  const isCut = figures.rounds === 0;

  expect(figures, `npm run torture -- --seed ${seed}`).toMatchObject({
    alertsLost: 0,
    doubleExecutions: 0,
    unapprovedExecutions: 0,
    wrong: [],
  });
  // A torture in which little happened would prove nothing.
  expect(figures.executions).toBeGreaterThan(0);
  expect(figures.recordsVerified).toBeGreaterThan(figures.kills);
  expect(missed.length).toBeLessThan(points.size);
  expect(isCut ? [] : missed).toEqual([]);
}, 900_000);
