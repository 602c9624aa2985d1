import { expect, it } from "vitest";
import { createDesk, personFor } from "../src/desk.ts";
import { createMetrics } from "../src/metrics.ts";
import { ask, tryOut } from "../src/responder/ask.ts";
import { edit } from "../src/responder/edit.ts";
import { createLookNow } from "../src/responder/look-now.ts";
import { createJourney } from "./responder/journey.ts";

const TWO_APPROVERS = `people:
  - {name: ana, telegram: 7, roles: [approver]}
  - {name: ben, telegram: 8, roles: [approver]}
  - {name: eve, telegram: 9, roles: [viewer]}
targets: {web: {executor: command}}
protected: [web]
`;

function openDesk() {
  const journey = createJourney({ policy: TWO_APPROVERS });
  const { catalogue } = journey.ports;
  const desk = createDesk({
    store: journey.store,
    catalogue,
    health: () => Promise.resolve({ status: "ok", checks: {} }),
    metrics: createMetrics(() => Promise.resolve({})),
    now: journey.now,
    ask: (wish) => ask(journey.ports, wish),
    tryOut: (wish) => tryOut(journey.ports, wish),
    audit: () => Promise.reject(new Error("nobody asks here")),
    edit: (wish) => edit(journey.ports, wish),
    lookNow: createLookNow(journey.ports),
    onAutohealingChanged: () => undefined,
  });
  async function approve(account: string) {
    const request = await journey.newest();
    const person = personFor(catalogue, "telegram", account);
    if (person === null) throw new Error(`nobody has the account ${account}`);
    const ruling = await desk.chat.decide({
      planCode: request?.planCode ?? "",
      requestId: null,
      decision: "approve",
      person,
      channel: "telegram",
      reason: "looked at it",
      via: "typed",
    });
    await journey.settle();
    return ruling.outcome;
  }
  return { journey, approve };
}

it("P6 T60 a vote under another policy than the one that was shown voids the plan and asks anew", async () => {
  const { journey, approve } = openDesk();
  await journey.fire();
  expect(await approve("7")).toBe("counted");

  journey.writePolicy("{}\n");
  // Without people in the policy this account is the owner's: the same human, under another name.
  expect(await approve("7")).toBe("not_allowed");
  journey.writePolicy(TWO_APPROVERS);
  await journey.settle();

  expect(journey.runs).toEqual([]);
  const request = await journey.newest();
  expect(request?.view?.requests).toHaveLength(2);
  expect(request?.view?.requests[1]).toMatchObject({
    state: "superseded",
    endReason: "policy.yaml was changed since this was shown",
  });
});

it("P9 a code that fits no request is refused and stands in the record", async () => {
  const { journey, approve } = openDesk();
  const before = (await journey.store.record.verify()).entries;

  expect(await approve("7")).toBe("not_found");

  expect((await journey.store.record.verify()).entries).toBe(before + 1);
});
