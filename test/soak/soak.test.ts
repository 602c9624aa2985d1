import { expect, it } from "vitest";
import { soak } from "./soak.ts";

const MINUTES = 10;
/** A heap breathes; what an hour of this would add up to is measured by `npm run soak`. */
const MOST_GROWN_MIB = 48;

it("P1 P3 P12 ten minutes in which chat, model, Prometheus, Alertmanager and disk fail at random lose no alert and run nothing twice", async () => {
  const seed = Date.now() % 1_000_000;
  const { memory, faults, ...figures } = await soak({
    minutes: MINUTES,
    seed,
    say: () => undefined,
  });

  expect(figures, `npm run soak -- --minutes ${MINUTES} --seed ${seed}`).toMatchObject({
    alertsLost: 0,
    doubleExecutions: 0,
    unapprovedExecutions: 0,
    wrong: [],
  });
  // One in which little happened would prove nothing.
  expect(Object.keys(faults).length).toBeGreaterThanOrEqual(4);
  expect(figures.executions).toBeGreaterThan(0);
  expect(memory.late - memory.early).toBeLessThan(MOST_GROWN_MIB);
}, 1_500_000);
