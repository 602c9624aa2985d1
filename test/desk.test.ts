import { describe, expect, it } from "vitest";
import type { SignInWay } from "../src/approval/approval.ts";
import { createCommands } from "../src/chat/commands.ts";
import { consoleCommands } from "../src/console-commands.ts";
import { createDesk, personFor } from "../src/desk.ts";
import { createMetrics } from "../src/metrics.ts";
import { ask, tryOut } from "../src/responder/ask.ts";
import { edit } from "../src/responder/edit.ts";
import { createLookNow } from "../src/responder/look-now.ts";
import { silence } from "../src/responder/silence.ts";
import { undo } from "../src/responder/undo.ts";
import { createJourney } from "./responder/journey.ts";

const TWO_APPROVERS = `people:
  - {name: ana, telegram: 7, roles: [approver]}
  - {name: ben, telegram: 8, roles: [approver]}
  - {name: eve, telegram: 9, roles: [viewer]}
targets: {web: {executor: command}}
protected: [web]
`;

function openDesk({ hasPasskey = false } = {}) {
  const journey = createJourney({ policy: TWO_APPROVERS });
  const { catalogue } = journey.ports;
  const metrics = createMetrics(() => Promise.resolve({}));
  const desk = createDesk({
    store: journey.store,
    catalogue,
    health: () => Promise.resolve({ status: "ok", checks: {} }),
    metrics,
    now: journey.now,
    ask: (wish) => ask(journey.ports, wish),
    tryOut: (wish) => tryOut(journey.ports, wish),
    costs: () => Promise.resolve(null),
    audit: () => Promise.reject(new Error("nobody asks here")),
    edit: (wish) => edit(journey.ports, wish),
    lookNow: createLookNow(journey.ports),
    hasPasskey: () => Promise.resolve(hasPasskey),
    undo: (wanted) => undo(journey.ports, wanted),
    silence: (wanted) => silence(journey.ports, { ...wanted, requestId: null, comment: "quiet" }),
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
  return { journey, metrics, approve, desk };
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

it("T58 the time that people take to answer is counted, three seconds being a step of its own", async () => {
  const { journey, metrics, approve } = openDesk();
  await journey.fire();
  await journey.pass(2_000);
  expect(await approve("7")).toBe("counted");
  await journey.pass(60_000);
  expect(await approve("8")).toBe("approved");

  const text = await metrics.text();
  expect(text).toContain('countersign_request_to_decision_seconds_bucket{le="3"} 0');
  expect(text).toContain('countersign_request_to_decision_seconds_bucket{le="180"} 1');
});

it("P6 an action that names its approvers takes nobody else's word", async () => {
  const { journey, approve } = openDesk();
  journey.editRunbook((text) =>
    text.replace("    limit: 3/1h", "    limit: 3/1h\n    approvers: ben"),
  );
  await journey.fire();

  expect(await approve("7")).toBe("not_allowed");

  expect(await journey.newest()).toMatchObject({ state: "pending" });
});

describe("T07 high risk in the console, typed with a reason", () => {
  const ANA = { name: "ana", roles: ["approver"] } as const;

  async function approveIn(
    hasPasskey: boolean,
    session: { signedIn: SignInWay; passkey?: string },
  ): Promise<{ outcome: string; record: string }> {
    const { journey, desk } = openDesk({ hasPasskey });
    await journey.fire();
    const request = await journey.newest();
    if (request === null || request.state === "denied") throw new Error("nothing to decide");
    const { planCode, digest } = request;
    const typed = { decision: "approve", person: ANA, reason: "seen", via: "typed" } as const;
    const { outcome } = await desk.console.decide({ planCode, digest, ...typed, ...session });
    const { store } = journey;
    const entries = store.record.entriesFrom(await store.record.exportFrom(null));
    const texts: string[] = [];
    for await (const found of entries) texts.push(...found.map(({ event }) => event));
    return { outcome, record: texts.at(-1) ?? "" };
  }

  it.each([
    ["of a person without a passkey", false, { signedIn: "link" }, "counted"],
    ["of one with a passkey", true, { signedIn: "link" }, "must_prove"],
    ["and with the passkey", true, { signedIn: "link", passkey: "id-1" }, "counted"],
    ["and with the passkey in any session", true, { signedIn: "chat", passkey: "id" }, "counted"],
    ["in a session that a chat began", false, { signedIn: "chat" }, "must_prove"],
    ["where the passkey was taken away since", false, { signedIn: "passkey" }, "must_prove"],
  ] as const)("T07 %s", async (_what, hasPasskey, session, outcome) => {
    const ruled = await approveIn(hasPasskey, session);

    expect(ruled.outcome).toBe(outcome);
    const refused = '"kind":"decision.refused"';
    expect(ruled.record).toContain(
      outcome === "counted" ? '"kind":"request.vote_counted"' : refused,
    );
  });

  it("P9 names the passkey in the record, where one was used", async () => {
    const id = "nWbCk2mS0pPj3yT4Zr1h7gQe9xLuVdAoFiR8cBtXwsE";
    const proven = await approveIn(true, { signedIn: "link", passkey: id });
    const typed = await approveIn(false, { signedIn: "link" });

    expect(JSON.parse(proven.record)).toMatchObject({ actor: "ana", data: { passkey: id } });
    expect(typed.record).not.toContain("passkey");
  });

  it.each([
    ["link", true],
    ["chat", false],
  ] as const)("T07 its command box is no way around it (%s)", async (way, hasPasskey) => {
    const { journey, desk } = openDesk({ hasPasskey });
    await journey.fire();
    const registry = createCommands({ desk: desk.chat, publicUrl: "https://c.example" });
    const { useToken } = journey.store.cards;
    const run = consoleCommands({ desk: desk.chat, registry, useToken, now: journey.now });
    const { planCode } = (await journey.newest()) ?? {};

    const { text } = await run(`/approve ${planCode} seen it`, { person: ANA, way });

    expect(text).toContain("passkey");
    expect(await journey.newest()).toMatchObject({ state: "pending", votes: [] });
  });

  it("a chat takes the typed code as before", async () => {
    const { journey, approve } = openDesk({ hasPasskey: true });
    await journey.fire();

    expect(await approve("7")).toBe("counted");
  });
});
