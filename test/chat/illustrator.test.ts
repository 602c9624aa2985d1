import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Channel } from "../../src/approval/approval.ts";
import type { CardAdapter } from "../../src/chat/channel.ts";
import type { Illustrator, Sketch } from "../../src/chat/illustrator.ts";
import { createIllustrator } from "../../src/chat/illustrator.ts";
import { createProjector } from "../../src/chat/projector.ts";
import { createSlack } from "../../src/chat/slack.ts";
import { createTelegram } from "../../src/chat/telegram.ts";
import { cardStore, pictureStore } from "../../src/store-ports.ts";
import { NO_COMMANDS } from "../fakes/chat-ports.ts";
import type { FakeSlack } from "../fakes/slack.ts";
import { startFakeSlack } from "../fakes/slack.ts";
import type { FakeTelegram } from "../fakes/telegram.ts";
import { startFakeTelegram } from "../fakes/telegram.ts";
import type { Lab } from "../store/lab.ts";
import { createLab, MINUTE } from "../store/lab.ts";

const GROUP = -100;
const TOPIC = 5;
const ALT = "Load, web-01: last 9 <b>@everyone</b>";

let telegram: FakeTelegram;
let slack: FakeSlack;
let lab: Lab;
let parts: { stop(): Promise<void> }[];
let logged: string[];
let sketched: Partial<Sketch> | null;
let drawings: number;
/** How often it looked whether the chat has something else to do. */
let looks: number;

beforeEach(async () => {
  parts = [];
  logged = [];
  sketched = {};
  drawings = 0;
  looks = 0;
  telegram = await startFakeTelegram({
    chats: [{ id: GROUP, topics: { [TOPIC]: "open" } }],
  });
  slack = await startFakeSlack();
});

afterEach(async () => {
  await stopAll();
  await telegram.stop();
  await slack.stop();
});

async function stopAll(): Promise<void> {
  for (const part of parts.splice(0)) await part.stop();
}

const quiet = () => undefined;
const log = {
  info: quiet,
  warn: (fields: object, text: string) => void logged.push(`${text} ${JSON.stringify(fields)}`),
  error: (fields: object, text: string) => void logged.push(`${text} ${JSON.stringify(fields)}`),
};
const observe = { refused: quiet, shown: quiet, failed: quiet };
const common = {
  desk: {} as never,
  registry: NO_COMMANDS,
  incidentOn: async () => null,
  resolvePerson: () => null,
  log,
  observe,
  limits: { minGapMs: 0 },
};

interface Place {
  readonly channel: Channel;
  readonly chat: string;
}
const AT_TELEGRAM: Place = { channel: "telegram", chat: `${GROUP}:${TOPIC}` };
const atSlack = (): Place => ({ channel: "slack", chat: slack.channel });

function adapterOf({ channel }: Place): CardAdapter {
  const { useToken } = lab.store.cards;
  if (channel === "telegram") {
    const { token, url } = telegram;
    return createTelegram({ ...common, useToken, token, apiRoot: url, chatId: AT_TELEGRAM.chat })
      .cards;
  }
  return createSlack({
    ...common,
    useToken,
    token: slack.token,
    apiUrl: slack.url,
    channel: slack.channel,
    connection: { kind: "socket", appToken: slack.appToken },
    publicUrl: "https://c.example",
    onForged: quiet,
  }).cards;
}

/** Cards and pictures of one chat over a real store; begun anew it is as after a restart. */
function begin(place: Place, { withCards = true } = {}): Illustrator {
  const adapter = adapterOf(place);
  const illustrator = createIllustrator({
    ...place,
    store: {
      ...pictureStore(lab.store),
      isBusy: (channel, chat) => {
        looks += 1;
        return lab.store.pictures.isBusy(channel, chat);
      },
    },
    adapter,
    sketch: async (view) =>
      sketched && {
        key: `E1/0 ${view.incident.state}`,
        title: "Load",
        alt: ALT,
        draw: async () => {
          drawings += 1;
          return picture(drawings);
        },
        ...sketched,
      },
    log,
    observe,
    settings: { pollMs: 20, retryMs: 20 },
  });
  const projector = createProjector({
    ...place,
    store: cardStore(lab.store),
    adapter,
    context: async () => ({ now: lab.now(), publicUrl: "https://c.example", autohealing: true }),
    log,
    observe,
    settings: { machineDebounceMs: 0, investigationMs: 0, pollMs: 20, personGapMs: 0 },
  });
  const unsubscribe = lab.store.subscribe((id) => illustrator.look(id));
  parts.push(illustrator, {
    stop: async () => {
      unsubscribe();
      if (withCards) await projector.stop();
    },
  });
  illustrator.start();
  if (withCards) projector.start();
  return illustrator;
}

/** The smallest PNG header that a chat looks at, a different one each time. */
function picture(n: number): Buffer {
  const bytes = Buffer.alloc(64);
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]).copy(bytes);
  bytes.writeUInt32BE(1280, 16);
  bytes.writeUInt32BE(853, 20);
  bytes.writeUInt32BE(n, 24);
  return bytes;
}

async function fire(labels: Record<string, string> = {}) {
  const { incidentId } = await lab.fire(labels);
  // Nobody investigates here.
  lab.raw.exec("DELETE FROM steps");
  return incidentId;
}
const touch = (id: string) => lab.store.cards.touch([id]);
const photos = () => telegram.messages(GROUP).filter(({ photo }) => photo !== null);
const cards = () => telegram.messages(GROUP).filter(({ photo }) => photo === null);
const callsOf = (method: string) => telegram.calls.filter((call) => call.method === method);
const saved = (place: Place) =>
  lab.raw
    .prepare("SELECT shown, message_id FROM pictures WHERE channel = ? AND chat = ?")
    .get(place.channel, place.chat) as { shown: string; message_id: string | null } | undefined;

/** Whatever was to be done is done: another incident, that came later, has its picture. */
async function andThen(look: () => number): Promise<void> {
  const before = look();
  lab.pass(MINUTE);
  await lab.fire({ other: String(before) });
  lab.raw.exec("DELETE FROM steps");
  await telegram.waitFor(() => look() > before);
}

describe("in Telegram", () => {
  beforeEach(() => {
    lab = createLab({ chats: [AT_TELEGRAM] });
  });

  it("puts a picture under the card, in its topic, once, and rings no phone", async () => {
    begin(AT_TELEGRAM);
    const id = await fire();
    const photo = await telegram.waitFor(() => photos()[0]);

    const [card] = cards();
    expect(photo).toMatchObject({ replyTo: card?.messageId, threadId: TOPIC, isSilent: true });
    expect(photo.photo).toEqual(picture(1));
    expect(card?.messageId).toBeLessThan(photo.messageId);

    await touch(id);
    await andThen(() => photos().length);
    expect(photos().filter(({ replyTo }) => replyTo === card?.messageId)).toHaveLength(1);
  });

  it("T48 what it shows is told in plain words that nobody can make a link of", async () => {
    begin(AT_TELEGRAM);
    await fire();

    const photo = await telegram.waitFor(() => photos()[0]);
    expect(photo.text.replaceAll("\u2060", "")).toBe(ALT);
    expect(photo.entities).toEqual([]);
    expect(photo.automatic).toEqual([]);
  });

  it("cuts a caption that is longer than Telegram takes", async () => {
    sketched = { alt: "❗".repeat(5_000) };
    begin(AT_TELEGRAM);
    await fire();

    expect((await telegram.waitFor(() => photos()[0])).text).toHaveLength(1024);
  });

  it("replaces the picture in place when there is more to see", async () => {
    begin(AT_TELEGRAM);
    const id = await fire();
    const before = await telegram.waitFor(() => photos()[0]);
    await telegram.waitFor(() => saved(AT_TELEGRAM)?.message_id);

    sketched = { key: "E1/0 run 1" };
    await touch(id);

    const after = await telegram.waitFor(() => photos().find(({ edits }) => edits === 1));
    expect(after.messageId).toBe(before.messageId);
    expect(after.photo).toEqual(picture(2));
    expect(photos()).toHaveLength(1);
  });

  it("waits with the replacement as Telegram asks, and then makes it", async () => {
    begin(AT_TELEGRAM);
    const id = await fire();
    await telegram.waitFor(() => saved(AT_TELEGRAM)?.message_id);
    const parameters = { retry_after: 1 };
    const description = "Too Many Requests: retry after 1";
    telegram.inject({ method: "editMessageMedia", code: 429, description, parameters });

    sketched = { key: "E1/0 run 1" };
    await touch(id);

    await telegram.waitFor(() => photos()[0]?.edits === 1);
    expect(callsOf("editMessageMedia")).toHaveLength(2);
  });

  it("posts another where somebody deleted the one to replace", async () => {
    begin(AT_TELEGRAM);
    const id = await fire();
    const { messageId } = await telegram.waitFor(() => photos()[0]);
    await telegram.waitFor(() => saved(AT_TELEGRAM)?.message_id);
    telegram.deleteByHand(GROUP, messageId);

    sketched = { key: "E1/0 run 1" };
    await touch(id);

    expect((await telegram.waitFor(() => photos()[0])).messageId).not.toBe(messageId);
  });

  it("sends nothing twice after a restart", async () => {
    begin(AT_TELEGRAM);
    const id = await fire();
    await telegram.waitFor(() => saved(AT_TELEGRAM)?.message_id);
    await stopAll();

    begin(AT_TELEGRAM);
    await touch(id);
    await andThen(() => photos().length);

    expect(callsOf("sendPhoto")).toHaveLength(2);
    expect(drawings).toBe(2);
  });

  it("sends nothing again that may have arrived when the process was killed", async () => {
    const id = await fire();
    begin(AT_TELEGRAM);
    await telegram.waitFor(() => saved(AT_TELEGRAM)?.message_id);
    await stopAll();
    // As it is stored between the call and its answer.
    lab.raw.exec("UPDATE pictures SET message_id = NULL");

    begin(AT_TELEGRAM);
    await touch(id);
    await andThen(() => photos().length);

    expect(photos()).toHaveLength(2);
    expect(new Set(photos().map(({ replyTo }) => replyTo)).size).toBe(2);
  });

  it.each([
    ["the network ended it", 502, "Bad Gateway"],
    [
      "Telegram will never take it",
      400,
      "Bad Request: not enough rights to send photos to the chat",
    ],
  ])("gives up where %s, and the card has its life", async (_, code, description) => {
    telegram.inject({ method: "sendPhoto", code, description });
    begin(AT_TELEGRAM);
    const id = await fire();
    await telegram.waitFor(() => logged.some((line) => line.startsWith("a picture was not shown")));

    await touch(id);
    await andThen(() => photos().length);

    expect(callsOf("sendPhoto")).toHaveLength(2);
    expect(cards()).toHaveLength(2);
  });

  it("waits as long as Telegram asks, and then sends it", async () => {
    telegram.inject({
      method: "sendPhoto",
      code: 429,
      description: "Too Many Requests: retry after 1",
      parameters: { retry_after: 1 },
    });
    begin(AT_TELEGRAM);
    await fire();

    await telegram.waitFor(() => photos()[0]);
    const [first, second] = callsOf("sendPhoto");
    expect(callsOf("sendPhoto")).toHaveLength(2);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1000);
  });

  it("shows the card and its edits where no picture can be drawn, and stops trying", async () => {
    let attempts = 0;
    sketched = {
      draw: () => {
        attempts += 1;
        return Promise.reject(new Error("no ink"));
      },
    };
    begin(AT_TELEGRAM);
    const id = await fire();
    await telegram.waitFor(() => logged.some((line) => line.startsWith("a picture was not shown")));
    expect(attempts).toBe(3);

    await lab.store.incidents.acknowledge(id, "ana");
    await telegram.waitFor(() => cards()[0]?.edits === 1);
    expect(logged.join()).toContain("no ink");
    expect(photos()).toEqual([]);
  });

  it("draws nothing where nothing was measured, and nothing first of what is over", async () => {
    sketched = null;
    begin(AT_TELEGRAM);
    const id = await fire();
    await telegram.waitFor(() => cards()[0]);
    lab.raw
      .prepare("UPDATE incidents SET state = 'resolved', resolved_at = 1 WHERE id = ?")
      .run(id);
    sketched = {};
    await touch(id);
    await andThen(() => photos().length);

    expect(photos().map(({ replyTo }) => replyTo)).toEqual([cards()[1]?.messageId]);
  });

  it("T19 lets everything else that the chat has to do go first", async () => {
    const [first, second] = [await fire(), await fire({ other: "1" })];
    const posted = (incidentId: string, messageId: string) =>
      lab.store.cards.posted({
        ...{ ...AT_TELEGRAM, incidentId, messageId },
        ...{ version: 99, hash: "", state: "" },
      });
    await posted(first, "1");

    begin(AT_TELEGRAM, { withCards: false });
    await telegram.waitFor(() => looks >= 3);
    expect(drawings).toBe(0);

    await posted(second, "2");
    await telegram.waitFor(() => photos().length === 2);
  });

  it("goes under the new card where somebody deleted the old one", async () => {
    begin(AT_TELEGRAM);
    const id = await fire();
    await telegram.waitFor(() => saved(AT_TELEGRAM)?.message_id);
    const [old] = cards();
    telegram.deleteByHand(GROUP, old?.messageId ?? 0);
    await lab.store.incidents.acknowledge(id, "ana");

    const anew = await telegram.waitFor(() => cards()[0]);
    const photo = await telegram.waitFor(() =>
      photos().find(({ replyTo }) => replyTo === anew.messageId),
    );
    expect(photo.edits).toBe(0);
  });

  it("finds what is open by itself after a restart", async () => {
    sketched = null;
    begin(AT_TELEGRAM);
    await fire();
    await telegram.waitFor(() => cards()[0]);
    await stopAll();
    sketched = {};

    begin(AT_TELEGRAM);

    expect((await telegram.waitFor(() => photos()[0])).replyTo).toBe(cards()[0]?.messageId);
  });
});

describe("in Slack", () => {
  beforeEach(() => {
    lab = createLab({ chats: [atSlack()] });
  });

  it("puts a picture into the card's thread, with words for whoever can't see it", async () => {
    begin(atSlack());
    const id = await fire();
    const file = await slack.waitFor(() => slack.files()[0]);

    const [card] = slack.messages();
    expect(file).toMatchObject({
      channel: slack.channel,
      threadTs: card?.ts,
      title: "Load",
      alt: ALT,
      bytes: picture(1),
    });

    await touch(id);
    await slack.waitFor(() => saved(atSlack()));
    lab.pass(MINUTE);
    await lab.fire({ other: "1" });
    lab.raw.exec("DELETE FROM steps");
    await slack.waitFor(() => slack.files().length === 2);
    expect(new Set(slack.files().map(({ threadTs }) => threadTs)).size).toBe(2);
  });

  it("posts another when there is more to see", async () => {
    begin(atSlack());
    const id = await fire();
    await slack.waitFor(() => slack.files().length === 1);

    sketched = { key: "E1/0 run 1" };
    await touch(id);

    await slack.waitFor(() => slack.files().length === 2);
    expect(new Set(slack.files().map(({ threadTs }) => threadTs)).size).toBe(1);
  });

  it.each([
    ["it is told no address", { method: "files.getUploadURLExternal", status: 503 }],
    ["the upload fails", { method: "upload", status: 503 }],
  ])("tries again where %s, since nobody has seen it, and holds up no card", async (_, rule) => {
    slack.inject(rule);
    sketched = { key: "E1/0 firing" };
    begin(atSlack());
    const id = await fire();
    await slack.waitFor(() => slack.calls.some(({ outcome }) => outcome === "503"));
    await lab.store.incidents.acknowledge(id, "ana");

    await slack.waitFor(() => slack.messages()[0]?.edits === 1);
    await slack.waitFor(() => slack.files().length === 1);
    expect(slack.files()[0]?.threadTs).toBe(slack.messages()[0]?.ts);
  });

  it("does not try again where the last step may have been done", async () => {
    slack.inject({ method: "files.completeUploadExternal", isLost: true });
    begin(atSlack());
    const id = await fire();
    await slack.waitFor(() => logged.some((line) => line.startsWith("a picture was not shown")));

    await touch(id);
    await lab.fire({ other: "1" });
    lab.raw.exec("DELETE FROM steps");
    await slack.waitFor(() => slack.files().length === 2);
    expect(new Set(slack.files().map(({ threadTs }) => threadTs)).size).toBe(2);
  });

  it("names the scope that is missing and goes on with cards", async () => {
    await slack.stop();
    slack = await startFakeSlack({ scopes: ["chat:write", "commands", "channels:read"] });
    lab = createLab({ chats: [atSlack()] });
    begin(atSlack());
    await fire();

    await slack.waitFor(() => logged.some((line) => line.includes("needs the scope files:write")));
    expect(slack.messages()).toHaveLength(1);
  });

  it("T78 sends its token to Slack alone, not to where the file goes", async () => {
    begin(atSlack());
    await fire();

    await slack.waitFor(() => slack.files()[0]);
    expect(slack.calls.filter(({ method }) => method === "upload")).toMatchObject([
      { outcome: "200" },
    ]);
  });
});
