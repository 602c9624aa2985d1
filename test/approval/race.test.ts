import { describe, expect, it } from "vitest";
import type { Person, PlannedRequest } from "../../src/approval/approval.ts";
import { buttonData, createPresses } from "../../src/chat/press.ts";
import { rulingText } from "../../src/chat/wording.ts";
import { createDesk } from "../../src/desk.ts";
import { createMetrics } from "../../src/metrics.ts";
import { ask, tryOut } from "../../src/responder/ask.ts";
import { edit } from "../../src/responder/edit.ts";
import { createLookNow } from "../../src/responder/look-now.ts";
import { silence } from "../../src/responder/silence.ts";
import { undo } from "../../src/responder/undo.ts";
import { createJourney } from "../responder/journey.ts";

const CLICKS = 200;
const ROUNDS = 100;
const FEWER_ROUNDS = 30;
const NAMES = ["ana", "ben", "cyd", "dan"];
const PEOPLE: readonly Person[] = NAMES.map((name) => ({ name, roles: ["viewer", "approver"] }));
const POLICY = `people:
${NAMES.map((name, i) => `  - {name: ${name}, telegram: ${i + 1}, roles: [viewer, approver]}`).join("\n")}
targets: {web: {executor: command}}
`;
const CHATS = [
  { channel: "telegram", chat: "-100" },
  { channel: "slack", chat: "C1" },
] as const;

type Verb = "approve" | "reject";

/** One pending request with a card in two chats and a page of the console, ready for clicks. */
async function createCrowd() {
  const journey = createJourney({ risk: "medium", policy: POLICY, chats: [...CHATS] });
  const { store } = journey;
  const desk = createDesk({
    store,
    catalogue: journey.catalogue,
    health: () => Promise.resolve({ status: "ok" as const, checks: {} }),
    metrics: createMetrics(() => Promise.resolve({})),
    now: journey.now,
    costs: () => Promise.resolve(null),
    ask: (wish) => ask(journey.ports, wish),
    tryOut: (wish) => tryOut(journey.ports, wish),
    audit: () => Promise.reject(new Error("nobody asks here")),
    edit: (wish) => edit(journey.ports, wish),
    lookNow: createLookNow(journey.ports),
    hasPasskey: () => Promise.resolve(false),
    undo: (wanted) => undo(journey.ports, wanted),
    silence: (wanted) => silence(journey.ports, { ...wanted, requestId: null, comment: "quiet" }),
    onAutohealingChanged: () => undefined,
  });
  const presses = createPresses({ desk: desk.chat, useToken: store.cards.useToken });
  const incidentId = await journey.fire();
  const { id } = (await journey.newest()) ?? {};
  const request = (await store.requests.find(id ?? "")) as PlannedRequest;
  const tokens = await Promise.all(
    CHATS.map(async (place) => {
      const where = { incidentId, ...place };
      const shown = { version: 1, hash: "", state: "", messageId: "1" };
      await store.cards.posted({ ...where, ...shown });
      const pair = (await store.cards.tokensFor({ ...where, requestIds: [request.id] }))[
        request.id
      ];
      if (pair === undefined) throw new Error("the card has no buttons");
      return pair;
    }),
  );

  /** The way of each channel's adapter into the desk, and what the person is told. */
  async function click(channel: number, verb: Verb, person: Person): Promise<string> {
    const [place, pair] = [CHATS[channel], tokens[channel]];
    if (place !== undefined && pair !== undefined) {
      const data = buttonData(verb, pair[verb]);
      const at = { ...place, messageId: "1", person, now: journey.now() };
      return (await presses.press({ data, ...at })).text;
    }
    const { planCode, digest } = request;
    const attempt = { planCode, digest, decision: verb, person, reason: null } as const;
    const how = { via: "tap", signedIn: "link" } as const;
    return rulingText(await desk.console.decide({ ...attempt, ...how }), "console");
  }

  /** The edges of this request's life, as the record tells them. */
  async function stateNow(): Promise<string> {
    return (await store.requests.find(request.id))?.state ?? "gone";
  }

  return { journey, click, stateNow, request };
}

describe("T49 T50 two hundred clicks at once, from three channels", () => {
  it("P3 make one transition and at most one run, and tell every other who won", async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { journey, click, stateNow } = await createCrowd();

      const clicks = Array.from({ length: CLICKS }, (_, i) =>
        click((i + round) % 3, "approve", PEOPLE[(i * 7 + round) % 4] as Person),
      );
      // The run begins while most of them are still on their way.
      const [told] = await Promise.all([Promise.all(clicks), journey.settle()]);
      await journey.settle();

      const winners = told.filter((text) => text.startsWith("✅ Approved"));
      const others = told.filter((text) => !text.startsWith("✅ Approved"));
      expect(winners).toHaveLength(1);
      for (const text of others) {
        expect(text).toMatch(/^Decided already: \w+ \(approve by (?:ana|ben|cyd|dan)\)/);
      }
      expect(new Set(others.map((text) => /by (\w+)/.exec(text)?.[1])).size).toBe(1);
      expect(journey.runs).toHaveLength(1);
      expect(await stateNow()).toBe("succeeded");
    }
  }, 900_000);

  it("P5 never run what one of them rejects before it starts", async () => {
    let rejected = 0;
    for (let round = 0; round < FEWER_ROUNDS; round += 1) {
      const { journey, click, stateNow, request } = await createCrowd();
      const rejectAt = (round * 37) % CLICKS;

      const clicks = Array.from({ length: CLICKS }, (_, i) =>
        click((i + round) % 3, i === rejectAt ? "reject" : "approve", PEOPLE[i % 4] as Person),
      );
      // In some rounds it starts before the rejection is heard, in the others after it.
      const [told] = await Promise.all([
        Promise.all(clicks),
        round % 2 === 0 ? journey.settle() : undefined,
      ]);
      await journey.settle();

      const state = await stateNow();
      const isRejected = told.some((text) => text.startsWith("❌ Rejected"));
      rejected += isRejected ? 1 : 0;
      expect(told.filter((text) => text.startsWith("✅ Approved")).length).toBeLessThanOrEqual(1);
      expect({ state, runs: journey.runs.length }).toEqual(
        isRejected ? { state: "rejected", runs: 0 } : { state: "succeeded", runs: 1 },
      );
      for (const text of told.filter((one) => !/^(?:✅ Approved|❌ Rejected)/.test(one))) {
        expect(text).toMatch(/^Decided already: \w+ \((?:approve|reject) by \w+\)/);
      }
      const { votes } = (await journey.store.requests.find(request.id)) as PlannedRequest;
      expect(votes.filter(({ decision }) => decision === "approve").length).toBeLessThanOrEqual(1);
    }
    expect(rejected).toBeGreaterThanOrEqual(FEWER_ROUNDS / 2);
  }, 900_000);
});
