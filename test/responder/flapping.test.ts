import { describe, expect, it } from "vitest";
import { announcementsOf } from "../../src/chat/announcements.ts";
import { createJourney } from "./journey.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type Journey = ReturnType<typeof createJourney>;

/** Down for a minute, up for a minute, whatever runs: what Countersign does about it is counted. */
async function flap(journey: Journey, forMs: number): Promise<string[]> {
  const said = new Set<string>();
  for (let passed = 0; passed < forMs; passed += 2 * MINUTE) {
    journey.world.state = "down";
    await journey.fire();
    const view = (await journey.newest())?.view;
    const lines = view == null ? [] : announcementsOf(view, journey.now());
    for (const { text } of lines) if (text.startsWith("⚠️")) said.add(view?.requests[0]?.id ?? "");
    await journey.pass(MINUTE);
    await journey.resolve();
    await journey.pass(MINUTE);
  }
  return [...said];
}

function entries({ raw }: Journey, kind: string): string[] {
  return raw
    .prepare<[string], string>("SELECT at FROM record WHERE kind = ? ORDER BY seq")
    .pluck()
    .all(kind);
}

describe("T46 a service that flaps every two minutes", () => {
  it("T46 gets its allowed runs in 24 hours, and those above are called once", {
    timeout: 600_000,
  }, async () => {
    const journey = createJourney();
    await journey.enableAutohealing();

    const asked = await flap(journey, DAY);

    // `limit: 3/1h`: after that it is people's, as long as it goes on.
    expect(journey.runs).toHaveLength(3);
    expect(entries(journey, "request.escalated")).toHaveLength(1);
    // The phone rings for what the cooldown and the limit hold, and not 700 times for what is known by then.
    expect(asked.length).toBeLessThan(20);
    const request = await journey.newest();
    expect(request?.reasons.map(({ rule }) => rule)).toContain("flapping");
  });

  it("T46 runs unasked again after a calm while", async () => {
    const journey = createJourney();
    await journey.enableAutohealing();
    await flap(journey, HOUR);
    expect(journey.runs).toHaveLength(3);

    await journey.pass(2 * HOUR);
    journey.world.state = "down";
    await journey.fire();

    expect(journey.runs).toHaveLength(4);
  });

  it("T46 is not fixed again and again by what does not help: the breaker asks, says so, and calls once", async () => {
    const names = ["web", "db", "mail", "wiki", "git"];
    const targets = names.map((name) => `${name}: {executor: command}`).join(", ");
    const journey = createJourney({ policy: `targets: {${targets}}\n` });
    await journey.enableAutohealing();
    journey.world.onRun = () => undefined;
    const rules: string[][] = [];

    for (const service of names) {
      await journey.fire({ service });
      rules.push((await journey.newest())?.reasons.map(({ rule }) => rule) ?? []);
      // Long enough that it is not the failure elsewhere that makes it ask.
      await journey.pass(5 * MINUTE);
      await journey.resolve({ service });
      await journey.pass(7 * MINUTE);
    }

    expect(journey.runs.map((run) => run.split(" ").at(-1))).toEqual(["web", "db", "mail"]);
    expect(rules.map((named) => named.includes("breaker"))).toEqual([
      ...[false, false, false, true, true],
    ]);
    expect(entries(journey, "request.escalated")).toHaveLength(1);
    await journey.pass(HOUR);
    await journey.fire({ service: "git" });
    expect(journey.runs).toHaveLength(4);
  });
});
