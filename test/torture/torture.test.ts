import { expect, it } from "vitest";
import { torture } from "./torture.ts";

const LONGEST_MS = 150_000;

it("P3 P9 P10 T57 killed over and over, at named points and at any moment, it loses no alert and runs nothing twice or unapproved", async () => {
  const seed = Date.now() % 1_000_000;
  const { points, ...figures } = await torture({
    rounds: 1,
    seed,
    withinMs: LONGEST_MS,
    say: () => undefined,
  });
  const reached = [...points.values()].filter((times) => times > 0).length;

  expect(figures, `npm run torture -- --seed ${seed}`).toMatchObject({
    alertsLost: 0,
    doubleExecutions: 0,
    unapprovedExecutions: 0,
    wrong: [],
  });
  // A torture in which little happened would prove nothing.
  expect(figures.kills).toBeGreaterThan(15);
  expect(figures.executions).toBeGreaterThan(5);
  expect(figures.recordsVerified).toBeGreaterThan(figures.kills);
  expect(reached).toBeGreaterThan(15);
}, 400_000);
