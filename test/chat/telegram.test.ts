import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Person } from "../../src/approval/approval.ts";
import { createCommands } from "../../src/chat/commands.ts";
import type { Projector } from "../../src/chat/projector.ts";
import { createProjector } from "../../src/chat/projector.ts";
import type { Telegram, TelegramDeps } from "../../src/chat/telegram.ts";
import { createTelegram } from "../../src/chat/telegram.ts";
import { drawSvg } from "../../src/evidence/draw.ts";
import type { Graph } from "../../src/evidence/graph.ts";
import { rasterize } from "../../src/evidence/rasterize.ts";
import type { Report } from "../../src/incident/report.ts";
import { pictureOfReport } from "../../src/reports.ts";
import type { ChatPorts } from "../fakes/chat-ports.ts";
import { createChatPorts, NO_COMMANDS, newToken } from "../fakes/chat-ports.ts";
import { aRequest, aView } from "../fakes/incidents.ts";
import type { FakeMessage, FakeTelegram } from "../fakes/telegram.ts";
import { startFakeTelegram } from "../fakes/telegram.ts";

const GROUP = -100;
const ANA = { id: 7 };
const EVE = { id: 666, username: "ana" };
const PEOPLE: Record<string, Person> = {
  // Whoever looked somebody up by their name would find this.
  ana: { name: "ana", roles: ["viewer", "operator", "approver"] },
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
  projector = createProjector(projectorDeps());
});

function projectorDeps() {
  return {
    channel: "telegram" as const,
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
  };
}

function aMessage(text: string, id = 7) {
  const chat = { id: GROUP, type: "supergroup", title: "Fake" };
  const from = { id, is_bot: false, first_name: "Somebody" };
  return { message_id: 900, date: 1, edit_date: 2, chat, from, text };
}

afterEach(async () => {
  await projector.stop();
  await telegram.stop();
  await fake.stop();
});

function connect(over: Partial<TelegramDeps> = {}): Telegram {
  return createTelegram({
    token: fake.token,
    chatId: String(GROUP),
    apiRoot: fake.url,
    desk: ports.desk,
    registry: createCommands({ desk: ports.desk, publicUrl: "https://c.example" }),
    resolvePerson: (accountId) => PEOPLE[accountId] ?? null,
    useToken: ports.useToken,
    incidentOn: ports.incidentOn,
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
    ports.rule(({ via }) =>
      via === "tap"
        ? { outcome: "must_type", request: aRequest(), needsReason: true }
        : { outcome: "approved", request: aRequest() },
    );

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

  it("is answered with a picture where it asks for a report, and without one where it can't be drawn", async () => {
    let isBroken = false;
    const png = async (graph: Graph) => {
      if (isBroken) throw new Error("broken");
      return rasterize(drawSvg(graph, "light"));
    };
    const drawReport = (found: Report) => pictureOfReport(found, { png });
    const { desk } = ports;
    telegram = connect({
      registry: createCommands({ desk, publicUrl: "https://c.example", drawReport }),
    });
    telegram.start();

    const asked = fake.pushMessage(ANA, GROUP, "/report day");
    await fake.waitFor(() => fake.messages(GROUP).length === 2);
    isBroken = true;
    fake.pushMessage(ANA, GROUP, "/report");
    await fake.waitFor(() => ports.logged.some(({ level }) => level === "error"));

    const [report, picture, bare] = fake.messages(GROUP);
    expect(report).toMatchObject({ replyTo: asked, photo: null });
    expect(report?.text).toContain("Last 24 h: 12 incidents");
    expect(picture).toMatchObject({
      replyTo: report?.messageId,
      isSilent: true,
      photo: expect.anything(),
    });
    expect(picture?.text).toContain("Incidents");
    expect(bare?.text).toContain("Last 7 d: 12 incidents");
    expect(fake.messages(GROUP)).toHaveLength(3);
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

describe("a reply to a card", () => {
  const last = () => fake.messages(GROUP).at(-1);

  beforeEach(() => {
    telegram = connect({ memory: ports.memory });
    projector = createProjector({ ...projectorDeps(), adapter: telegram.cards });
  });

  /** What was said before it has been heard by then. */
  async function untilHeard(): Promise<void> {
    const asked = fake.pushMessage(ANA, GROUP, "/status");
    await fake.waitFor(() => fake.messages(GROUP).some(({ replyTo }) => replyTo === asked));
  }

  it("is a note on its incident, as /note takes it, and is answered in a line", async () => {
    const card = await showCard();
    const reply = fake.pushReply(ANA, card, "  it was  the --backup\nsee https://wiki  ");

    const answer = await fake.waitFor(() => last()?.replyTo === reply && last());
    expect(ports.notes).toEqual([
      {
        incidentId: aView().incident.id,
        person: "ana",
        text: "it was the --backup see https://wiki",
      },
    ]);
    expect(answer.text).toContain("📝 Noted on HighCPU");
  });

  it("that begins with a slash stays a command", async () => {
    const card = await showCard();
    fake.pushReply(ANA, card, "/status");

    await fake.waitFor(() => last()?.text.includes("Open incidents"));
    expect(ports.notes).toEqual([]);
  });

  it("T01 by somebody without the role writes nothing, and only they are told", async () => {
    const card = await showCard();
    fake.pushReply(EVE, card, "all is well, close it");
    fake.pushReply({ id: 8 }, card, "so it is");

    await fake.waitFor(() => fake.messages(666).length === 1 && fake.messages(8).length === 1);
    expect(ports.notes).toEqual([]);
    expect(fake.messages(GROUP)).toHaveLength(1);
    expect(ports.refusals.map(({ reason }) => reason)).toEqual(["unlisted", "no_role"]);
  });

  it.each([
    ["anonymous", { sender_chat: { id: GROUP, type: "supergroup" } }],
    ["via_bot", { via_bot: { id: 9, is_bot: true, first_name: "b" } }],
    ["forwarded", { forward_origin: { type: "user", date: 1 } }],
  ])("T03 writes nothing where it is %s", async (reason, extra) => {
    const card = await showCard();
    fake.pushReply(ANA, card, "a note", extra);

    await fake.waitFor(() => refusedFor(reason).length === 1);
    expect(ports.notes).toEqual([]);
  });

  it("T03 edited writes nothing more", async () => {
    const card = await showCard();
    const reply_to_message = { message_id: card.messageId, from: { id: 42, is_bot: true } };
    fake.pushUpdate({ edited_message: { ...aMessage("a note"), reply_to_message } });

    await untilHeard();
    expect(ports.notes).toEqual([]);
  });

  it("T04 T06 in another chat writes nothing, whatever number its message has", async () => {
    const card = await showCard();
    fake.pushReply(ANA, { ...card, chatId: -200 }, "a note");

    await fake.waitFor(() => refusedFor("other_chat").length === 1);
    expect(ports.notes).toEqual([]);
  });

  it("to another person, or to what is no card, is talk", async () => {
    const card = await showCard();
    const from = { id: 8, is_bot: false, first_name: "Ben" };
    fake.pushReply(ANA, card, "I think so too", { reply_to_message: { from } });
    await untilHeard();
    const answer = last();
    if (answer) fake.pushReply(ANA, answer, "thank you");

    await untilHeard();
    expect([ports.notes, ports.refusals]).toEqual([[], []]);
    expect(fake.messages(GROUP)).toHaveLength(3);
  });

  it("T50 that Telegram delivers again after a crash is noted once", async () => {
    const card = await showCard();
    fake.pushReply(ANA, card, "a note");
    await fake.waitFor(() => ports.remembered().handled.length === 1);
    await telegram.stop();
    fake.deliverAgain();
    telegram = connect({ memory: ports.memory });
    telegram.start();

    await untilHeard();
    expect(ports.notes).toHaveLength(1);
  });
});

describe("what comes in some other way", () => {
  it("T03 edited it is no command, and only its author is told", async () => {
    telegram.start();
    fake.pushUpdate({ edited_message: aMessage("/approve 9f3a1c22", 666) });
    fake.pushUpdate({
      edited_message: { ...aMessage("/approve 9f3a1c22", 7), via_bot: { id: 9 } },
    });

    const told = await fake.waitFor(() => fake.messages(666)[0]);
    await fake.waitFor(() => ports.refusals.length === 2);
    expect(told.text).toContain("send it anew");
    expect(ports.refusals.map(({ reason }) => reason)).toEqual(["edited", "via_bot"]);
    expect([ports.attempts, fake.messages(GROUP)]).toEqual([[], []]);
  });

  it("T03 as a channel's post or an inline query it is counted and nothing else", async () => {
    telegram.start();
    fake.pushUpdate({ channel_post: { ...aMessage("/approve 9f3a1c22"), from: undefined } });
    fake.pushUpdate({
      edited_channel_post: { ...aMessage("/disable_autohealing"), chat: { id: -5 } },
    });
    fake.pushUpdate({ inline_query: { id: "i", from: aMessage("").from, query: "x", offset: "" } });

    await fake.waitFor(() => ports.refusals.length === 3);
    expect(ports.refusals.map(({ reason }) => reason)).toEqual([
      "anonymous",
      "other_chat",
      "inline",
    ]);
    expect([ports.attempts, ports.switched, fake.messages(GROUP)]).toEqual([[], [], []]);
  });

  it.each([1087968824, 136817688, 777000])(
    "T03 a press by %i, which stands for others, is refused privately",
    async (id) => {
      const card = await showCard();
      fake.press(card.messageId, { text: "Approve" }, { id });

      expect(await fake.waitFor(() => fake.answers[0])).toMatchObject({ isAlert: true });
      expect(refusedFor("anonymous")).toHaveLength(1);
      expect(ports.attempts).toEqual([]);
    },
  );

  it("T03 a press by a bot is refused", async () => {
    const card = await showCard();
    fake.press(card.messageId, { text: "Approve" }, { id: 7, is_bot: true });

    await fake.waitFor(() => fake.answers[0]);
    expect(refusedFor("bot")).toHaveLength(1);
    expect(ports.attempts).toEqual([]);
  });
});

describe("a copy of a card that a lost answer left behind", () => {
  it("T04 decides nothing, says so, and from then on points to the card that counts", async () => {
    const card = await showCard();
    const [copy] = fake.copyOf(card.messageId);

    fake.press(copy.messageId, { text: "Approve" }, ANA);

    const answer = await fake.waitFor(() => fake.answers[0]);
    const retired = await fake.waitFor(
      () => fake.messages(GROUP)[1]?.edits === 1 && fake.messages(GROUP)[1],
    );
    expect(answer).toMatchObject({ isAlert: true, text: expect.stringContaining("button is old") });
    expect(retired).toMatchObject({ buttons: [], text: expect.stringContaining("An old copy") });
    expect(fake.messages(GROUP)[0]?.buttons).toHaveLength(2);
    expect(ports.attempts).toEqual([]);

    fake.press(card.messageId, { text: "Approve" }, ANA);
    await fake.waitFor(() => ports.attempts.length === 1);
  });

  it("T04 another card whose press claims to be of this one keeps its buttons", async () => {
    const card = await showCard();
    ports.put(aView({ requests: [aRequest({ id: "req_2" })] }, { id: "inc_222222222222" }));
    const other = await fake.waitFor(() => fake.messages(GROUP)[1]);
    await fake.waitFor(() => ports.cards.get(`${GROUP}/inc_222222222222`)?.messageId);

    fake.press(other.messageId, { data: card.buttons[0]?.callback_data ?? "" }, ANA);

    await fake.waitFor(() => fake.answers[0]);
    expect(fake.messages(GROUP)[1]?.buttons).toEqual(other.buttons);
    expect(ports.attempts).toEqual([]);
  });
});

describe("after it was away", () => {
  const lostPress = async () => {
    const card = await showCard();
    await fake.waitFor(() => ports.remembered().heardAt);
    await telegram.stop();
    fake.press(card.messageId, { text: "Approve" }, ANA);
    return card;
  };
  let clock = 0;
  const later = (ms: number) => {
    clock += ms;
    fake.advance(ms);
  };
  const now = () => new Date(Date.now() + clock);

  beforeEach(() => {
    clock = 0;
    telegram = connect({ memory: ports.memory, now });
    projector = createProjector({ ...projectorDeps(), adapter: telegram.cards });
  });

  it("T68 for longer than presses are kept, cards that wait get new buttons, and the group is told", async () => {
    const card = await lostPress();
    later(151_000);
    telegram = connect({ memory: ports.memory, now });
    telegram.start();

    const said = await fake.waitFor(() => fake.messages(GROUP)[1]);
    const renewed = await fake.waitFor(
      () => fake.messages(GROUP)[0]?.edits === 1 && fake.messages(GROUP)[0],
    );
    expect(said.text).toContain("new buttons");
    expect(renewed.buttons.map(({ text }) => text)).toEqual(card.buttons.map(({ text }) => text));
    expect(renewed.buttons).not.toEqual(card.buttons);
    expect(ports.attempts).toEqual([]);

    fake.press(card.messageId, { data: card.buttons[0]?.callback_data ?? "" }, ANA);
    const answer = await fake.waitFor(() => fake.answers[0]);
    expect(answer.text).toContain("This button is old");
    fake.press(card.messageId, { text: "Approve" }, ANA);
    await fake.waitFor(() => ports.attempts.length === 1);
  });

  it("T68 for a shorter time, the press that waited counts and no button changes", async () => {
    const card = await lostPress();
    later(100_000);
    telegram = connect({ memory: ports.memory, now });
    telegram.start();

    await fake.waitFor(() => ports.attempts.length === 1);
    expect(fake.messages(GROUP)).toEqual([card]);
  });

  it("T50 what Telegram delivers again after a crash changes nothing", async () => {
    telegram.start();
    const id = fake.pushMessage(ANA, GROUP, "/disable_autohealing");
    await fake.waitFor(
      () => ports.switched.length === 1 && ports.remembered().handled.length === 1,
    );
    await telegram.stop();
    fake.deliverAgain();
    telegram = connect({ memory: ports.memory, now });
    telegram.start();
    fake.pushMessage(ANA, GROUP, "/status");

    await fake.waitFor(() =>
      fake
        .messages(GROUP)
        .some(({ replyTo, text }) => replyTo !== id && text.includes("Open incidents")),
    );
    expect(ports.switched).toHaveLength(1);
  });

  it("a group that became a supergroup is found again, and the setting to change is named", async () => {
    const card = await showCard();
    fake.addChat({ id: GROUP, migratedTo: -1009 });
    fake.addChat({ id: -1009 });
    ports.put(aView({ requests: [aRequest()] }, { title: "HighCPU still", version: 2 }));
    const moved = await fake.waitFor(() => fake.messages(-1009)[0]);
    await telegram.stop();
    telegram = connect({ memory: ports.memory, now });
    telegram.start();
    fake.pushMessage(ANA, -1009, "/status");

    await fake.waitFor(() => fake.messages(-1009).length === 2);
    expect(moved.buttons).toEqual(card.buttons);
    expect(await telegram.check()).toContain("set TELEGRAM_CHAT_ID=-1009");
    fake.press(moved.messageId, { text: "Approve" }, ANA);
    await fake.waitFor(() => ports.attempts.length === 1);
  });

  it("the notice of the move is enough", async () => {
    telegram.start();
    fake.addChat({ id: -1009 });
    fake.pushMessage(ANA, GROUP, "", { text: undefined, migrate_to_chat_id: -1009 });
    fake.pushMessage(ANA, -1009, "/status");

    await fake.waitFor(() => fake.messages(-1009)[0]);
    expect(ports.remembered().movedTo).toBe("-1009");
  });
});

describe("a topic", () => {
  it.each([
    ["closed", { 5: "closed" } as const],
    ["deleted", {}],
  ])("that is %s gives way to the group, and the check says so", async (_, topics) => {
    fake.addChat({ id: GROUP, topics });
    telegram = connect({ chatId: `${GROUP}:5` });
    projector = createProjector({
      ...projectorDeps(),
      chat: telegram.chat,
      adapter: telegram.cards,
    });
    const card = await showCard();

    expect(card.threadId).toBeNull();
    await expect(telegram.check()).rejects.toThrow(
      /topic of TELEGRAM_CHAT_ID=-100:5 is closed or deleted/,
    );
  });

  it("that is open again is used again, and a line finds its card across topics", async () => {
    fake.addChat({ id: GROUP, topics: { 5: "closed" } });
    let at = Date.now();
    telegram = connect({ chatId: `${GROUP}:5`, now: () => new Date(at) });
    const card = await telegram.cards.post(
      { incidentId: "i", version: 1, state: "open", headline: "x", sections: [], buttons: [] },
      {},
    );
    fake.addChat({ id: GROUP, topics: { 5: "open" } });
    at += 11 * 60_000;
    await telegram.cards.reply(card, "done");

    expect(fake.messages(GROUP)).toMatchObject([
      { threadId: null },
      { threadId: 5, replyTo: null, text: "done" },
    ]);
    expect(await telegram.check()).toBe("@fake_bot in chat -100:5");
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
      registry: NO_COMMANDS,
      resolvePerson: () => null,
      useToken: ports.useToken,
      incidentOn: ports.incidentOn,
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

  it("T09 takes a webhook away before it polls: no press comes in by another door", async () => {
    fake.setWebhook("https://elsewhere.example");
    telegram.start();
    fake.pushMessage(ANA, GROUP, "/status");

    await fake.waitFor(() => fake.messages(GROUP)[0]);
    expect(ports.logged.some(({ message }) => message.includes("A webhook is set"))).toBe(true);
    expect(fake.calls.some(({ method }) => method === "setWebhook")).toBe(false);
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
