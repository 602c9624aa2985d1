import { describe, expect, it } from "vitest";
import { ana, ben, openCounter, PEOPLE, TARGETS } from "./counter.ts";
import { createJourney } from "./journey.ts";

const MINUTE = 60_000;
const POLICY = PEOPLE + TARGETS;
/** The journey begins on 2026-03-01 at 03:00 UTC; cron times are the machine's own. */
const FREEZE = `freeze: [{title: Backups, cron: '* * * * *', for: 1h}]\n`;

function open(options: Parameters<typeof createJourney>[0] = {}) {
  const journey = createJourney({ policy: POLICY, ...options });
  return { journey, ...openCounter(journey) };
}

const rulesOf = async ({ journey }: ReturnType<typeof open>) =>
  (await journey.newest())?.reasons.map(({ rule }) => rule);

/** Approved by a person, and not taken up yet. */
async function approvedOf(lab: ReturnType<typeof open>) {
  await lab.journey.fire();
  const ruling = await lab.decide("approve", ben);
  expect(ruling.outcome).toBe("approved");
}

describe("what Countersign noticed itself", () => {
  const OWN = { source: "countersign", groupKey: "watch:WebDown", trust: "none" } as const;

  it.each<[string, Record<string, string>]>([
    ["nothing else", {}],
    ["a severity that people are woken for", { severity: "critical" }],
    ["labels that name another source", { source: "alertmanager", alertstate: "firing" }],
  ])("P8 T30 is never acted on unasked, with %s", async (_, labels) => {
    const lab = open({ risk: "low" });
    await lab.journey.enableAutohealing();
    lab.journey.world.alertmanager = true;
    await lab.journey.fire(labels, OWN);
    await lab.journey.settle();

    expect(lab.journey.runs).toEqual([]);
    expect(await lab.journey.newest()).toMatchObject({ state: "pending", risk: "medium" });
    expect(await rulesOf(lab)).toContain("noticed");

    await lab.decide("approve", ben);
    await lab.journey.settle();
    expect(lab.journey.runs).toHaveLength(1);
  });

  it("P8 is asked about at no other source, and is over when Countersign says so", async () => {
    const lab = open({ risk: "medium" });
    // It has never heard of it.
    lab.journey.world.alertmanager = false;
    await lab.journey.fire({}, OWN);
    await lab.journey.settle();
    expect(await lab.journey.newest()).toMatchObject({ state: "pending" });

    await lab.journey.resolve({}, OWN);
    await lab.journey.settle();
    expect(await lab.journey.newest()).toMatchObject({ state: "cancelled" });
    expect(lab.journey.runs).toEqual([]);
  });
});

describe("what denies everything on a target for now", () => {
  it("a maintenance denies at the proposal, and it is put forward when that is over", async () => {
    const lab = open({ risk: "medium" });
    await lab.desk.chat.maintain({ target: "web", forMs: 10 * MINUTE, person: ana });

    await lab.journey.fire();
    expect(await lab.journey.newest()).toMatchObject({ state: "denied" });
    expect(await rulesOf(lab)).toContain("maintenance");
    await lab.journey.pass(11 * MINUTE);

    expect(await lab.journey.newest()).toMatchObject({ state: "pending" });
  });

  it("a maintenance is answered to whoever approves, and nothing is decided", async () => {
    const lab = open({ risk: "medium" });
    await lab.journey.fire();
    await lab.desk.chat.maintain({ target: "web", forMs: 10 * MINUTE, person: ana });

    const ruling = await lab.decide("approve", ben);

    expect(ruling).toEqual({
      outcome: "not_allowed",
      why: "web is under maintenance until 2026-03-01 03:10 UTC; nothing runs before that.",
    });
    expect(await lab.journey.newest()).toMatchObject({ state: "pending", votes: [] });
    expect((await lab.decide("reject", ben)).outcome).toBe("rejected");
  });

  it("a maintenance stops what was approved before it, right before the run", async () => {
    const lab = open({ risk: "medium" });
    await approvedOf(lab);
    await lab.desk.chat.maintain({ target: "web", forMs: 10 * MINUTE, person: ana });

    await lab.journey.settle();

    expect(lab.journey.runs).toEqual([]);
    expect(await rulesOf(lab)).toContain("maintenance");
  });

  it("a freeze denies at the proposal", async () => {
    const lab = open({ risk: "medium", policy: POLICY + FREEZE });

    await lab.journey.fire();

    expect(await lab.journey.newest()).toMatchObject({ state: "denied" });
    expect(await rulesOf(lab)).toContain("freeze");
  });

  it("a freeze that begins after the card is answered to whoever approves, and stops what was approved", async () => {
    const at = new Date("2026-03-01T03:05:00Z");
    const freeze = `freeze: [{title: Backups, cron: '${at.getMinutes()} ${at.getHours()} * * *', for: 1h}]\n`;
    const lab = open({ risk: "medium", policy: POLICY + freeze });
    await lab.journey.fire({ service: "web" });
    await lab.journey.fire({ service: "db" });
    const { items } = await lab.journey.store.views.find({ limit: 2 });
    const codes = await Promise.all(
      items.map(async ({ id }) => {
        const view = await lab.journey.store.views.incident(id);
        const request = view?.requests[0];
        return request?.state === "pending" ? request.planCode : "";
      }),
    );
    expect((await lab.decide("approve", ben, { planCode: codes[0] ?? "" })).outcome).toBe(
      "approved",
    );
    lab.journey.jump(6 * MINUTE);

    const ruling = await lab.decide("approve", ben, { planCode: codes[1] ?? "" });
    await lab.journey.settle();

    expect(ruling).toMatchObject({
      outcome: "not_allowed",
      why: expect.stringMatching(/^Frozen for "Backups"/),
    });
    expect(lab.journey.runs).toEqual([]);
  });
});

describe("what takes it from the program in the last moment", () => {
  it("P11 auto-healing that is turned off makes it ask", async () => {
    const lab = open();
    await lab.journey.enableAutohealing();
    let isFirst = true;
    lab.journey.world.onCrashPoint = (point) => {
      if (point !== "before-claim" || !isFirst) return;
      isFirst = false;
      void lab.journey.disableAutohealing();
    };

    await lab.journey.fire();

    expect(lab.journey.runs).toEqual([]);
    expect(await lab.journey.newest()).toMatchObject({ state: "pending" });
    expect(await rulesOf(lab)).toContain("autohealing_off");
  });
});

describe("T48 an alert storm", () => {
  const names = Array.from(
    { length: 40 },
    (_, n) => `c${String.fromCharCode(97 + (n % 26))}${n < 26 ? "x" : "y"}`,
  );
  const policy = `targets: {${names.map((name) => `${name}: {executor: command}`).join(", ")}}\n`;

  async function storm(journey: ReturnType<typeof createJourney>) {
    for (const service of names) await journey.fire({ service });
    const states = journey.raw
      .prepare<[], { state: string; n: number }>(
        "SELECT state, count(*) AS n FROM requests GROUP BY state",
      )
      .all();
    return Object.fromEntries(states.map(({ state, n }) => [state, n]));
  }

  it("T48 gets what the hour allows; the rest is asked for", async () => {
    const journey = createJourney({ policy });
    await journey.enableAutohealing();
    journey.world.onRun = () => undefined;

    const states = await storm(journey);

    expect(new Set(journey.runs).size).toBe(10);
    expect(journey.runs).toHaveLength(10);
    expect(states).toEqual({ succeeded: 10, pending: 30 });
  });

  it("T48 stops at the first failure: all other targets are asked for", async () => {
    const journey = createJourney({ policy });
    await journey.enableAutohealing();
    journey.world.onRun = () => {
      if (journey.runs.length === 3) journey.world.result = "failed";
    };

    const states = await storm(journey);

    expect(journey.runs).toHaveLength(3);
    expect(states).toEqual({ succeeded: 2, failed: 1, pending: 37 });
    expect((await journey.newest())?.reasons.map(({ rule }) => rule)).toContain("failed_elsewhere");
  });

  it("T48 is never one plan: a label that names many targets names none", async () => {
    const journey = createJourney({ policy });
    await journey.enableAutohealing();

    await journey.fire({ service: names.join(",") });

    expect(journey.runs).toEqual([]);
    expect(await journey.newest()).toMatchObject({ state: "denied" });
  });
});

describe("a sandbox with a gap", () => {
  it("makes what would run by itself ask, with the gap as the reason, and run once somebody approves", async () => {
    const lab = open({ risk: "low" });
    await lab.journey.enableAutohealing();
    lab.journey.world.belowFloor = "it runs as root: set User=countersign";
    await lab.journey.fire();

    expect(lab.journey.runs).toEqual([]);
    expect(await lab.journey.newest()).toMatchObject({
      state: "pending",
      risk: "low",
      reasons: expect.arrayContaining([
        { rule: "sandbox", text: expect.stringContaining("it runs as root") },
      ]),
    });
    await lab.decide("approve", ben);
    await lab.journey.settle();
    expect(lab.journey.runs).toHaveLength(1);
  });

  it("stops what the policy approved, where it opens before the run", async () => {
    const lab = open({ risk: "low" });
    await lab.journey.enableAutohealing();
    lab.journey.world.onLook = () => {
      lab.journey.world.belowFloor = "no filter of system calls";
    };
    await lab.journey.fire();

    expect(lab.journey.runs).toEqual([]);
    expect(await rulesOf(lab)).toContain("sandbox");
  });
});
