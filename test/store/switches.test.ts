import { describe, expect, it } from "vitest";
import { createLab, HOUR, MINUTE } from "./lab.ts";

const forMs = (ms: number | null) => ({ forMs: ms, all: false });

describe("P11 auto-healing", () => {
  it("is off on a fresh installation, and stays as it was set across a restart", async () => {
    const lab = createLab();
    const fresh = await lab.store.switches.autohealing();
    await lab.store.switches.enable("ana");
    const other = lab.open();

    expect(fresh).toEqual({ isOn: false, offUntil: null });
    expect(await other.switches.autohealing()).toEqual({ isOn: true, offUntil: null });
    other.close();
  });

  it("comes back by itself after a timed disable", async () => {
    const lab = createLab();
    await lab.store.switches.enable("ana");
    await lab.store.switches.disable("ana", forMs(HOUR));
    const during = await lab.store.switches.autohealing();
    lab.pass(HOUR);

    expect(during).toEqual({ isOn: false, offUntil: new Date("2026-03-01T04:00:00Z") });
    expect(await lab.store.switches.autohealing()).toEqual({ isOn: true, offUntil: null });
  });

  it.each<[string, (number | null)[], number | null]>([
    ["an indefinite disable", [null, MINUTE], null],
    ["a longer one", [2 * HOUR, MINUTE], 2 * HOUR],
    ["nothing shorter", [MINUTE, 2 * HOUR], 2 * HOUR],
    ["a timed one that became indefinite", [MINUTE, null, MINUTE], null],
  ])("is never brought back sooner by a duration: %s", async (_, disables, offFor) => {
    const lab = createLab();
    await lab.store.switches.enable("ana");
    for (const ms of disables) await lab.store.switches.disable("ana", forMs(ms));
    lab.pass((offFor ?? 100 * HOUR) - 1);

    expect((await lab.store.switches.autohealing()).isOn).toBe(false);
  });

  it("off asks again for what the policy approved, and leaves people's decisions alone", async () => {
    const lab = createLab();
    await lab.store.switches.enable("ana");
    const unasked = await lab.propose({ state: "approved" });
    const pending = await lab.propose();
    const decided = await lab.propose();
    lab.raw.prepare("UPDATE requests SET state = 'approved' WHERE id = ?").run(decided.id);

    const stopped = await lab.store.switches.disable("ana", forMs(null));

    const states = await Promise.all(
      [unasked, pending, decided].map(async ({ id }) => (await lab.store.requests.find(id))?.state),
    );
    expect(stopped).toBe(1);
    expect(states).toEqual(["superseded", "pending", "approved"]);
    expect(lab.count("steps", `kind = 'propose' AND subject = '${unasked.episodeId}'`)).toBe(1);
  });

  it("off with all cancels everything that has not started", async () => {
    const lab = createLab();
    const requests = [await lab.propose({ state: "approved" }), await lab.propose()];
    const running = await lab.propose({ state: "approved", target: "db" });
    await lab.store.executions.claim(running, HOUR, () => null);

    const stopped = await lab.store.switches.disable("ana", { forMs: null, all: true });

    expect(stopped).toBe(2);
    for (const { id } of requests) {
      expect(await lab.store.requests.find(id)).toMatchObject({ state: "cancelled" });
    }
    expect(await lab.store.requests.find(running.id)).toMatchObject({ state: "executing" });
    expect(lab.count("steps", "kind = 'propose'")).toBe(0);
  });
});
