import { describe, expect, it } from "vitest";
import { createJourney } from "./journey.ts";

const MINUTE = 60_000;

describe("a low-risk action", () => {
  it("runs by itself while auto-healing is on, is verified, and asks nobody", async () => {
    const journey = createJourney();
    await journey.enableAutohealing();

    await journey.fire();

    expect(journey.runs).toEqual(["/usr/bin/true restart web"]);
    const request = await journey.newest();
    expect(request).toMatchObject({ state: "succeeded", isApprovedByPolicy: true });
    expect(request?.view?.verifications).toMatchObject([{ outcome: "verified" }]);
  });

  it("P11 asks while auto-healing is off, as it is in a fresh installation", async () => {
    const journey = createJourney();

    await journey.fire();

    expect(journey.runs).toEqual([]);
    expect(await journey.newest()).toMatchObject({ state: "pending", risk: "low", quorum: 1 });
  });

  it("runs once somebody approved it", async () => {
    const journey = createJourney();
    await journey.fire();

    const ruling = await journey.vote({ name: "ana" }, "approve");

    expect(ruling.outcome).toBe("approved");
    expect(journey.runs).toEqual(["/usr/bin/true restart web"]);
  });

  it("asks within its cooldown, and runs by itself after it", async () => {
    const journey = createJourney();
    await journey.enableAutohealing();
    await journey.fire();
    await journey.resolve();
    journey.world.state = "down";

    await journey.pass(9 * MINUTE);
    await journey.fire();
    expect(await journey.newest()).toMatchObject({ state: "pending" });
    await journey.resolve();
    journey.world.state = "down";
    await journey.pass(2 * MINUTE);
    await journey.fire();

    expect(journey.runs).toHaveLength(2);
  });

  it("T46 stops running by itself after its limit, however often the service flaps", async () => {
    const journey = createJourney();
    await journey.enableAutohealing();

    for (let i = 0; i < 30; i += 1) {
      journey.world.state = "down";
      await journey.fire();
      await journey.resolve();
      await journey.pass(2 * MINUTE);
    }

    expect(journey.runs.length).toBeLessThanOrEqual(6);
    expect(journey.runs.length).toBeGreaterThan(0);
  });

  it("asks after a run that did not help", async () => {
    const journey = createJourney();
    await journey.enableAutohealing();
    journey.world.onRun = () => undefined;
    await journey.fire();
    await journey.pass(2 * MINUTE);
    expect((await journey.newest())?.view?.verifications).toMatchObject([
      { outcome: "still_failing" },
    ]);
    await journey.resolve();
    await journey.pass(20 * MINUTE);

    await journey.fire();

    const request = await journey.newest();
    expect(request).toMatchObject({ state: "pending", risk: "medium" });
    expect(request?.reasons.map(({ rule }) => rule)).toContain("ineffective_run");
  });

  it("runs on two targets of one alert storm, each once", async () => {
    const journey = createJourney();
    await journey.enableAutohealing();

    await journey.fire({ service: "web" });
    journey.world.state = "down";
    await journey.fire({ service: "db" });
    await journey.fire({ service: "db" });

    expect(journey.runs).toEqual(["/usr/bin/true restart web", "/usr/bin/true restart db"]);
  });
});

describe("what else makes it ask or keeps it from running", () => {
  it.each([
    ["T20 a truncated group", {}, { truncatedAlerts: 5 }, "truncated_group"],
    ["T16 a sender nobody knows", {}, { trust: "none" as const }, "untrusted_sender"],
    ["a severity of no known kind", { severity: "page" }, {}, "severity"],
  ])("asks for %s", async (_, labels, group, rule) => {
    const journey = createJourney();
    await journey.enableAutohealing();

    await journey.fire(labels, group);

    expect(journey.runs).toEqual([]);
    const request = await journey.newest();
    expect(request?.state).toBe("pending");
    expect(request?.reasons.map((reason) => reason.rule)).toContain(rule);
  });

  it("P1 T36 refuses a label that does not match its pattern, and says which", async () => {
    const journey = createJourney();
    await journey.enableAutohealing();

    await journey.fire({ service: "$(reboot)" });

    expect(journey.runs).toEqual([]);
    const request = await journey.newest();
    expect(request?.state).toBe("denied");
    expect(request?.reasons[0]?.text).toContain("service");
  });

  it("refuses a target the inventory does not have, and says what to add", async () => {
    const journey = createJourney();

    await journey.fire({ service: "mail" });

    const request = await journey.newest();
    expect(request?.state).toBe("denied");
    expect(request?.reasons[0]?.text).toContain("mail: {executor: command}");
  });

  it("P12 does nothing at all with a policy that can't be read, and says so", async () => {
    const journey = createJourney({ policy: "targets: [" });
    await journey.enableAutohealing();

    await journey.fire();

    const request = await journey.newest();
    expect(request).toMatchObject({ state: "denied" });
    expect(request?.reasons[0]?.text).toContain("policy.yaml");
  });

  it("proposes nothing where the precondition does not hold", async () => {
    const journey = createJourney();
    await journey.enableAutohealing();
    journey.world.state = "up";

    await journey.fire();

    expect(journey.runs).toEqual([]);
    expect((await journey.newest())?.reasons[0]?.text).toContain("state is up");
  });

  it("T73 asks when the precondition can't be checked", async () => {
    const journey = createJourney();
    await journey.enableAutohealing();
    journey.world.state = "unreachable";

    await journey.fire();

    expect(await journey.newest()).toMatchObject({ state: "pending", risk: "medium" });
  });

  it("T16 denies an alert that its own source does not know", async () => {
    const journey = createJourney();
    await journey.enableAutohealing();
    journey.world.alertmanager = false;

    await journey.fire();

    expect(journey.runs).toEqual([]);
    expect(await journey.newest()).toMatchObject({ state: "denied" });
  });

  it("runs nothing on a target under maintenance, and proposes again when that ends", async () => {
    const journey = createJourney();
    await journey.enableAutohealing();
    const { switches } = journey.store;
    await switches.maintain("web", new Date(journey.now().getTime() + 30 * MINUTE), "ana");
    await journey.fire();
    expect((await journey.newest())?.reasons.map(({ rule }) => rule)).toContain("maintenance");
    expect(journey.runs).toEqual([]);

    await journey.pass(31 * MINUTE);

    expect(journey.runs).toEqual(["/usr/bin/true restart web"]);
  });

  it("stops what was approved before a maintenance began", async () => {
    const journey = createJourney({ risk: "medium" });
    journey.world.alertmanager = "unreachable";
    await journey.fire();
    await journey.vote({ name: "ana" }, "approve");
    const { switches } = journey.store;
    await switches.maintain("web", new Date(journey.now().getTime() + 60 * MINUTE), "ben");

    journey.world.alertmanager = true;
    await journey.pass(MINUTE);

    expect(journey.runs).toEqual([]);
    expect(await journey.newest()).toMatchObject({ state: "denied" });
  });

  it("proposes again by itself when a freeze has ended", async () => {
    const policy =
      "targets: {web: {executor: command}}\nfreeze: [{title: Backups, cron: '* 3 * * *', for: 10m}]\n";
    const journey = createJourney({ policy });
    await journey.enableAutohealing();
    await journey.fire();
    expect(await journey.newest()).toMatchObject({ state: "denied" });

    await journey.pass(3 * 60 * MINUTE);

    expect(journey.runs).toEqual(["/usr/bin/true restart web"]);
  });
});

describe("between approval and run", () => {
  async function approvedWhile(change: (journey: ReturnType<typeof createJourney>) => void) {
    const journey = createJourney({ risk: "medium" });
    journey.world.alertmanager = true;
    await journey.fire();
    change(journey);
    await journey.vote({ name: "ana" }, "approve");
    return journey;
  }

  it("P2 T39 an edited runbook voids the approval and offers a new plan", async () => {
    const journey = await approvedWhile(({ editRunbook }) =>
      editRunbook((text) => text.replace("Prose.", "Other prose.")),
    );

    expect(journey.runs).toEqual([]);
    const request = await journey.newest();
    expect(request?.state).toBe("pending");
    expect(request?.view?.requests[1]).toMatchObject({ state: "superseded" });
    expect(request?.view?.requests[1]?.endReason).toContain("web-down.md was changed");
  });

  it("T60 an edited policy voids it too", async () => {
    const journey = await approvedWhile(({ writePolicy }) =>
      writePolicy("targets: {web: {executor: command}}\nprotected: [web]\n"),
    );

    expect(journey.runs).toEqual([]);
    expect(await journey.newest()).toMatchObject({ state: "pending", risk: "high" });
  });

  it("P8 T52 an alert its source no longer reports cancels it", async () => {
    const journey = await approvedWhile(({ world }) => {
      world.alertmanager = false;
    });

    expect(journey.runs).toEqual([]);
    expect(await journey.newest()).toMatchObject({ state: "cancelled" });
  });

  it("P8 T54 a precondition that no longer holds cancels it", async () => {
    const journey = await approvedWhile(({ world }) => {
      world.state = "up";
    });

    expect(journey.runs).toEqual([]);
    expect(await journey.newest()).toMatchObject({ state: "cancelled" });
  });

  it("P8 P12 a source that does not answer makes it wait, and expiry ends the waiting", async () => {
    const journey = await approvedWhile(({ world }) => {
      world.alertmanager = "unreachable";
    });
    expect(await journey.newest()).toMatchObject({ state: "approved" });

    await journey.pass(16 * MINUTE);

    expect(journey.runs).toEqual([]);
    expect(await journey.newest()).toMatchObject({ state: "expired" });
  });

  it("P8 a source that answers again in time lets it run", async () => {
    const journey = await approvedWhile(({ world }) => {
      world.alertmanager = "unreachable";
    });

    journey.world.alertmanager = true;
    await journey.pass(MINUTE);

    expect(journey.runs).toHaveLength(1);
  });
});

describe("a request", () => {
  it("P4 T53 expires, and then can't be approved", async () => {
    const journey = createJourney();
    await journey.fire();

    await journey.pass(15 * MINUTE);
    const ruling = await journey.vote({ name: "ana" }, "approve");

    expect(ruling.outcome).toBe("expired");
    expect(journey.runs).toEqual([]);
  });

  it("P4 is cancelled when its alert resolves", async () => {
    const journey = createJourney();
    await journey.fire();

    await journey.resolve();
    const ruling = await journey.vote({ name: "ana" }, "approve");

    expect(ruling.outcome).toBe("already_decided");
    expect(journey.runs).toEqual([]);
  });

  it("P10 is heard anew when Prometheus was away and its alert comes back under the old start", async () => {
    const journey = createJourney();
    const incidentId = await journey.fire();
    const first = await journey.vote({ name: "ana" }, "approve");
    expect(first.outcome).toBe("approved");
    await journey.resolve();
    journey.world.state = "down";
    await journey.pass(30 * 60_000);

    journey.world.alertmanager = true;
    expect(await journey.fireAgain()).toBe(incidentId);

    const { view, ...request } = (await journey.newest()) ?? {};
    expect(view?.incident).toMatchObject({ id: incidentId, state: "open" });
    expect(request).toMatchObject({ state: "pending" });
    await journey.resolve();
    expect((await journey.newest())?.view?.incident.state).toBe("resolved");
    expect((await journey.store.record.verify()).firstBroken).toBeNull();
  });

  it.each([
    ["does not know the alert", false],
    ["is not configured", null],
  ] as const)("T17 a replayed body changes nothing where the source %s", async (_, answer) => {
    const journey = createJourney();
    const incidentId = await journey.fire();
    await journey.resolve();
    await journey.pass(24 * 60 * 60_000);
    const before = (await journey.newest())?.view;

    journey.world.alertmanager = answer;
    expect(await journey.fireAgain()).toBe(incidentId);

    expect((await journey.newest())?.view).toEqual(before);
    expect(journey.runs).toEqual([]);
  });

  it("P10 asks again later where the source can't be asked whether the alert fires anew", async () => {
    const journey = createJourney();
    await journey.fire();
    await journey.resolve();
    journey.world.alertmanager = "unreachable";
    await journey.fireAgain();
    expect((await journey.newest())?.view?.incident.state).toBe("resolved");

    journey.world.alertmanager = true;
    await journey.pass(60_000);

    expect((await journey.newest())?.view?.incident.state).toBe("open");
  });

  it("P5 ends with one reject", async () => {
    const journey = createJourney();
    await journey.fire();
    await journey.vote({ name: "ana" }, "reject", { reason: "maintenance" });

    const ruling = await journey.vote({ name: "ben" }, "approve");

    expect(ruling.outcome).toBe("already_decided");
    expect(journey.runs).toEqual([]);
  });

  it("P11 that policy approved is asked again when auto-healing goes off before it starts", async () => {
    const journey = createJourney();
    await journey.enableAutohealing();
    journey.world.alertmanager = true;
    const { store } = journey;
    const firing = journey.fire();
    await journey.disableAutohealing();
    await firing;
    await journey.settle();

    expect(journey.runs).toEqual([]);
    expect(await journey.newest()).toMatchObject({ state: "pending" });
    expect((await store.record.verify()).firstBroken).toBeNull();
  });

  it("P6 T58 of high risk takes two people who type the code and a reason", async () => {
    const policy = `people:
  - {name: ana, telegram: 7, roles: [approver]}
  - {name: ben, telegram: 8, roles: [approver]}
targets: {web: {executor: command}}
protected: [web]
`;
    const journey = createJourney({ policy });
    await journey.fire();
    const typed = { via: "typed", reason: "checked with the team" } as const;

    expect((await journey.vote({ name: "ana" }, "approve")).outcome).toBe("must_type");
    expect((await journey.vote({ name: "ana" }, "approve", { via: "typed" })).outcome).toBe(
      "must_type",
    );
    expect((await journey.vote({ name: "ana" }, "approve", typed)).outcome).toBe("counted");
    expect((await journey.vote({ name: "ana" }, "approve", typed)).outcome).toBe("already_voted");
    expect(journey.runs).toEqual([]);
    expect((await journey.vote({ name: "ben" }, "approve", typed)).outcome).toBe("approved");
    expect(journey.runs).toHaveLength(1);
  });

  it("keeps a secret in the output out of what is stored", async () => {
    const journey = createJourney();
    await journey.enableAutohealing();

    await journey.fire();

    expect((await journey.newest())?.view?.executions[0]?.output).toBe("token=[redacted]");
  });
});
