import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { respond } from "../../src/responder/respond.ts";
import { createJourney } from "./journey.ts";

type Journey = ReturnType<typeof createJourney>;

/** A step whose end was not stored is done once more after the restart. */
async function repeat(journey: Journey, kind: "investigate" | "propose" | "execute") {
  const request = await journey.newest();
  const subject = kind === "execute" ? request?.id : String(request?.episodeId);
  await respond(journey.ports, { kind, subject: subject ?? "", attempts: 2 });
  await journey.settle();
}

describe("a step that is done twice", () => {
  it("P5 does not ask again what was rejected, nor run it unasked", async () => {
    const journey = createJourney();
    await journey.fire();
    await journey.vote({ name: "ana" }, "reject");
    await journey.enableAutohealing();

    await repeat(journey, "propose");
    await repeat(journey, "investigate");

    expect(journey.runs).toEqual([]);
    expect(await journey.newest()).toMatchObject({ state: "rejected" });
  });

  it("P3 does not run again what has run", async () => {
    const journey = createJourney();
    await journey.enableAutohealing();
    await journey.fire();
    journey.world.state = "down";

    await repeat(journey, "investigate");
    await repeat(journey, "execute");

    expect(journey.runs).toHaveLength(1);
  });
});

describe("a claim that a crash cut short before its start", () => {
  async function crashed(): Promise<Journey> {
    const journey = createJourney({ risk: "medium" });
    await journey.fire();
    journey.world.onCrashPoint = (name) => {
      if (name === "after-claim") throw new Error("the power went out");
    };
    await expect(journey.vote({ name: "ana" }, "approve")).rejects.toThrow("power");
    journey.world.onCrashPoint = () => undefined;
    await journey.store.queue.releaseAll();
    const { id = "" } = (await journey.newest()) ?? {};
    // The first thing after the restart gives the claim back.
    await respond(journey.ports, { kind: "execute", subject: id, attempts: 2 });
    return journey;
  }

  it("P3 runs once", async () => {
    const journey = await crashed();

    await journey.settle();

    expect(journey.runs).toHaveLength(1);
    expect(await journey.newest()).toMatchObject({ state: "succeeded" });
  });

  it("P5 can still be rejected", async () => {
    const journey = await crashed();

    expect((await journey.vote({ name: "ben" }, "reject")).outcome).toBe("rejected");

    expect(journey.runs).toEqual([]);
  });

  it("P11 is stopped by a disable of everything", async () => {
    const journey = await crashed();

    await journey.disableAutohealing({ forMs: null, all: true });
    await journey.settle();

    expect(journey.runs).toEqual([]);
    expect(await journey.newest()).toMatchObject({ state: "cancelled" });
  });

  it("P4 is cancelled when its alert resolves", async () => {
    const journey = await crashed();

    await journey.resolve();

    expect(journey.runs).toEqual([]);
    expect(await journey.newest()).toMatchObject({ state: "cancelled" });
  });
});

it("P3 calls a run unknown whose outcome could not be stored, and frees its target", async () => {
  const journey = createJourney({ risk: "medium" });
  await journey.fire();
  const { finish } = journey.ports.store;
  let failures = 1;
  Object.assign(journey.ports.store, {
    finish: (...run: Parameters<typeof finish>) =>
      failures-- > 0 ? Promise.reject(new Error("the disk is full")) : finish(...run),
  });

  await expect(journey.vote({ name: "ana" }, "approve")).rejects.toThrow("disk is full");
  await journey.store.queue.releaseAll();
  await journey.settle();

  expect(journey.runs).toHaveLength(1);
  expect((await journey.newest())?.view?.executions).toMatchObject([{ state: "unknown" }]);
});

it("P2 T39 a script that changes while the facts are looked at does not run", async () => {
  const folder = mkdtempSync(join(tmpdir(), "countersign-script-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const script = join(folder, "fix.sh");
  writeFileSync(script, "#!/bin/sh\necho good\n");
  chmodSync(script, 0o755);
  const journey = createJourney({ risk: "medium" });
  journey.editRunbook((text) => text.replace("/usr/bin/true, restart", `${script}, restart`));
  await journey.fire();

  journey.world.onLook = () => writeFileSync(script, "#!/bin/sh\necho something else\n");
  await journey.vote({ name: "ana" }, "approve");

  expect(journey.runs).toEqual([]);
  const request = await journey.newest();
  expect(request?.state).toBe("pending");
  expect(request?.view?.requests[1]?.endReason).toContain("fix.sh was changed");
});
