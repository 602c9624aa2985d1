import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PlannedRequest } from "../../src/approval/approval.ts";
import type { Projector } from "../../src/chat/projector.ts";
import { createProjector } from "../../src/chat/projector.ts";
import { STORM_PER_MINUTE } from "../../src/chat/storm.ts";
import { createTelegram } from "../../src/chat/telegram.ts";
import { cardStore } from "../../src/store-ports.ts";
import { NO_COMMANDS } from "../fakes/chat-ports.ts";
import type { FakeMessage, FakeTelegram } from "../fakes/telegram.ts";
import { startFakeTelegram } from "../fakes/telegram.ts";
import type { Weather } from "../fakes/weather.ts";
import { createWeather, mostInAMinute } from "../fakes/weather.ts";
import type { Lab } from "../store/lab.ts";
import { aGroup, anIncoming, createLab, MINUTE } from "../store/lab.ts";

const GROUP = -100;
const PLACE = { channel: "telegram", chat: String(GROUP) } as const;
const SECOND = 1000;

let fake: FakeTelegram;
let lab: Lab;
let projector: Projector;
let weather: Weather;

beforeEach(async () => {
  lab = createLab({ chats: [PLACE] });
  weather = createWeather(lab);
  fake = await startFakeTelegram({ chats: [{ id: GROUP }], clock: () => lab.now().getTime() });
  fake.enforceLimits();
  projector = project();
});

afterEach(async () => {
  await projector.stop();
  await fake.stop();
});

const quiet = () => undefined;
const log = { info: quiet, warn: quiet, error: quiet };
const observe = { refused: quiet, shown: quiet, failed: quiet };

/** The projector over a real store, Telegram's adapter and a Telegram that refuses what is too much, in the lab's time. */
function project(): Projector {
  const telegram = createTelegram({
    token: fake.token,
    chatId: String(GROUP),
    apiRoot: fake.url,
    desk: {} as never,
    registry: NO_COMMANDS,
    resolvePerson: () => null,
    useToken: lab.store.cards.useToken,
    incidentOn: async () => null,
    now: lab.now,
    log,
    observe,
  });
  return createProjector({
    ...PLACE,
    store: cardStore(lab.store),
    digests: lab.store.digests,
    adapter: telegram.cards,
    context: async () => ({ now: lab.now(), publicUrl: "https://c.example", autohealing: true }),
    log,
    observe,
    clock: weather.clock,
  });
}

const pass = (ms: number) => weather.pass(ms, projector);
async function burst(count: number, labels: Record<string, string> = {}): Promise<void> {
  newest = await weather.burst(count, labels);
}
let newest = 0;
const ask = () => weather.ask();
const reject = (request: PlannedRequest) => weather.reject(request);
const messages = () => fake.messages(GROUP);
const digest = (): FakeMessage | undefined => messages().find(({ text }) => text.includes("🌊"));
const sendTimes = () =>
  fake.calls.filter(({ method }) => method === "sendMessage").map(({ at }) => at);
const refused = () => fake.calls.filter(({ status }) => status !== 200);
function editsOf({ incidentId }: PlannedRequest) {
  const messageId = weather.messageOf(incidentId);
  return fake.calls.filter(
    ({ method, payload, status }) =>
      method === "editMessageText" && status === 200 && payload.message_id === Number(messageId),
  );
}

/** From the decision to the edit that shows it. */
async function latencyOf(request: PlannedRequest): Promise<number> {
  const seen = editsOf(request).length;
  const at = lab.now().getTime();
  await reject(request);
  await pass(SECOND);
  for (let n = 0; n < 300 && editsOf(request).length === seen; n += 1) await pass(100);
  return (editsOf(request)[seen]?.at ?? Number.POSITIVE_INFINITY) - at;
}

it("T65 500 alerts in a minute bring at most 20 messages a minute, and what is decided meanwhile shows within 5 s", async () => {
  projector.start();
  await burst(1);
  const waiting = [await ask()];
  for (let n = 0; n < 7; n += 1) {
    await burst(1);
    waiting.push(await ask());
  }
  await pass(2 * MINUTE);
  const cardsBefore = messages().length;
  const latencies: number[] = [];
  for (let second = 0; second < 60; second += 1) {
    await burst(second < 20 ? 9 : 8, { alertname: second % 2 ? "DiskFull" : "HighCPU" });
    const decided = second % 8 === 4 ? waiting.pop() : undefined;
    if (decided) latencies.push(await latencyOf(decided));
    else await pass(SECOND);
  }
  await pass(10 * MINUTE);

  expect(cardsBefore).toBe(8);
  expect(lab.count("incidents")).toBe(508);
  expect(latencies).toHaveLength(7);
  expect(Math.max(...latencies)).toBeLessThan(5 * SECOND);
  expect(mostInAMinute(sendTimes())).toBeLessThanOrEqual(20);
  expect(refused()).toEqual([]);
  expect(digest()?.text).toContain("Alert Storm Over: ");
  expect(messages().length).toBeLessThan(8 + STORM_PER_MINUTE + 5);
}, 60_000);

describe("a storm", () => {
  it("has one card, which grows, and says when it is over", async () => {
    await burst(40, { alertname: "HighCPU" });
    projector.start();
    await pass(5 * SECOND);
    const first = digest();
    await burst(20, { alertname: "DiskFull" });
    await pass(20 * SECOND);
    const second = digest();
    await pass(3 * MINUTE);

    expect(first?.text).toContain("Alert Storm: 40 new incidents");
    expect(second?.text).toContain("Alert Storm: 60 new incidents");
    expect(second?.text).toMatch(/• HighCPU: 40, 40 open\n• DiskFull: 20, 20 open/);
    expect(digest()?.text).toContain("Alert Storm Over: 60 incidents, 60 still open");
    expect(messages()).toHaveLength(1);
  });

  it("does not delay critical alerts: they get their own cards, first", async () => {
    await burst(40);
    await burst(3, { severity: "critical" });
    projector.start();
    await pass(10 * SECOND);

    expect(messages().map(({ text }) => text.slice(0, 2))).toEqual(["🔴", "🔴", "🔴", "🌊"]);
  });

  it("gives one that needs a decision a card of its own, and ends with none for what is over", async () => {
    await burst(40);
    projector.start();
    await pass(5 * SECOND);
    await ask();
    await pass(5 * SECOND);
    const own = messages().find(({ text }) => text.includes("Action Approval Required"));
    const last = { status: "resolved", endsAt: lab.now() } as const;
    const groups = Array.from({ length: 20 }, (_, n) => {
      const key = String(newest - 39 + n);
      return aGroup([anIncoming({ ...last, fingerprint: key }, { n: key })], { groupKey: key });
    });
    await lab.accept(...groups);
    await pass(3 * MINUTE);

    expect(own?.buttons).toHaveLength(2);
    expect(digest()?.text).toContain("40 incidents, 20 still open");
    expect(digest()?.text).toContain("1 of them has its own card");
    expect(messages()).toHaveLength(2);
  });

  it("is not told again after a restart, and its digest goes on", async () => {
    await burst(40);
    projector.start();
    await pass(5 * SECOND);
    await projector.stop();
    projector = project();
    projector.start();
    await burst(5);
    await pass(20 * SECOND);

    expect(messages()).toHaveLength(1);
    expect(digest()?.text).toContain("45 new incidents");
  });

  it("whose card is deleted by hand gets one more", async () => {
    await burst(40);
    projector.start();
    await pass(5 * SECOND);
    for (let n = 0; n < 2; n += 1) {
      fake.deleteByHand(GROUP, digest()?.messageId ?? 0);
      await burst(10);
      await pass(20 * SECOND);
      if (n === 0) expect(digest()?.text).toContain("50 new incidents");
    }

    expect(messages()).toEqual([]);
    expect(sendTimes()).toHaveLength(2);
  });

  it("lets what fires again later have a card of its own", async () => {
    await burst(40);
    projector.start();
    await pass(5 * MINUTE);
    const key = String(newest);
    const again = (status: "firing" | "resolved") =>
      lab.accept(
        aGroup(
          [anIncoming({ status, startsAt: lab.now(), endsAt: null, fingerprint: key }, { n: key })],
          { groupKey: key },
        ),
      );
    await again("resolved");
    lab.pass(MINUTE);
    await again("firing");
    lab.raw.exec("DELETE FROM steps");
    await pass(5 * SECOND);

    expect(messages()).toHaveLength(2);
  });

  it("is none with ten: each has its own card", async () => {
    await burst(10);
    projector.start();
    await pass(MINUTE);

    expect(digest()).toBeUndefined();
    expect(messages()).toHaveLength(10);
  });
});

describe("a line under a card", () => {
  const linesOf = () => messages().filter(({ replyTo }) => replyTo !== null);

  it("is neither lost nor said twice by a restart", async () => {
    await burst(1);
    projector.start();
    await pass(5 * SECOND);
    await ask();
    fake.inject({
      method: "sendMessage",
      code: 429,
      description: "Too Many Requests",
      parameters: { retry_after: 60 },
    });
    await pass(5 * SECOND);
    await projector.stop();
    const before = linesOf().length;
    projector = project();
    projector.start();
    await pass(5 * SECOND);
    const after = linesOf().map(({ text }) => text);
    await projector.stop();
    projector = project();
    projector.start();
    await lab.store.cards.touch([
      lab.raw.prepare("SELECT id FROM incidents").pluck().get() as string,
    ]);
    await pass(5 * SECOND);

    expect(before).toBe(0);
    expect(after).toEqual([expect.stringContaining("Action Approval Required")]);
    expect(linesOf()).toHaveLength(1);
  });
});

it("loads only the incident whose turn it is", async () => {
  await burst(9);
  const { incident } = lab.store.views;
  let loads = 0;
  lab.store.views.incident = (id) => {
    loads += 1;
    return incident(id);
  };
  projector = project();
  projector.start();
  await pass(30 * SECOND);

  expect(messages()).toHaveLength(9);
  expect(loads).toBe(9);
});
