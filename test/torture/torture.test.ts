import { expect, it } from "vitest";
import { CRASH_POINTS } from "../../src/crash-points.ts";
import { torture } from "./torture.ts";

/** Each is killed at its share of the points; most of a life is spent waiting, so they live side by side. */
const PROGRAMS = 3;

it("P3 P9 P10 T57 killed at every named point and at any moment, it loses no alert and runs nothing twice or unapproved", async () => {
  const seed = Date.now() % 1_000_000;
  const pointsOf = (share: number) => CRASH_POINTS.filter((_, i) => i % PROGRAMS === share);
  const ends = await Promise.all(
    Array.from({ length: PROGRAMS }, (_, share) =>
      torture({
        rounds: 1,
        seed: seed + share,
        points: pointsOf(share),
        say: () => undefined,
      }),
    ),
  );
  const missed = ends.flatMap((end) =>
    [...end.points].flatMap(([point, times]) => (times === 0 ? [point] : [])),
  );

  for (const { points: _, ...figures } of ends) {
    expect(figures, `npm run torture -- --seed ${seed}`).toMatchObject({
      alertsLost: 0,
      doubleExecutions: 0,
      unapprovedExecutions: 0,
      wrong: [],
    });
    // A torture in which little happened would prove nothing.
    expect(figures.executions).toBeGreaterThan(5);
    expect(figures.recordsVerified).toBeGreaterThan(figures.kills);
  }
  expect(missed).toEqual([]);
}, 900_000);
