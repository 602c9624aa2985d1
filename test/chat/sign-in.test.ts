import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Person } from "../../src/approval/approval.ts";
import { createCommands } from "../../src/chat/commands.ts";
import { createSlack } from "../../src/chat/slack.ts";
import type { Telegram } from "../../src/chat/telegram.ts";
import { createTelegram } from "../../src/chat/telegram.ts";
import { consoleCommands } from "../../src/console-commands.ts";
import { chatInvitations } from "../../src/store-ports.ts";
import type { ChatPorts } from "../fakes/chat-ports.ts";
import { createChatPorts } from "../fakes/chat-ports.ts";
import { startFakeSlack, wordsOf } from "../fakes/slack.ts";
import type { FakeTelegram } from "../fakes/telegram.ts";
import { startFakeTelegram } from "../fakes/telegram.ts";
import { createLab, MINUTE } from "../store/lab.ts";

const GROUP = -100;
const ANA: Person = { name: "ana", roles: ["viewer"] };
const NOBODY: Person = { name: "nil", roles: [] };
const publicUrl = "https://c.example";
const LINK = /`https:\/\/c\.example\/sign-in\/([\w-]{22})`/;

let lab: ReturnType<typeof createLab>;
let ports: ChatPorts;
let registry: ReturnType<typeof createCommands>;

beforeEach(() => {
  lab = createLab();
  ports = createChatPorts();
  const invite = chatInvitations(lab.store, publicUrl);
  registry = createCommands({ desk: ports.desk, publicUrl, invite });
});

/** Whom a token signs in, and how the session began; uses it up. */
async function useUp(token = "") {
  const { sessions } = lab.store;
  const used = await sessions.consumeLink(token);
  const found = await sessions.findSession(used?.secret ?? "");
  return found && { person: found.person, way: found.way };
}

const tokenIn = (text: string) => LINK.exec(text)?.[1];

describe("in Telegram", () => {
  let fake: FakeTelegram;
  let telegram: Telegram;

  beforeEach(async () => {
    fake = await startFakeTelegram({ chats: [{ id: GROUP }, { id: 7 }] });
  });
  afterEach(async () => {
    await telegram.stop();
    await fake.stop();
  });

  function connect(chatId: number): void {
    const { desk, useToken, incidentOn, log, observe } = ports;
    const common = { desk, useToken, incidentOn, log, observe, registry, limits: { minGapMs: 0 } };
    telegram = createTelegram({
      ...common,
      ...{ token: fake.token, apiRoot: fake.url, chatId: String(chatId) },
      resolvePerson: (account) => ({ 7: ANA, 9: NOBODY })[account] ?? null,
    });
    telegram.start();
  }

  it("T14 a group never sees the link: it goes to whoever asked, works once and is a chat's", async () => {
    connect(GROUP);
    const asked = fake.pushMessage({ id: 7 }, GROUP, "/sign_in");

    const [inPrivate] = await fake.waitFor(() => fake.messages(7).length > 0 && fake.messages(7));
    const answer = await fake.waitFor(() =>
      fake.messages(GROUP).find(({ replyTo }) => replyTo === asked),
    );

    expect(answer.text).toContain("to you alone");
    expect(JSON.stringify(fake.messages(GROUP))).not.toContain("sign-in/");
    const token = tokenIn(`\`${/https:\S+/.exec(inPrivate?.text ?? "")?.[0]}\``);
    expect(await useUp(token)).toEqual({ person: "ana", way: "chat" });
    expect(await useUp(token)).toBeNull();
    expect(ports.refusals).toEqual([]);
  });

  it("is told once where the chat is the person's own", async () => {
    connect(7);
    fake.pushMessage({ id: 7 }, 7, "/sign_in");
    await fake.waitFor(() => fake.messages(7).length > 0);
    const next = fake.pushMessage({ id: 7 }, 7, "/whoami");
    await fake.waitFor(() => fake.messages(7).find(({ replyTo }) => replyTo === next));

    const texts = fake.messages(7).map(({ text }) => text);
    expect(texts.filter((text) => text.includes("/sign-in/"))).toHaveLength(1);
    expect(texts.filter((text) => text.includes("to you alone"))).toEqual([]);
  });

  it("T01 T06 nobody without a role gets one, nor from a chat that is not ours", async () => {
    connect(GROUP);
    fake.pushMessage({ id: 9 }, GROUP, "/sign_in");
    fake.pushMessage({ id: 8 }, GROUP, "/sign_in");
    fake.pushMessage({ id: 7 }, 7, "/sign_in");
    await fake.waitFor(() => ports.refusals.length >= 3);

    expect(ports.refusals.map(({ reason }) => reason).sort()).toEqual([
      "no_role",
      "other_chat",
      "unlisted",
    ]);
    expect(lab.kinds()).not.toContain("person.invited");
  });
});

it("T14 in Slack only whoever asked sees the link", async () => {
  const fake = await startFakeSlack();
  const { desk, useToken, log, observe } = ports;
  const slack = createSlack({
    ...{ desk, useToken, log, observe, registry, publicUrl },
    ...{ token: fake.token, channel: fake.channel, apiUrl: fake.url },
    connection: { kind: "socket", appToken: fake.appToken },
    resolvePerson: () => ANA,
    incidentOn: async () => null,
    onForged: () => undefined,
  });
  slack.start();
  await fake.waitFor(() => fake.connections() === 1);

  const { body } = await fake.say("sign_in", fake.user("ana"));
  const posted = JSON.stringify(fake.messages());
  await slack.stop();
  await fake.stop();

  const { blocks, ...rest } = body as { blocks: Record<string, unknown>[] };
  expect(rest).toMatchObject({ response_type: "ephemeral" });
  const token = /sign-in\/([\w-]{22})/.exec(wordsOf(blocks))?.[1];
  expect(posted).not.toContain("sign-in/");
  expect(await useUp(token)).toEqual({ person: "ana", way: "chat" });
});

it("T07 a link asked for in the console's command box is a chat's, too", async () => {
  const { desk, useToken } = ports;
  const run = consoleCommands({ desk, registry, useToken, now: lab.now });

  const { text } = await run("/sign_in", { person: ANA, way: "link" });

  expect(await useUp(tokenIn(text))).toEqual({ person: "ana", way: "chat" });
});

it("T14 gives a person three at once, and ends each after ten minutes", async () => {
  const { desk, useToken } = ports;
  const run = consoleCommands({ desk, registry, useToken, now: lab.now });
  const ask = async (name = "ana") =>
    (await run("/sign_in", { person: { ...ANA, name }, way: "link" })).text;

  const texts = [await ask(), await ask(), await ask(), await ask()];
  const others = await ask("ben");
  lab.pass(10 * MINUTE);

  expect(texts.map((text) => LINK.test(text))).toEqual([true, true, true, false]);
  expect(texts.at(-1)).toContain("wait a few minutes");
  expect(tokenIn(others)).toBeDefined();
  expect(await useUp(tokenIn(texts[0] ?? ""))).toBeNull();
  expect(LINK.test(await ask())).toBe(true);
  expect(lab.kinds().filter((kind) => kind === "person.invited")).toHaveLength(5);
});
