import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Person } from "../../src/approval/approval.ts";
import { createCommands } from "../../src/chat/commands.ts";
import type { Projector } from "../../src/chat/projector.ts";
import { createProjector } from "../../src/chat/projector.ts";
import type { Telegram } from "../../src/chat/telegram.ts";
import { createTelegram } from "../../src/chat/telegram.ts";
import type { ChatPorts } from "../fakes/chat-ports.ts";
import { createChatPorts, newToken } from "../fakes/chat-ports.ts";
import { aRequest, aView } from "../fakes/incidents.ts";
import type { FakeMessage, FakeTelegram } from "../fakes/telegram.ts";
import { startFakeTelegram } from "../fakes/telegram.ts";

const GROUP = -100;
const ANA = { id: 7 };
const EVE = { id: 666, username: "ana" };
const PEOPLE: Record<string, Person> = {
  "7": { name: "ana", roles: ["viewer", "operator", "approver"] },
  "8": { name: "ben", roles: ["viewer"] },
};

let fake: FakeTelegram;
let ports: ChatPorts;
let telegram: Telegram;
let projector: Projector;

beforeEach(async () => {
  fake = await startFakeTelegram({ chats: [{ id: GROUP }, { id: 666 }, { id: 8 }] });
  ports = createChatPorts();
  ports.rule(({ decision }) => ({
    outcome: decision === "approve" ? "approved" : "rejected",
    request: aRequest(),
  }));
  telegram = connect();
  projector = createProjector({
    channel: "telegram",
    chat: telegram.chat,
    store: ports.store,
    adapter: telegram.cards,
    context: async () => ({
      now: new Date("2025-10-24T10:35:00Z"),
      publicUrl: "https://c.example",
      autohealing: true,
    }),
    log: ports.log,
    observe: ports.observe,
    settings: { machineDebounceMs: 50, pollMs: 200, firstBackoffMs: 50 },
  });
});

afterEach(async () => {
  await projector.stop();
  await telegram.stop();
  await fake.stop();
});

function connect(over: { token?: string; chatId?: string } = {}): Telegram {
  return createTelegram({
    token: fake.token,
    chatId: String(GROUP),
    apiRoot: fake.url,
    desk: ports.desk,
    registry: createCommands({ desk: ports.desk, publicUrl: "https://c.example" }),
    resolvePerson: (accountId) => PEOPLE[accountId] ?? null,
    useToken: ports.useToken,
    log: ports.log,
    observe: ports.observe,
    limits: { minGapMs: 0 },
    settings: { firstBackoffMs: 50, pollSeconds: 5 },
    ...over,
  });
}

async function showCard(): Promise<FakeMessage> {
  ports.put(aView({ requests: [aRequest()] }));
  telegram.start();
  projector.start();
  return await fake.waitFor(() => fake.messages(GROUP)[0]);
}

const refusedFor = (reason: string) => ports.refusals.filter((each) => each.reason === reason);

describe("a press", () => {
  it("decides, and is answered within a second", async () => {
    const card = await showCard();

    fake.press(card.messageId, { text: "Approve" }, ANA);

    const answer = await fake.waitFor(() => fake.answers[0]);
    expect(answer.text).toContain("✅ Approved");
    expect(answer.afterMs).toBeLessThan(1000);
    expect(ports.attempts).toMatchObject([
      { planCode: "9f3a1c22", decision: "approve", via: "tap", person: { name: "ana" } },
    ]);
  });

  it("is answered within a second even when the decision takes longer", async () => {
    const card = await showCard();
    ports.rule(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1200));
      return { outcome: "approved", request: aRequest() };
    });

    fake.press(card.messageId, { text: "Approve" }, ANA);

    const answer = await fake.waitFor(() => fake.answers[0]);
    expect(answer).toMatchObject({ text: expect.stringContaining("Working on it") });
    expect(answer.afterMs).toBeLessThan(1000);
  });

  it("is answered when the decision fails", async () => {
    const card = await showCard();
    ports.rule(() => {
      throw new Error("disk full");
    });

    fake.press(card.messageId, { text: "Approve" }, ANA);

    const answer = await fake.waitFor(() => fake.answers[0]);
    expect(answer.text).toContain("nothing has changed");
  });

  it("T07 on a high risk says privately what to send", async () => {
    const card = await showCard();
    ports.rule(() => ({ outcome: "must_type", request: aRequest(), needsReason: true }));

    fake.press(card.messageId, { text: "Approve" }, ANA);

    expect(await fake.waitFor(() => fake.answers[0])).toMatchObject({
      text: "Send: /approve 9f3a1c22 <reason>",
      isAlert: true,
    });
  });

  it("T01 T02 of somebody without a role changes nothing and is told so privately, whatever their name", async () => {
    const card = await showCard();

    fake.press(card.messageId, { text: "Approve" }, EVE);

    const answer = await fake.waitFor(() => fake.answers[0]);
    expect(answer.text).toContain("You have no role here");
    expect(ports.attempts).toEqual([]);
    expect(refusedFor("unlisted")).toMatchObject([{ accountId: "666" }]);
    expect(fake.messages(GROUP)).toHaveLength(1);
  });

  it("T04 of the right token in another chat or on another message changes nothing", async () => {
    const card = await showCard();
    const data = card.buttons[0]?.callback_data ?? "";

    fake.press(card.messageId, { data }, ANA, { chatId: -200 });
    fake.press(card.messageId + 1, { data }, ANA, { chatId: GROUP });
    fake.press(0, { data }, ANA, {
      chatId: GROUP,
      extra: { message: undefined, inline_message_id: "i" },
    });

    await fake.waitFor(() => fake.answers.length === 3);
    expect(ports.attempts).toEqual([]);
    expect(ports.refusals.map(({ reason }) => reason)).toEqual([
      "other_chat",
      "old_button",
      "inline",
    ]);
  });

  it("T05 of invented, cut or swapped data changes nothing and is answered", async () => {
    const card = await showCard();
    const [approve = "", reject = ""] = card.buttons.map(({ callback_data }) => callback_data);
    const invented = [
      `a:${reject.slice(2)}`,
      `r:${approve.slice(2)}`,
      `c:${approve.slice(2)}`,
      approve.slice(0, -1),
      `${approve}x`,
      approve.toUpperCase(),
      "a:",
      "a:req_1",
      "",
      "a:9f3a1c22",
      "a:' OR 1=1 --",
      ...Array.from({ length: 200 }, () => `a:${newToken()}`),
      ...Array.from({ length: 50 }, () => randomBytes(30).toString("latin1")),
    ].filter((data) => data !== approve && data !== reject && data !== "");

    for (const data of invented) fake.press(card.messageId, { data }, ANA);

    await fake.waitFor(() => fake.answers.length === invented.length, 15_000);
    expect(ports.attempts).toEqual([]);
    expect(ports.switched).toEqual([]);
  }, 20_000);
});

describe("what is typed", () => {
  it("is answered in the chat, with links and mentions dead", async () => {
    telegram.start();
    fake.pushMessage(ANA, GROUP, "/status@fake_bot");

    const answer = await fake.waitFor(() => fake.messages(GROUP)[0]);
    expect(answer.text).toContain("Open incidents: 0");
    expect(answer.automatic).toEqual([]);
  });

  it("T01 by somebody without a role is answered to that person alone", async () => {
    telegram.start();
    fake.pushMessage(EVE, GROUP, "/approve 9f3a1c22");
    fake.pushMessage({ id: 8 }, GROUP, "/enable_autohealing");

    await fake.waitFor(() => fake.messages(666).length === 1 && fake.messages(8).length === 1);
    expect(fake.messages(GROUP)).toEqual([]);
    expect(ports.attempts).toEqual([]);
    expect(ports.refusals.map(({ reason }) => reason)).toEqual(["unlisted", "no_role"]);
  });

  it.each([
    ["anonymous", { sender_chat: { id: GROUP, type: "supergroup" } }, ANA],
    ["anonymous", {}, { id: 1087968824, is_bot: true }],
    ["bot", {}, { id: 7, is_bot: true }],
    ["via_bot", { via_bot: { id: 9, is_bot: true, first_name: "b" } }, ANA],
    ["forwarded", { forward_origin: { type: "user", date: 1 } }, ANA],
  ])("T03 is ignored and counted as %s: %j %j", async (reason, extra, from) => {
    telegram.start();
    fake.pushMessage(from, GROUP, "/approve 9f3a1c22", extra);

    await fake.waitFor(() => refusedFor(reason).length === 1);
    expect(ports.attempts).toEqual([]);
    expect(fake.messages(GROUP)).toEqual([]);
  });

  it("T06 in another chat is not answered, and the bot leaves a group it was pulled into", async () => {
    telegram.start();
    fake.pushMessage(ANA, -200, "/status");
    const member = { user: { id: 42, is_bot: true, first_name: "Fake" }, status: "member" };
    fake.pushUpdate({
      my_chat_member: {
        chat: { id: -200, type: "supergroup", title: "Theirs" },
        from: { id: 666, is_bot: false, first_name: "Eve" },
        date: 1,
        old_chat_member: { ...member, status: "left" },
        new_chat_member: member,
      },
    });

    await fake.waitFor(() => fake.left.includes(-200));
    expect(refusedFor("other_chat")).toHaveLength(2);
    expect(fake.calls.filter(({ method }) => method === "sendMessage")).toEqual([]);
  });

  it("belongs to the topic that is set", async () => {
    const inTopic = connect({ chatId: `${GROUP}:5` });
    inTopic.start();
    fake.pushMessage(ANA, GROUP, "/status", { message_thread_id: 6 });
    fake.pushMessage(ANA, GROUP, "/status", { message_thread_id: 5 });

    const answer = await fake.waitFor(() => fake.messages(GROUP)[0]);
    await inTopic.stop();
    expect(answer.threadId).toBe(5);
    expect(refusedFor("other_chat")).toHaveLength(1);
  });

  it("waits out a 429 without holding up a press", async () => {
    const card = await showCard();
    fake.inject({
      method: "sendMessage",
      code: 429,
      description: "Too Many Requests",
      parameters: { retry_after: 2 },
    });
    fake.pushMessage(ANA, GROUP, "/status");
    await fake.waitFor(() => fake.calls.some(({ status }) => status === 429));

    fake.press(card.messageId, { text: "Approve" }, ANA);

    expect((await fake.waitFor(() => fake.answers[0])).afterMs).toBeLessThan(1000);
    await fake.waitFor(() =>
      fake.messages(GROUP).some(({ text }) => text.includes("Open incidents")),
    );
  });
});

describe("the connection", () => {
  it("confirms a press only after it has been handled, also on stop", async () => {
    const card = await showCard();
    let isDecided = false;
    ports.rule(async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      isDecided = true;
      return { outcome: "approved", request: aRequest() };
    });
    fake.press(card.messageId, { text: "Approve" }, ANA);
    await fake.waitFor(() => ports.attempts.length === 1);

    await telegram.stop();

    expect(isDecided).toBe(true);
    expect(fake.pendingUpdates()).toBe(0);
  });

  it("T67 backs off when another program polls, says so, and comes back", async () => {
    fake.inject({
      method: "getUpdates",
      code: 409,
      description: "Conflict: terminated by other getUpdates request",
    });
    telegram.start();
    await fake.waitFor(() =>
      ports.logged.some(({ message }) => message.includes("Another program polls")),
    );

    fake.pushMessage(ANA, GROUP, "/status");

    await fake.waitFor(() => fake.messages(GROUP)[0]);
    expect(await telegram.check()).toBe("@fake_bot in chat -100");
  });

  it("T78 names the setting and the way out for a wrong token, and never the token", async () => {
    const wrong = connect({ token: "42:not-the-right-token" });
    wrong.start();
    await fake.waitFor(() => ports.logged.length > 0);

    await expect(wrong.check()).rejects.toThrow(/TELEGRAM_BOT_TOKEN is not accepted.*@BotFather/);
    await wrong.stop();
    expect(JSON.stringify(ports.logged)).not.toContain("not-the-right-token");
  });

  it("T78 keeps the token out of what a broken network says", async () => {
    const nowhere = createTelegram({
      token: fake.token,
      chatId: String(GROUP),
      apiRoot: "http://127.0.0.1:1",
      desk: ports.desk,
      registry: { list: [], handle: async () => null },
      resolvePerson: () => null,
      useToken: ports.useToken,
      log: ports.log,
      observe: ports.observe,
    });

    const failure = await nowhere.check().catch((error: unknown) => error);
    const posted = await nowhere.cards.reply("1", "x").catch((error: unknown) => error);

    for (const error of [failure, posted]) {
      expect(error).toBeInstanceOf(Error);
      expect(`${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain(fake.token);
    }
  });

  it("names the chat setting when the chat does not exist", async () => {
    await expect(connect({ chatId: "-999" }).check()).rejects.toThrow(/TELEGRAM_CHAT_ID=-999/);
  });

  it("T08 reports a webhook that somebody else set", async () => {
    fake.setWebhook("https://elsewhere.example");

    await expect(telegram.check()).rejects.toThrow(/A webhook is set on this bot/);
  });

  it("goes on after its connections were cut", async () => {
    telegram.start();
    await fake.waitFor(() => fake.calls.some(({ method }) => method === "setMyCommands"));
    fake.dropConnections();
    fake.pushMessage(ANA, GROUP, "/status");

    await fake.waitFor(() => fake.messages(GROUP)[0], 8000);
    expect(fake.messages(GROUP)).toHaveLength(1);
  }, 10_000);
});
