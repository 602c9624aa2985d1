import type { Channel, Person } from "../../src/approval/approval.ts";
import { createDesk } from "../../src/desk.ts";
import { createMetrics } from "../../src/metrics.ts";
import { ask, tryOut } from "../../src/responder/ask.ts";
import { edit } from "../../src/responder/edit.ts";
import { createLookNow } from "../../src/responder/look-now.ts";
import { silence } from "../../src/responder/silence.ts";
import { undo } from "../../src/responder/undo.ts";
import type { createJourney } from "./journey.ts";

export const ana: Person = { name: "ana", roles: ["operator", "approver"] };
export const ben: Person = { name: "ben", roles: ["approver"] };
export const cleo: Person = { name: "cleo", roles: ["approver"] };
export const eve: Person = { name: "eve", roles: ["viewer"] };

export const PEOPLE = `people:
  - {name: ana, telegram: 7, roles: [operator, approver]}
  - {name: ben, telegram: 8, roles: [approver]}
  - {name: cleo, telegram: 9, roles: [approver]}
  - {name: eve, telegram: 10, roles: [viewer]}
`;
export const TARGETS = "targets: {web: {executor: command}, db: {executor: command}}\n";

/** The desk that every channel speaks to, in front of a journey. */
export function openCounter(
  journey: ReturnType<typeof createJourney>,
  { lookWithinMs }: { lookWithinMs?: number } = {},
) {
  const desk = createDesk({
    store: journey.store,
    catalogue: journey.catalogue,
    health: () => Promise.resolve({ status: "ok", checks: {} }),
    metrics: createMetrics(() => Promise.resolve({})),
    now: journey.now,
    ask: (wish) => ask(journey.ports, wish),
    tryOut: (wish) => tryOut(journey.ports, wish),
    edit: (wish) => edit(journey.ports, wish),
    costs: () => Promise.resolve(null),
    audit: () => Promise.reject(new Error("nobody asks here")),
    lookNow: createLookNow(journey.ports, lookWithinMs),
    hasPasskey: () => Promise.resolve(false),
    undo: (wanted) => undo(journey.ports, wanted),
    silence: (wanted) => silence(journey.ports, { ...wanted, requestId: null, comment: "quiet" }),
    onAutohealingChanged: () => undefined,
  });

  /** One click or typed decision on the newest request; what follows from it is not done yet. */
  async function decide(
    decision: "approve" | "reject",
    person: Person,
    more: { planCode?: string; via?: "tap" | "typed"; channel?: Channel } = {},
  ) {
    const request = await journey.newest();
    return await desk.chat.decide({
      ...{ requestId: null, reason: "looked at it", decision, person },
      planCode: more.planCode ?? request?.planCode ?? "",
      channel: more.channel ?? "telegram",
      via: more.via ?? "typed",
    });
  }

  return { desk, decide };
}
