import { describe, expect, it } from "vitest";
import { createClock } from "../../src/store/clock.ts";
import { createJourney } from "../responder/journey.ts";
import { HOUR, MINUTE } from "./lab.ts";

describe("T72 a clock", () => {
  it("T72 never goes back, and goes on at the pace that nobody can set", () => {
    const real = { wall: 10_000_000, elapsed: 0 };
    const clock = createClock({
      wall: () => new Date(real.wall),
      elapsedMs: () => real.elapsed,
      notBefore: 0,
    });
    const first = clock.now().getTime();
    real.wall -= HOUR;
    real.elapsed += MINUTE + 0.5;
    const afterJump = clock.now().getTime();
    const behind = clock.behindMs();
    real.wall += 2 * HOUR;

    expect(afterJump).toBe(first + MINUTE);
    expect(behind).toBe(HOUR + MINUTE);
    expect(clock.now().getTime()).toBe(first + HOUR);
    expect(clock.behindMs()).toBe(0);
  });

  it("T72 loses no fraction of a millisecond, however often it is asked", () => {
    let elapsed = 0;
    const clock = createClock({
      wall: () => new Date(0),
      elapsedMs: () => elapsed,
      notBefore: 1_000_000,
    });
    for (; elapsed < 1000; elapsed += 0.25) clock.now();

    expect(clock.now().getTime()).toBe(1_001_000);
  });

  it("T72 T53 set back brings no expired request to life, nor after a restart", async () => {
    const journey = createJourney({ risk: "medium" });
    await journey.fire();
    await journey.pass(16 * MINUTE);
    expect(await journey.newest()).toMatchObject({ state: "expired" });

    journey.jump(-HOUR);
    const ruling = await journey.vote({ name: "ana" }, "approve");
    await journey.settle();
    const restarted = journey.reopen();

    expect(ruling.outcome).toBe("expired");
    expect(journey.runs).toEqual([]);
    expect(restarted.clock.behindMs()).toBeGreaterThan(MINUTE);
    restarted.close();
  });

  it("T72 T53 set forward expires what waits, at once", async () => {
    const journey = createJourney({ risk: "medium" });
    await journey.fire();

    journey.jump(HOUR);
    const ruling = await journey.vote({ name: "ana" }, "approve");

    expect(ruling.outcome).toBe("expired");
    expect(journey.runs).toEqual([]);
  });

  it("T72 that was set back lets nothing run unasked until it has caught up", async () => {
    const journey = createJourney();
    await journey.enableAutohealing();
    journey.jump(-10 * MINUTE);

    await journey.fire();
    const asked = await journey.newest();

    expect(journey.runs).toEqual([]);
    expect(asked).toMatchObject({ state: "pending", risk: "medium" });
    expect(asked?.reasons.map(({ rule }) => rule)).toContain("clock");
  });

  it("T72 a record's times never go back", async () => {
    const journey = createJourney();
    await journey.fire();
    journey.jump(-HOUR);
    await journey.fire({ service: "db" });

    const times = journey.raw.prepare("SELECT at FROM record ORDER BY seq").pluck().all();
    expect(times).toEqual([...times].sort());
  });
});
