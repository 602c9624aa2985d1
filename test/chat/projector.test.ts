import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { IncidentView } from "../../src/chat/card.ts";
import { createCommands } from "../../src/chat/commands.ts";
import type { PaceLimits } from "../../src/chat/pace.ts";
import { createProjector } from "../../src/chat/projector.ts";
import { createTelegram } from "../../src/chat/telegram.ts";
import type { ChatPorts } from "../fakes/chat-ports.ts";
import { createChatPorts } from "../fakes/chat-ports.ts";
import {
  anExecution,
  aRequest,
  aVerification,
  aView,
  aVote,
  NOBODY_CALLED,
  NOW,
} from "../fakes/incidents.ts";
import type { FakeMessage, FakeTelegram } from "../fakes/telegram.ts";
import { startFakeTelegram } from "../fakes/telegram.ts";

const GROUP = -100;
const OTHER = -300;
let fake: FakeTelegram;
let ports: ChatPorts;
let running: { stop(): Promise<void> }[];

beforeEach(async () => {
  fake = await startFakeTelegram({ chats: [{ id: GROUP }, { id: OTHER }] });
  ports = createChatPorts();
  running = [];
});

afterEach(async () => {
  for (const each of running) await each.stop();
  await fake.stop();
});

function show(chatId = GROUP, limits: Partial<PaceLimits> = { minGapMs: 0 }) {
  const telegram = createTelegram({
    token: fake.token,
    chatId: String(chatId),
    apiRoot: fake.url,
    registry: createCommands({ desk: ports.desk, publicUrl: "https://c.example" }),
    resolvePerson: () => null,
    limits,
    ...ports,
  });
  const projector = createProjector({
    channel: "telegram",
    chat: telegram.chat,
    store: ports.store,
    adapter: telegram.cards,
    context: async () => ({ now: NOW, publicUrl: "https://c.example", autohealing: true }),
    log: ports.log,
    observe: ports.observe,
    settings: { machineDebounceMs: 250, pollMs: 300, firstBackoffMs: 50 },
  });
  projector.start();
  running.push(projector);
  return projector;
}

const card = (chat = GROUP): FakeMessage | undefined => fake.messages(chat)[0];
const pending = aView({ requests: [aRequest()] });
const next = (view: IncidentView, over: Partial<IncidentView>, incident = {}): IncidentView => ({
  ...view,
  ...over,
  incident: { ...view.incident, ...incident, version: view.incident.version + 1 },
});
const verified = next(pending, {
  requests: [aRequest({ state: "succeeded", votes: [aVote()] })],
  executions: [anExecution()],
  verifications: [aVerification()],
});
const sends = () => fake.calls.filter(({ method }) => method === "sendMessage");
const edits = () => fake.calls.filter(({ method }) => method === "editMessageText");
const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it("posts one card and edits it in place, with the same tokens", async () => {
  const projector = show();
  ports.put(pending);
  projector.nudge();
  const before = await fake.waitFor(() => card());

  ports.put(
    next(pending, { diagnosis: { by: "rules", cause: "x", confidence: "low", cites: [] } }),
  );
  projector.nudge();

  const after = await fake.waitFor(() => card()?.edits === 1 && card());
  expect(after.buttons).toEqual(before.buttons);
  expect(after.text).toContain("Opinion of the rules");
  expect(fake.messages(GROUP)).toHaveLength(1);
});

it("finds work without being nudged", async () => {
  show();
  ports.put(pending);

  expect((await fake.waitFor(() => card())).text).toContain("Action Approval Required");
});

it("shows a person's doing at once and gathers the program's", async () => {
  const projector = show();
  ports.put(pending);
  await fake.waitFor(() => card());
  let view = pending;
  for (let n = 0; n < 5; n += 1) {
    view = next(view, {}, { title: `HighCPU ${n}` });
    ports.put(view);
    projector.nudge();
    await rest(5);
  }

  await fake.waitFor(() => card()?.text.includes("HighCPU 4"));
  expect(card()?.edits).toBe(1);
});

it("does not call Telegram when nothing that is shown has changed", async () => {
  const projector = show();
  ports.put(pending);
  await fake.waitFor(() => card());

  ports.put(next(pending, {}));
  projector.nudge();
  await fake.waitFor(() => ports.cards.get(`${GROUP}/${pending.incident.id}`)?.version === 2);

  expect(edits()).toEqual([]);
});

it("takes an unchanged message for a success", async () => {
  const projector = show();
  ports.put(pending);
  await fake.waitFor(() => card());
  const stored = await fake.waitFor(() => ports.cards.get(`${GROUP}/${pending.incident.id}`));
  stored.hash = "of a card shown before a crash";

  ports.put(next(pending, {}), "person");
  projector.nudge();

  await fake.waitFor(() => stored !== ports.cards.get(`${GROUP}/${pending.incident.id}`));
  expect(edits()).toMatchObject([{ status: 400 }]);
  expect(fake.messages(GROUP)).toHaveLength(1);
});

it("posts a card that was deleted by hand again, once", async () => {
  const projector = show();
  ports.put(pending);
  const first = await fake.waitFor(() => card());
  fake.deleteByHand(GROUP, first.messageId);
  let view = next(pending, {}, { title: "HighCPU again" });
  ports.put(view);
  projector.nudge();
  const second = await fake.waitFor(() => card());
  fake.deleteByHand(GROUP, second.messageId);
  view = next(view, {}, { title: "HighCPU once more" });
  ports.put(view);
  projector.nudge();

  await fake.waitFor(() => ports.cards.get(`${GROUP}/${view.incident.id}`)?.version === 3);
  expect(second.text).toContain("HighCPU again");
  expect(fake.messages(GROUP)).toEqual([]);
  expect(sends()).toHaveLength(2);
});

it("does not post what was over before anybody saw it", async () => {
  show();
  ports.put(aView({}, { state: "resolved", resolvedAt: NOW }));

  await fake.waitFor(() => ports.cards.get(`${GROUP}/${pending.incident.id}`)?.version === 1);
  expect(sends()).toEqual([]);
});

it("replies with one line when a fix is verified and when the alert resolves, once each", async () => {
  const projector = show();
  ports.put(pending);
  const shown = await fake.waitFor(() => card());
  ports.put(verified);
  projector.nudge();
  await fake.waitFor(() => fake.messages(GROUP).length === 2);
  const resolved = next(verified, {}, { state: "resolved", resolvedAt: NOW });
  ports.put(resolved);
  projector.nudge();
  await fake.waitFor(() => fake.messages(GROUP).length === 3);
  ports.put(next(resolved, {}, { title: "HighCPU, over" }));
  projector.nudge();
  await fake.waitFor(() => card()?.text.includes("over"));

  const lines = fake.messages(GROUP).slice(1);
  expect(lines.map(({ text }) => text)).toEqual([
    "✅ Identify and stop the busiest process on web-01: done and verified",
    expect.stringContaining("✅ Alert Resolved:"),
  ]);
  expect(lines.every(({ replyTo }) => replyTo === shown.messageId)).toBe(true);
  expect(card()?.buttons).toEqual([]);
});

it("rings again for a reminder and an escalation", async () => {
  const projector = show();
  ports.put(pending);
  await fake.waitFor(() => card());
  const calls = { ...NOBODY_CALLED, escalated: { to: "admin", onCall: null, at: NOW } };
  ports.put(next(pending, { requests: [aRequest({ calls })] }));
  projector.nudge();

  const line = await fake.waitFor(() => fake.messages(GROUP)[1]);
  expect(line.text).toContain("🔔 Escalated");
});

it("T69 posts a card once also while the disk can't keep that it did", async () => {
  const { cardPosted } = ports.store;
  let failures = 3;
  ports.store.cardPosted = (posted) => {
    failures -= 1;
    return failures >= 0 ? Promise.reject(new Error("the disk is full")) : cardPosted(posted);
  };
  const projector = show();
  ports.put(pending);
  projector.nudge();

  await fake.waitFor(() => failures < 0);
  await rest(200);

  expect(sends()).toHaveLength(1);
});

it("rings when a card that was there before its proposal becomes a question", async () => {
  const analysing = aView({ requests: [], isInvestigating: true });
  const projector = show();
  ports.put(analysing);
  projector.nudge();
  const first = await fake.waitFor(() => card());

  ports.put(next(analysing, { requests: [aRequest()], isInvestigating: false }));
  projector.nudge();

  const reply = await fake.waitFor(() => fake.messages(GROUP)[1]);
  expect(reply.replyTo).toBe(first.messageId);
  expect(reply.text).toContain("Action Approval Required");
});

it("waits a moment for the proposal, so that one message says it all", async () => {
  const analysing = aView({ requests: [], isInvestigating: true });
  const projector = show();
  ports.put(analysing);
  projector.nudge();
  await rest(80);
  ports.put(next(analysing, { requests: [aRequest()], isInvestigating: false }));
  projector.nudge();

  const first = await fake.waitFor(() => card());
  await rest(300);

  expect(first.text).toContain("Action Approval Required");
  expect(sends()).toHaveLength(1);
});

describe("when Telegram refuses", () => {
  it("T66 a 429 in one chat pauses all of that chat for as long as it says, and no other", async () => {
    fake.inject({
      method: "sendMessage",
      chatId: GROUP,
      code: 429,
      description: "Too Many Requests",
      parameters: { retry_after: 2 },
    });
    ports.put(pending);
    ports.put(aView({}, { id: "inc_000000000002" }));
    show(GROUP);
    show(OTHER);

    await fake.waitFor(() => fake.messages(OTHER).length === 2);
    expect(fake.messages(GROUP)).toEqual([]);
    await fake.waitFor(() => fake.messages(GROUP).length === 2);
    const [refused, second] = sends().filter(({ payload }) => Number(payload.chat_id) === GROUP);
    expect(refused?.status).toBe(429);
    expect((second?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThanOrEqual(2000);
  });

  it("tries again after a server error", async () => {
    fake.inject({ method: "sendMessage", code: 502, description: "Bad Gateway", times: 2 });
    show();
    ports.put(pending);

    await fake.waitFor(() => card());
    expect(fake.messages(GROUP)).toHaveLength(1);
  });

  it("T61 sends the plain words when the server can't read the markup", async () => {
    fake.inject({
      method: "sendMessage",
      code: 400,
      description: "Bad Request: can't parse entities",
    });
    show();
    ports.put(pending);

    const shown = await fake.waitFor(() => card());
    expect(shown.text).toContain("Action Approval Required");
    expect(shown.entities).toEqual([]);
  });

  it("lets the other incidents go on when one card is refused", async () => {
    fake.inject({ method: "sendMessage", code: 400, description: "Bad Request: something new" });
    show();
    ports.put(pending);
    ports.put(aView({}, { id: "inc_222222222222", title: "DiskFull" }));

    await fake.waitFor(() => fake.messages(GROUP).length === 2);
    expect(card()?.text).toContain("DiskFull");
  });

  it("follows a group that became a supergroup", async () => {
    fake.addChat({ id: GROUP, migratedTo: -1009 });
    fake.addChat({ id: -1009 });
    show();
    ports.put(pending);

    await fake.waitFor(() => card(-1009));
    expect(ports.logged.some(({ message }) => message.includes("TELEGRAM_CHAT_ID=-1009"))).toBe(
      true,
    );
  });
});

it("T65 keeps within Telegram's limits in a storm and shows decisions first", async () => {
  fake.enforceLimits();
  const limits = { minGapMs: 1050, sendsPerMinute: 6, reserved: 3 };
  const projector = show(GROUP, limits);
  ports.put(pending);
  const shown = await fake.waitFor(() => card());
  for (let n = 0; n < 100; n += 1)
    ports.put(aView({}, { id: `inc_${String(n).padStart(12, "0")}`, title: `Storm ${n}` }));
  projector.nudge();
  await rest(1500);

  ports.put(
    next(pending, { requests: [aRequest({ state: "approved", votes: [aVote()] })] }),
    "person",
  );
  projector.nudge();
  const at = Date.now();
  await fake.waitFor(
    () => fake.messages(GROUP).find((each) => each.messageId === shown.messageId)?.edits === 1,
  );

  expect(Date.now() - at).toBeLessThan(1000);
  await rest(2500);
  expect(sends().length).toBeLessThanOrEqual(3);
  expect(fake.calls.filter(({ status }) => status === 429)).toEqual([]);
}, 10_000);
