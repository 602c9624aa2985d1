import { describe, expect, it } from "vitest";
import { decidersOf } from "../../src/approval/approval.ts";
import { announcementsOf } from "../../src/chat/announcements.ts";
import { cardOf } from "../../src/chat/card.ts";
import { ana, ben, openCounter, PEOPLE, TARGETS } from "./counter.ts";
import { createJourney } from "./journey.ts";

const MINUTE = 60_000;
const BEN = "rota: {people: [ben], starts: 2026-02-02 09:00}\n";
const POLICY = `${PEOPLE}${TARGETS}escalation: {to: on_call}\n`;

async function asked(policy: string, risk = "medium") {
  const journey = createJourney({ risk, policy });
  const { desk } = openCounter(journey);
  const request = async () => {
    const found = await journey.newest();
    const planned = found?.view?.requests.at(-1);
    if (found?.view == null || planned === undefined || planned.state === "denied") {
      throw new Error("nothing is asked");
    }
    return { view: found.view, planned };
  };
  const lines = async () =>
    announcementsOf((await request()).view, journey.now()).map(({ text }) => text);
  const card = async () => {
    const context = { autohealing: true, now: journey.now(), publicUrl: "http://127.0.0.1:9095" };
    return JSON.stringify(cardOf((await request()).view, context));
  };
  return { journey, desk, request, lines, card };
}

describe("who is on call", () => {
  it("is called by name when nobody answers, and the card and the record say so", async () => {
    const { journey, lines, card } = await asked(POLICY + BEN);
    await journey.fire();
    expect(await card()).not.toContain("Called");

    await journey.pass(9 * MINUTE);

    expect(await lines()).toContainEqual(
      expect.stringMatching(/^🔔 Escalated: .* needs a decision \(ben, who is on call\)$/),
    );
    expect(await card()).toContain("Called: ben, who is on call.");
    expect(journey.world.pages).toEqual(["trigger"]);
    const id = (await journey.newest())?.view?.incident.id ?? "";
    expect((await journey.store.views.timeline(id)).map(({ text }) => text)).toContain(
      "Nobody has decided yet: ben, who is on call, was called",
    );
    expect((await journey.vote(ben, "approve")).outcome).toBe("approved");
  });

  it("is whoever it is at that moment, an override included", async () => {
    const overrides = "[{from: 2026-03-01 00:00, to: 2026-03-02 00:00, person: cleo}]";
    const { journey, lines } = await asked(
      POLICY + BEN.replace("}\n", `, overrides: ${overrides}}\n`),
    );
    await journey.fire();

    await journey.pass(9 * MINUTE);

    expect(await lines()).toContainEqual(expect.stringContaining("(cleo, who is on call)"));
  });

  it("P6 may decide nothing by it that they may not decide anyway, and then those are asked who may", async () => {
    const high = "approval: {high: {approvers: operator}}\nsolo_mode: false\n";
    const { journey, request, lines, card } = await asked(POLICY + high + BEN, "high");
    await journey.fire();
    const before = decidersOf((await request()).planned);

    await journey.pass(7 * MINUTE);

    expect((await request()).planned.calls.escalated).toMatchObject({ onCall: null });
    expect(decidersOf((await request()).planned)).toEqual(before);
    expect((await journey.vote(ben, "approve", { via: "typed", reason: "x" })).outcome).toBe(
      "not_allowed",
    );
    expect((await journey.vote(ben, "reject")).outcome).toBe("not_allowed");
    expect(await lines()).toContainEqual(expect.stringMatching(/^🔔 Escalated: .*\(operator\)$/));
    expect(await card()).not.toContain("on call");
  });

  it("P6 adds nobody where they are called", async () => {
    const { journey, request } = await asked(POLICY + BEN);
    await journey.fire();
    const before = decidersOf((await request()).planned);

    await journey.pass(9 * MINUTE);

    expect((await request()).planned.calls.escalated).toMatchObject({ onCall: "ben" });
    expect(decidersOf((await request()).planned)).toEqual(before);
  });

  it("P7 is not called about what they asked for themselves", async () => {
    const { journey, desk, request } = await asked(POLICY + BEN.replace("ben", "ana"));
    await desk.chat.run({
      ...{ runbook: "web-down", action: null, params: { service: "web" }, target: null },
      ...{ incident: null, person: ana, channel: "telegram" },
    });

    await journey.pass(9 * MINUTE);

    expect((await request()).planned).toMatchObject({
      requester: "ana",
      calls: { escalated: { onCall: null } },
    });
  });

  it("is not called again for a second approval of their own", async () => {
    const { journey, request } = await asked(POLICY + BEN, "high");
    await journey.fire();
    await journey.vote(ben, "approve", { via: "typed", reason: "looks right" });

    await journey.pass(7 * MINUTE);

    expect((await request()).planned.calls.escalated).toMatchObject({ onCall: null });
  });
});
