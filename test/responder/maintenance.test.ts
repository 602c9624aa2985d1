import { describe, expect, it } from "vitest";
import { announcementsOf } from "../../src/chat/announcements.ts";
import { cardOf } from "../../src/chat/card.ts";
import { maintenanceOfAlert } from "../../src/remediation/maintenance.ts";
import { ana, ben, openCounter, PEOPLE, TARGETS } from "./counter.ts";
import { createJourney } from "./journey.ts";

const MINUTE = 60_000;
const LADDER = "approval: {medium: {remind: 5m, escalate: 8m, expires: 1h}}\n";
const BASE = PEOPLE + TARGETS + LADDER;
/** The journey begins at 03:00 UTC. */
const START = new Date("2026-03-01T03:00:00Z");

function local(minutes: number): string {
  const at = new Date(START.getTime() + minutes * MINUTE);
  const two = (n: number) => String(n).padStart(2, "0");
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

function windowFor(scope: string, from: number, to: number): string {
  return `maintenance: [{title: Patch night, ${scope}, from: ${local(from)}, to: ${local(to)}}]\n`;
}

function open(policy: string, risk = "low") {
  const journey = createJourney({ policy: BASE + policy, risk });
  const newest = async () => {
    const found = await journey.newest();
    if (found?.view == null) throw new Error("there is no incident");
    return { ...found, view: found.view };
  };
  const card = async () => {
    const { policy: rules } = journey.catalogue.read();
    if (rules === null) throw new Error("the policy can't be read");
    const now = journey.now();
    const maintenance = (labels: Record<string, string>) => maintenanceOfAlert(rules, labels, now);
    const context = { autohealing: true, now, publicUrl: "http://127.0.0.1:9095", maintenance };
    return JSON.stringify(cardOf((await newest()).view, context));
  };
  return { journey, newest, card, ...openCounter(journey) };
}

const SCOPES = [
  ["of the target", "targets: [web]"],
  ["of the alert", "match: {service: web}"],
] as const;

describe.each(SCOPES)("a maintenance window %s", (_, scope) => {
  it("P4 lets nothing run unasked, shows the alert with the reason, and it runs when the window is over", async () => {
    const { journey, newest, card } = open(windowFor(scope, -10, 30));
    await journey.enableAutohealing();

    await journey.fire();
    await journey.pass(29 * MINUTE);

    expect(journey.runs).toEqual([]);
    expect(await newest()).toMatchObject({ state: "denied" });
    expect(await card()).toContain('web is under maintenance (\\"Patch night\\") until');
    await journey.pass(2 * MINUTE);
    expect(journey.runs).toHaveLength(1);
  });

  it("P2 that opens between approval and start stops it, as /maintenance does", async () => {
    const { journey, newest, decide } = open(windowFor(scope, 5, 60), "medium");
    await journey.fire();
    journey.jump(5 * MINUTE - 1);
    expect((await decide("approve", ben)).outcome).toBe("approved");
    journey.jump(1);
    await journey.settle();

    expect(journey.runs).toEqual([]);
    const { view } = await newest();
    expect(view.requests.map(({ state }) => state)).toEqual(
      expect.arrayContaining(["superseded", "denied"]),
    );
  });

  it("takes no approval while it is open, and takes a reject", async () => {
    const { journey, decide } = open(windowFor(scope, 1, 30), "medium");
    await journey.fire();
    await journey.pass(2 * MINUTE);

    const ruling = await decide("approve", ben);

    expect(ruling).toMatchObject({ outcome: "not_allowed" });
    expect(JSON.stringify(ruling)).toContain("Patch night");
    expect((await decide("reject", ben)).outcome).toBe("rejected");
    expect(journey.runs).toEqual([]);
  });

  it("nobody is reminded, called or paged about what waits, until it is over", async () => {
    const { journey, newest } = open(windowFor(scope, 1, 30), "medium");
    await journey.fire();
    const called = async () =>
      announcementsOf((await newest()).view, journey.now())
        .map(({ text }) => text)
        .filter((text) => /^(?:⏰|🔔|📟)/.test(text));

    await journey.pass(29 * MINUTE);
    expect(await called()).toEqual([]);
    expect(journey.world.pages).toEqual([]);

    await journey.pass(2 * MINUTE);
    expect(await called()).toHaveLength(3);
    expect(journey.world.pages).toEqual(["trigger"]);
  });
});

it("nothing is held up elsewhere: another target runs unasked", async () => {
  const { journey } = open(windowFor("targets: [db]", -10, 30));
  await journey.enableAutohealing();

  await journey.fire();

  expect(journey.runs).toHaveLength(1);
});

it("an action that a person asks for on the target waits for its end, too", async () => {
  const { desk, journey } = open(windowFor("targets: [web]", -10, 30));

  const answer = await desk.chat.run({
    ...{ runbook: "web-down", action: null, params: { service: "web" }, target: null },
    ...{ incident: null, person: ana, channel: "telegram" },
  });

  expect(answer).toMatchObject({ outcome: "refused" });
  expect(JSON.stringify(answer)).toContain("Patch night");
  expect(journey.runs).toEqual([]);
});

it("nobody is called about a target that /maintenance has taken out, either", async () => {
  const { journey, desk } = open("", "medium");
  await journey.fire();
  await desk.chat.maintain({ target: "web", forMs: 30 * MINUTE, person: ana });

  await journey.pass(29 * MINUTE);
  expect(journey.world.pages).toEqual([]);

  await journey.pass(2 * MINUTE);
  expect(journey.world.pages).toEqual(["trigger"]);
});

describe("places outside the chats", () => {
  const ROUTE = "alerts: {route: [{match: {}, to: [telegram, pagerduty]}]}\n";
  const about = { instance: "web:9100" };

  it.each([
    ["a window of the alert", "match: {service: web}"],
    ["a window of the target that its instance names", "targets: [web]"],
  ])("hear of an alert when %s is over, if it still fires", async (_, scope) => {
    const { journey, card } = open(windowFor(scope, -10, 30) + ROUTE);

    await journey.fire(about);
    await journey.pass(29 * MINUTE);
    expect(journey.world.tellings).toEqual([]);
    expect(await card()).toMatch(
      /🔧 Maintenance until .*: Patch night\. Nothing runs, and nobody is called/,
    );

    await journey.pass(2 * MINUTE);
    expect(journey.world.tellings).toEqual(["pagerduty: firing"]);
    expect(await card()).not.toContain("🔧");
  });

  it("never hear of one that is over by then", async () => {
    const { journey } = open(windowFor("targets: [web]", -10, 30) + ROUTE);

    await journey.fire(about);
    await journey.resolve(about);
    await journey.pass(40 * MINUTE);

    expect(journey.world.tellings).toEqual([]);
  });

  it("hear the end of what they were told of before it opened", async () => {
    const { journey } = open(windowFor("targets: [web]", 5, 30) + ROUTE);

    await journey.fire(about);
    await journey.pass(10 * MINUTE);
    await journey.resolve(about);

    expect(journey.world.tellings).toEqual(["pagerduty: firing", "pagerduty: resolved"]);
  });

  it("hear at once where only one of two alerts is under maintenance", async () => {
    const { journey } = open(windowFor("match: {service: web}", -10, 30) + ROUTE);

    await journey.fire({ service: "db" }, { groupKey: "one" });
    await journey.fire({ service: "web" }, { groupKey: "one" });

    expect(journey.world.tellings).toEqual(["pagerduty: firing"]);
  });

  it("hear nothing of a target that /maintenance has taken out", async () => {
    const { journey, desk } = open(ROUTE);
    await desk.chat.maintain({ target: "web", forMs: 30 * MINUTE, person: ana });

    await journey.fire(about);
    expect(journey.world.tellings).toEqual([]);

    await journey.pass(31 * MINUTE);
    expect(journey.world.tellings).toEqual(["pagerduty: firing"]);
  });
});
