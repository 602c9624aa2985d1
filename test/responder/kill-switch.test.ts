import { describe, expect, it } from "vitest";
import { createJourney } from "./journey.ts";

type Store = ReturnType<typeof createJourney>["ports"]["store"];

/** Every port of the journey's store: the places between any two steps, and within them. */
const CALLS: readonly (keyof Store)[] = [
  "incident",
  "episode",
  "saveFindings",
  "isAutohealingOn",
  "request",
  "propose",
  "endRequest",
  "execution",
  "executionOf",
  "historyOf",
  "claim",
  "release",
  "start",
  "finish",
  "verify",
];

type When = "before" | "after";

/** Turns auto-healing off at the n-th call of the store, right before or right after it, and follows what then runs. */
async function disabledAt(nth: number, when: When, all = false) {
  const journey = createJourney();
  await journey.enableAutohealing();
  let calls = 0;
  let hit: string | null = null;
  let startedBefore = 0;
  async function disable(name: string): Promise<void> {
    await journey.disableAutohealing({ forMs: null, all });
    hit = name;
    startedBefore = started(journey);
  }
  for (const name of CALLS) {
    const call = journey.ports.store[name] as (...args: unknown[]) => Promise<unknown>;
    Object.assign(journey.ports.store, {
      [name]: async (...args: unknown[]) => {
        calls += 1;
        const isIt = calls === nth;
        if (isIt && when === "before") await disable(name);
        const result = await call(...args);
        if (isIt && when === "after") await disable(name);
        return result;
      },
    });
  }
  await journey.fire();
  await journey.settle();
  return { journey, hit, startedBefore, started: started(journey) };
}

/** Executions whose start is on disk. */
function started({ raw }: ReturnType<typeof createJourney>): number {
  return raw
    .prepare("SELECT count(*) FROM executions WHERE started_at IS NOT NULL")
    .pluck()
    .get() as number;
}

describe("P11 T59 the kill switch", () => {
  it.each<When>(["before", "after"])(
    "P11 T59 nothing starts unasked after the disable, wherever it comes in the journey: %s",
    async (when) => {
      const seen = new Set<string>();
      let isOver = false;
      for (let nth = 1; !isOver; nth += 1) {
        const { journey, hit, startedBefore, started: startedAfter } = await disabledAt(nth, when);
        isOver = hit === null;
        if (hit === null) continue;
        seen.add(hit);
        expect([hit, startedAfter]).toEqual([hit, startedBefore]);
        expect(journey.runs).toHaveLength(startedBefore);
      }

      expect([...seen]).toEqual(
        expect.arrayContaining(["saveFindings", "propose", "claim", "start", "finish", "verify"]),
      );
    },
    60_000,
  );

  it("P11 what the policy approved and had not claimed is asked again, wherever the disable comes", async () => {
    const ends = new Map<string, string | undefined>();
    for (let nth = 1; ; nth += 1) {
      const { journey, hit } = await disabledAt(nth, "before");
      if (hit === null) break;
      const request = await journey.newest();
      ends.set(`${nth} ${hit}`, request?.state);
    }
    const states = [...ends].map(([where, state]) => [where.split(" ")[1], state]);
    const claimedAt = states.findIndex(([name]) => name === "start");

    // Until it is claimed people are asked; from then on it is over either way, and never runs unasked.
    for (const [, state] of states.slice(0, claimedAt)) expect(state).toBe("pending");
    expect(states[claimedAt]).toEqual(["start", "failed"]);
  }, 60_000);

  it.each<When>(["before", "after"])(
    "P11 with all, nothing that people approved starts either: %s",
    async (when) => {
      for (let nth = 1; ; nth += 1) {
        const journey = createJourney({ risk: "medium" });
        await journey.fire();
        let calls = 0;
        let wasClaimed = true;
        let isHit = false;
        for (const name of CALLS) {
          const call = journey.ports.store[name] as (...args: unknown[]) => Promise<unknown>;
          const disable = async () => {
            wasClaimed = journey.raw.prepare("SELECT 1 FROM executions").get() !== undefined;
            await journey.disableAutohealing({ forMs: null, all: true });
            isHit = true;
          };
          Object.assign(journey.ports.store, {
            [name]: async (...args: unknown[]) => {
              calls += 1;
              const isIt = calls === nth;
              if (isIt && when === "before") await disable();
              const result = await call(...args);
              if (isIt && when === "after") await disable();
              return result;
            },
          });
        }
        await journey.vote({ name: "ana" }, "approve");
        await journey.settle();
        if (!isHit) break;
        if (!wasClaimed) {
          expect(journey.runs).toEqual([]);
          expect(await journey.newest()).toMatchObject({ state: "cancelled" });
        }
        expect(journey.runs.length).toBeLessThanOrEqual(1);
      }
    },
    60_000,
  );
});
