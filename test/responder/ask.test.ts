import { describe, expect, it } from "vitest";
import { ask, tryOut } from "../../src/responder/ask.ts";
import { respond } from "../../src/responder/respond.ts";
import { createJourney } from "./journey.ts";

const MINUTE = 60_000;
const PEOPLE = `people:
  - {name: ana, telegram: 7, roles: [operator, approver]}
  - {name: ben, telegram: 8, roles: [approver]}
`;
const TARGETS = "targets: {web: {executor: command}, db: {executor: command}}\n";

function openJourney(policy = PEOPLE + TARGETS) {
  const journey = createJourney({ policy });
  const wish = (over: Partial<Parameters<typeof ask>[1]> = {}) => ({
    ...{ runbook: "web-down", action: null, target: null, incident: null, requester: "ana" },
    ...{ params: { service: "web" }, words: null, call: null, mostLive: null },
    ...over,
  });
  async function run(over: Parameters<typeof wish>[0] = {}) {
    const asked = await ask(journey.ports, wish(over));
    await journey.settle();
    return asked;
  }
  return Object.assign(journey, { run, tryOut: () => tryOut(journey.ports, wish()) });
}

const incidentOf = async ({ newest }: ReturnType<typeof openJourney>) =>
  (await newest())?.view?.incident;

describe("what a person asks for", () => {
  it("always asks, runs once somebody else approved it, is verified, and is over then", async () => {
    const journey = openJourney();
    await journey.enableAutohealing();

    expect(await journey.run()).toMatchObject({ outcome: "asked" });
    expect(journey.runs).toEqual([]);
    const request = await journey.newest();
    expect(request).toMatchObject({ state: "pending", risk: "medium", requester: "ana" });
    expect(request?.reasons.map(({ rule }) => rule)).toEqual([
      "declared_risk",
      "no_alert",
      "chosen",
    ]);
    expect(await incidentOf(journey)).toMatchObject({
      source: "person",
      state: "open",
      alerts: [],
    });
    expect((await incidentOf(journey))?.title).toContain("asked for by ana");

    expect((await journey.vote({ name: "ben" }, "approve")).outcome).toBe("approved");

    expect(journey.runs).toEqual(["/usr/bin/true restart web"]);
    expect(await journey.newest()).toMatchObject({ state: "succeeded" });
    expect((await journey.newest())?.view?.verifications).toMatchObject([{ outcome: "verified" }]);
    expect(await incidentOf(journey)).toMatchObject({ state: "resolved" });
    expect((await journey.store.record.verify()).firstBroken).toBeNull();
  });

  it("P7 can't be approved by them", async () => {
    const journey = openJourney();
    await journey.run();

    const ruling = await journey.vote({ name: "ana" }, "approve", { via: "typed" });

    expect(ruling.outcome).toBe("not_allowed");
    expect(journey.runs).toEqual([]);
  });

  it("P7 takes their typed code where they alone can approve", async () => {
    const journey = openJourney(TARGETS);
    await journey.run({ requester: "owner" });

    expect((await journey.vote({ name: "owner" }, "approve")).outcome).toBe("must_type");
    expect(journey.runs).toEqual([]);
    const typed = await journey.vote({ name: "owner" }, "approve", { via: "typed" });

    expect(typed.outcome).toBe("approved");
    expect(journey.runs).toHaveLength(1);
  });

  it("P8 has its precondition looked at again right before the run", async () => {
    const journey = openJourney();
    await journey.run();
    journey.world.state = "up";

    await journey.vote({ name: "ben" }, "approve");

    expect(journey.runs).toEqual([]);
    expect(await journey.newest()).toMatchObject({ state: "cancelled" });
    expect(await incidentOf(journey)).toMatchObject({ state: "resolved" });
  });

  it("P5 is over with one reject", async () => {
    const journey = openJourney();
    await journey.run();

    await journey.vote({ name: "ben" }, "reject");

    expect((await journey.vote({ name: "ben" }, "approve")).outcome).toBe("already_decided");
    expect(await incidentOf(journey)).toMatchObject({ state: "resolved" });
    expect(journey.runs).toEqual([]);
  });

  it("P4 T53 is over when nobody decided in time", async () => {
    const journey = openJourney();
    await journey.run();

    await journey.pass(15 * MINUTE);

    expect(await journey.newest()).toMatchObject({ state: "expired" });
    expect((await journey.vote({ name: "ben" }, "approve")).outcome).toBe("expired");
    expect(await incidentOf(journey)).toMatchObject({ state: "resolved" });
  });

  it("P11 is cancelled by a disable of everything, and left alone by a plain one", async () => {
    const journey = openJourney();
    await journey.run();

    await journey.disableAutohealing();
    expect(await journey.newest()).toMatchObject({ state: "pending" });
    await journey.disableAutohealing({ forMs: null, all: true });

    expect(await journey.newest()).toMatchObject({ state: "cancelled" });
    expect(await incidentOf(journey)).toMatchObject({ state: "resolved" });
  });

  it("P2 T60 ends when the policy changed, and says that it has to be asked for again", async () => {
    const journey = openJourney();
    await journey.run();
    journey.writePolicy(`${PEOPLE}${TARGETS}protected: [web]\n`);

    await journey.vote({ name: "ben" }, "approve");

    expect(journey.runs).toEqual([]);
    const request = await journey.newest();
    expect(request).toMatchObject({ state: "cancelled" });
    expect(request).toHaveProperty("endReason", expect.stringContaining("ask for it again"));
    expect(request?.view?.requests).toHaveLength(1);
  });

  it("T49 is asked for once, also while an alert asks for the same", async () => {
    const journey = openJourney();
    await journey.run();
    const { planCode } = (await journey.newest()) ?? {};

    expect(await journey.run({ requester: "ben" })).toEqual({ outcome: "duplicate", planCode });
    expect(await journey.run({ params: { service: "db" } })).toMatchObject({ outcome: "asked" });

    await journey.fire({ service: "web" });
    expect(await journey.run()).toMatchObject({ outcome: "duplicate" });
  });

  it("hangs on an open incident, and outlives its alert", async () => {
    const journey = openJourney();
    const incident = await journey.fire({ service: "web" });
    await journey.run({ incident, params: { service: "db" } });
    expect((await journey.newest())?.view?.requests).toHaveLength(2);

    await journey.resolve({ service: "web" });

    expect(await journey.newest()).toMatchObject({ state: "pending", incidentId: incident });
    expect(await journey.run({ incident, params: { service: "web" } })).toMatchObject({
      outcome: "unfit",
      part: "incident",
    });
  });

  it("is refused while its target is under maintenance", async () => {
    const journey = openJourney();
    await journey.store.switches.maintain("web", new Date(journey.now().getTime() + MINUTE), "ben");

    const asked = await journey.run();

    expect(asked).toMatchObject({ outcome: "denied", verdict: { outcome: "deny" } });
    expect(await journey.newest()).toBeNull();
  });

  it.each([
    ["P1 an unknown runbook", { runbook: "web-donw" }, "runbook", "Did you mean web-down?"],
    ["P1 an unknown action", { action: "restrat" }, "action", "Did you mean restart?"],
    ["a missing value", { params: {} }, "params", "give service=<value>"],
    [
      "P1 T36 a value that does not fit",
      { params: { service: "$(id)" } },
      "params",
      "does not match",
    ],
    ["P1 a value nobody declared", { params: { service: "web", x: "y" } }, "params", '"x" is not'],
    ["P1 T41 a target outside the inventory", { target: "we*" }, "target", "not in the inventory"],
  ])("is told what is wrong with %s", async (_, over, part, text) => {
    const journey = openJourney();

    const asked = await journey.run(over);

    expect(asked).toMatchObject({ outcome: "unfit", part });
    expect(asked).toHaveProperty("reason.text", expect.stringContaining(text));
    expect(await journey.newest()).toBeNull();
  });

  it("is inconclusive where only the alert could say whether it helped", async () => {
    const journey = openJourney();
    journey.editRunbook((text) => text.replace(/verify: .*\n/, "verify: {alert: resolved}\n"));
    await journey.run();

    await journey.vote({ name: "ben" }, "approve");

    expect((await journey.newest())?.view?.verifications).toMatchObject([
      { outcome: "inconclusive" },
    ]);
  });

  it("can be tried out without a trace", async () => {
    const journey = openJourney();
    const before = (await journey.store.record.verify()).entries;

    expect(await journey.tryOut()).toMatchObject({
      outcome: "tried",
      plan: { command: { argv: ["/usr/bin/true", "restart", "web"] }, target: { name: "web" } },
      verdict: { outcome: "ask", risk: "medium" },
      dryRun: null,
    });
    journey.editRunbook((text) =>
      text.replace(
        "    cooldown: 10m",
        "    dry_run: {with: {argv: [/usr/bin/test, -e, x]}}\n    cooldown: 10m",
      ),
    );
    expect(await journey.tryOut()).toMatchObject({ outcome: "tried", dryRun: "down" });

    expect(journey.runs).toEqual([]);
    expect((await journey.store.record.verify()).entries).toBe(before);
  });
});

describe("P3 T57 a crash while what was asked for runs", () => {
  it.each(["before-claim", "after-claim", "after-start", "after-run"] as const)(
    "%s runs it at most once",
    async (point) => {
      const journey = openJourney();
      await journey.run();
      journey.world.onCrashPoint = (name) => {
        if (name === point) throw new Error("the power went out");
      };
      await expect(journey.vote({ name: "ben" }, "approve")).rejects.toThrow("power");
      journey.world.onCrashPoint = () => undefined;
      const { id = "" } = (await journey.newest()) ?? {};

      // What the next start does first.
      await journey.store.queue.releaseAll();
      await journey.store.executions.giveUpInterrupted();
      await journey.settle();
      await respond(journey.ports, { kind: "execute", subject: id, attempts: 3 });
      await journey.pass(2 * MINUTE);

      const isKnown = point === "before-claim" || point === "after-claim";
      expect(journey.runs).toHaveLength(point === "after-start" ? 0 : 1);
      expect(await journey.newest()).toMatchObject({ state: isKnown ? "succeeded" : "unknown" });
      expect(await incidentOf(journey)).toMatchObject({ state: "resolved" });
    },
  );
});
