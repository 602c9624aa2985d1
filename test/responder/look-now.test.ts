import { describe, expect, it } from "vitest";
import { cardOf } from "../../src/chat/card.ts";
import { createCommands } from "../../src/chat/commands.ts";
import { ana, ben, eve, openCounter, PEOPLE, TARGETS } from "./counter.ts";
import { createJourney } from "./journey.ts";

const MINUTE = 60_000;
const TWO_NEEDED = `${PEOPLE}${TARGETS}protected: [web]\n`;
const EVIDENCE = `---
id: web-down
title: The web service is down
match: {alertname: WebDown}
evidence:
  - {id: state, title: Its state, probe: {executor: command, with: {argv: [/usr/bin/test]}}}
actions:
  - id: restart
    title: Restart the web service
    risk: medium
    executor: command
    with: {argv: [/usr/bin/true, restart]}
    target: web
    targets: all
---
Prose.
`;

function open(options: Parameters<typeof createJourney>[0] & { lookWithinMs?: number } = {}) {
  const { lookWithinMs = 1_000, ...rest } = options;
  const journey = createJourney({ risk: "medium", policy: PEOPLE + TARGETS, ...rest });
  return { journey, ...openCounter(journey, { lookWithinMs }) };
}

const kindsOf = async ({ journey }: ReturnType<typeof open>) => {
  const incident = (await journey.newest())?.incidentId ?? "";
  return (await journey.store.views.timeline(incident)).map(({ kind }) => kind);
};

/** A source that takes every question and answers none. */
const silent = () => new Promise<never>(() => undefined);
const MUTE = { isActive: silent, silence: silent, unsilence: silent };

describe("a click on Approve", () => {
  it("P8 T52 is told that the source no longer reports the alert, and cancels instead", async () => {
    const lab = open();
    lab.journey.world.alertmanager = true;
    await lab.journey.fire();
    lab.journey.world.alertmanager = false;

    const ruling = await lab.decide("approve", ben);

    expect(ruling).toMatchObject({
      outcome: "over",
      why: "Alertmanager no longer reports the alert",
      request: { state: "cancelled", votes: [] },
    });
    expect(await kindsOf(lab)).toEqual(
      expect.arrayContaining(["decision.refused", "request.cancelled"]),
    );
    expect(await kindsOf(lab)).not.toContain("request.approved");
    await lab.journey.settle();
    expect(lab.journey.runs).toEqual([]);
  });

  it("P8 T54 is told that the precondition no longer holds, and cancels instead", async () => {
    const lab = open();
    await lab.journey.fire();
    lab.journey.world.state = "up";

    expect(await lab.decide("approve", ben)).toMatchObject({ outcome: "over" });

    expect(await lab.journey.newest()).toMatchObject({
      state: "cancelled",
      endReason: expect.stringContaining("the precondition no longer holds"),
    });
    expect(await kindsOf(lab)).not.toContain("request.approved");
  });

  it("P6 P8 is looked at with each vote, also with one that is not the last", async () => {
    const lab = open({ policy: TWO_NEEDED });
    await lab.journey.fire();
    lab.journey.world.state = "up";

    expect(await lab.decide("approve", ben)).toMatchObject({ outcome: "over" });
    expect(await lab.decide("approve", ana)).toMatchObject({ outcome: "already_decided" });
  });

  it("P4 P8 T52 of a request without an alert looks at its precondition, and its incident is over", async () => {
    const lab = open();
    const wish = { runbook: "web-down", action: null, target: null, incident: null } as const;
    const params = { service: "web" };
    await lab.desk.chat.run({ ...wish, params, person: ana, channel: "telegram" });
    lab.journey.world.state = "up";

    expect(await lab.decide("approve", ben)).toMatchObject({ outcome: "over" });

    expect((await lab.journey.newest())?.view?.incident).toMatchObject({ state: "resolved" });
  });

  it("P8 P12 counts while the source can't be asked, says so, and waits for it before the run", async () => {
    const lab = open();
    lab.journey.world.alertmanager = true;
    await lab.journey.fire();
    lab.journey.world.alertmanager = "unreachable";

    expect(await lab.decide("approve", ben)).toMatchObject({
      outcome: "approved",
      doubts: ["It waits: Alertmanager can't be asked whether the alert still fires"],
    });
    await lab.journey.settle();
    expect(lab.journey.runs).toEqual([]);
    lab.journey.world.alertmanager = true;
    await lab.journey.pass(MINUTE);

    expect(lab.journey.runs).toHaveLength(1);
  });

  it("P8 is answered in time by sources that take the question and stay silent", async () => {
    const lab = open({ lookWithinMs: 5 });
    await lab.journey.fire();
    const { ports } = lab.journey;
    const stuck = openCounter(
      { ...lab.journey, ports: { ...ports, alertmanager: MUTE } },
      { lookWithinMs: 5 },
    );

    const ruling = await stuck.decide("approve", ben);

    expect(ruling).toMatchObject({ outcome: "approved", doubts: [expect.any(String)] });
  });

  it("T65 makes nobody look who may not decide, and looks once for many at a time", async () => {
    const lab = open({ policy: TWO_NEEDED });
    await lab.journey.fire();
    let looks = 0;
    lab.journey.world.onLook = () => {
      looks += 1;
    };

    await lab.decide("approve", eve);
    await lab.decide("reject", eve);
    await lab.decide("approve", ben, { via: "tap" });
    expect(looks).toBe(0);
    const rulings = await Promise.all(Array.from({ length: 50 }, () => lab.decide("approve", ben)));

    expect(looks).toBe(1);
    expect(rulings.filter(({ outcome }) => outcome === "counted")).toHaveLength(1);
    expect(rulings.filter(({ outcome }) => outcome === "already_voted")).toHaveLength(49);
  });

  it("P2 T60 goes by the policy as it is after the look, not before", async () => {
    const lab = open();
    await lab.journey.fire();
    lab.journey.world.onLook = () => lab.journey.writePolicy(TWO_NEEDED);

    expect(await lab.decide("approve", ben)).toMatchObject({ outcome: "not_allowed" });
    expect(lab.journey.runs).toEqual([]);
  });

  it("P4 T53 is too late when the request expired during the look", async () => {
    const lab = open();
    await lab.journey.fire();
    lab.journey.world.onLook = () => lab.journey.jump(60 * MINUTE);

    expect(await lab.decide("approve", ben)).toMatchObject({ outcome: "expired" });
  });

  it("P5 loses to a reject that came during the look", async () => {
    const lab = open();
    await lab.journey.fire();
    let rejection: Promise<unknown> = Promise.resolve();
    lab.journey.world.onLook = () => {
      rejection = lab.decide("reject", ana);
    };

    const ruling = await lab.decide("approve", ben);
    await rejection;
    await lab.journey.settle();

    expect(ruling.outcome).toMatch(/^(approved|already_decided)$/);
    expect(await lab.journey.newest()).toMatchObject({ state: "rejected" });
    expect(lab.journey.runs).toEqual([]);
  });
});

describe("evidence at a click", () => {
  it("T54 is collected anew when it is older than five minutes, under the ids it had", async () => {
    const lab = open({ runbook: EVIDENCE });
    await lab.journey.fire();
    await lab.journey.pass(6 * MINUTE);
    lab.journey.world.state = "nearly down";

    const ruling = await lab.decide("approve", ben);

    expect(ruling).not.toHaveProperty("doubts");
    expect((await lab.journey.newest())?.view?.evidence).toMatchObject([
      { id: "E1", text: "nearly down", collectedAt: lab.journey.now() },
    ]);
  });

  it("is left alone while it is fresh", async () => {
    const lab = open({ runbook: EVIDENCE });
    await lab.journey.fire();
    await lab.journey.pass(4 * MINUTE);
    lab.journey.world.state = "nearly down";

    await lab.decide("approve", ben);

    expect((await lab.journey.newest())?.view?.evidence).toMatchObject([{ text: "down" }]);
  });

  it("stays as it was where nobody answers, and the click says so", async () => {
    const lab = open({ runbook: EVIDENCE });
    await lab.journey.fire();
    await lab.journey.pass(6 * MINUTE);
    lab.journey.world.state = "unreachable";

    const ruling = await lab.decide("approve", ben);

    expect(ruling).toMatchObject({ doubts: ["Some evidence is over 5 minutes old"] });
    expect((await lab.journey.newest())?.view?.evidence).toMatchObject([{ text: "down" }]);
  });
});

describe("what is wanted all the same", () => {
  async function afterItsAlert() {
    const lab = open();
    await lab.journey.fire();
    await lab.journey.resolve();
    const view = (await lab.journey.newest())?.view;
    if (view == null) throw new Error("nothing was put forward");
    const card = cardOf(view, { now: lab.journey.now(), publicUrl: "", autohealing: false });
    const facts = card.sections.flatMap(({ lines }) => lines);
    const offer = facts.find((line) => line.kind === "fact" && line.value.startsWith("/run "));
    return { lab, command: offer?.kind === "fact" ? offer.value : "" };
  }

  it("P7 T52 is asked for by the card's own command, as a new request of whoever sends it", async () => {
    const { lab, command } = await afterItsAlert();
    expect(command).toBe("/run web-down restart service=web target=web");
    const registry = createCommands({ desk: lab.desk.chat, publicUrl: "" });
    const where = { channel: "telegram", chatId: "1", accountId: "7" } as const;
    const context = { ...where, person: ana, roles: ana.roles, now: lab.journey.now() };

    await registry.handle(context, command);

    const anew = await lab.journey.newest();
    expect(anew).toMatchObject({ state: "pending", requester: "ana", episodeId: null });
    expect(await lab.decide("approve", ana)).toMatchObject({ outcome: "not_allowed" });
    expect(await lab.decide("approve", ben)).toMatchObject({ outcome: "approved" });
    await lab.journey.settle();
    expect(lab.journey.runs).toHaveLength(1);
  });

  it("is not offered where the precondition failed or people said no", async () => {
    const lab = open();
    await lab.journey.fire();
    lab.journey.world.state = "up";
    await lab.decide("approve", ben);
    const view = (await lab.journey.newest())?.view;
    if (view == null) throw new Error("nothing was put forward");

    const card = cardOf(view, { now: lab.journey.now(), publicUrl: "", autohealing: false });

    expect(JSON.stringify(card)).not.toContain("/run ");
  });
});
