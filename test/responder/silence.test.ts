import { describe, expect, it } from "vitest";
import { announcementsOf } from "../../src/chat/announcements.ts";
import { createJourney } from "./journey.ts";

const MINUTE = 60_000;
const POLICY = `people:
  - {name: ana, telegram: 7, roles: [operator, admin]}
  - {name: ben, telegram: 8, roles: [approver]}
targets: {web: {executor: command}}
approval: {medium: {remind: 5m, escalate: 8m, expires: 15m}}
escalation: {to: admin}
`;

async function asked(policy = POLICY) {
  const journey = createJourney({ risk: "medium", policy });
  await journey.fire();
  const lines = async () => {
    const view = (await journey.newest())?.view;
    return view == null ? [] : announcementsOf(view, journey.now()).map(({ text }) => text);
  };
  return { journey, lines };
}

describe("the ladder for silence", () => {
  it("reminds, then calls others, then whoever is on call, and ends with no", async () => {
    const { journey, lines } = await asked();
    expect(await lines()).toHaveLength(1);

    await journey.pass(6 * MINUTE);
    expect((await lines()).at(-1)).toMatch(/^⏰ Still waiting: .* needs a decision \(approver\)$/);

    await journey.pass(3 * MINUTE);
    expect((await lines()).slice(-2)).toEqual([
      expect.stringMatching(/^🔔 Escalated: .* needs a decision \(admin\)$/),
      expect.stringMatching(/^📟 Paged: /),
    ]);
    expect(journey.world.pages).toEqual(["trigger"]);

    await journey.pass(7 * MINUTE);
    expect(await journey.newest()).toMatchObject({ state: "expired" });
    expect(await lines()).toEqual([expect.stringMatching(/^⌛ .* it will not run$/)]);
    expect(journey.world.pages).toEqual(["trigger", "resolve"]);
    expect((await journey.vote({ name: "ben" }, "approve")).outcome).toBe("expired");
    expect(journey.runs).toEqual([]);
  });

  it("P6 lets those decide whom an escalation added, and nobody before it", async () => {
    const { journey } = await asked();
    const ana = { name: "ana", roles: ["operator", "admin"] as const };

    expect((await journey.vote(ana, "approve")).outcome).toBe("not_allowed");
    await journey.pass(9 * MINUTE);
    expect((await journey.vote(ana, "approve")).outcome).toBe("approved");

    expect(journey.runs).toHaveLength(1);
    await journey.pass(MINUTE);
    expect(journey.world.pages).toEqual(["trigger", "resolve"]);
  });

  it("calls nobody about what was decided", async () => {
    const { journey, lines } = await asked();
    await journey.vote({ name: "ben" }, "reject");

    await journey.pass(20 * MINUTE);

    expect(await lines()).toEqual([]);
    expect(journey.world.pages).toEqual([]);
    expect((await journey.newest())?.view?.requests[0]).toMatchObject({
      calls: { remindedAt: null, escalated: null, pagedAt: null },
    });
  });

  it("has no step that would come after the expiry", async () => {
    const { journey } = await asked(
      POLICY.replace("remind: 5m, escalate: 8m", "remind: 0s, escalate: 20m"),
    );

    await journey.pass(30 * MINUTE);

    expect((await journey.newest())?.view?.requests[0]).toMatchObject({
      state: "expired",
      calls: { remindedAt: null, escalated: null },
    });
  });

  it("takes each step once, also when its step is done twice", async () => {
    const { journey } = await asked();
    await journey.pass(9 * MINUTE);
    const { id = "" } = (await journey.newest()) ?? {};

    expect(await journey.store.requests.remind(id)).toBe(false);
    expect(await journey.store.requests.escalate(id, { to: "viewer", onCall: null })).toBe(false);

    expect((await journey.newest())?.view?.requests[0]).toMatchObject({
      calls: { escalated: { to: "admin" } },
    });
  });
});
