import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FakeSlack } from "./slack.ts";
import { startFakeSlack } from "./slack.ts";

let fake: FakeSlack;

beforeEach(async () => {
  fake = await startFakeSlack();
});
afterEach(() => fake.stop());

async function call(
  method: string,
  args: Record<string, unknown>,
  token = fake.token,
): Promise<{
  status: number;
  retryAfter: string | null;
  ok?: boolean;
  error?: string;
  ts?: string;
}> {
  const response = await fetch(`${fake.url}${method}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(args),
  });
  const text = await response.text();
  const body = text.startsWith("{") ? JSON.parse(text) : {};
  return { status: response.status, retryAfter: response.headers.get("retry-after"), ...body };
}

const text = (words: string) => ({ type: "plain_text", text: words });
const button = (over: object = {}) => ({
  type: "actions",
  elements: [{ type: "button", action_id: "a", value: "v", text: text("Press"), ...over }],
});
const post = (over: Record<string, unknown> = {}) =>
  call("chat.postMessage", { channel: fake.channel, text: "x", ...over });

describe("the fake refuses what Slack refuses", () => {
  it.each<[string, Record<string, unknown>, string]>([
    ["no text", { text: "" }, "no_text"],
    ["a long text", { text: "x".repeat(4001) }, "msg_too_long"],
    ["51 blocks", { blocks: Array(51).fill({ type: "divider" }) }, "invalid_blocks"],
    [
      "blocks too large together",
      { blocks: Array(5).fill({ type: "section", text: text("x".repeat(3000)) }) },
      "msg_blocks_too_long",
    ],
    [
      "a long section",
      { blocks: [{ type: "section", text: text("x".repeat(3001)) }] },
      "invalid_blocks",
    ],
    [
      "a long header",
      { blocks: [{ type: "header", text: text("x".repeat(151)) }] },
      "invalid_blocks",
    ],
    ["a long label", { blocks: [button({ text: text("x".repeat(76)) })] }, "invalid_blocks"],
    ["a long value", { blocks: [button({ value: "x".repeat(2001) })] }, "invalid_blocks"],
    ["a style that is none", { blocks: [button({ style: "success" })] }, "invalid_blocks"],
    [
      "a long question",
      {
        blocks: [
          button({
            confirm: {
              title: text("t"),
              text: text("x".repeat(301)),
              confirm: text("y"),
              deny: text("n"),
            },
          }),
        ],
      },
      "invalid_blocks",
    ],
    ["an empty rich text", { blocks: [{ type: "rich_text", elements: [] }] }, "invalid_blocks"],
    ["another channel", { channel: "C0NOWHERE" }, "channel_not_found"],
    ["a thread that is none", { thread_ts: "1.1" }, "thread_not_found"],
  ])("%s", async (_, over, error) => {
    expect(await post(over)).toMatchObject({ ok: false, error });
    expect(fake.messages()).toEqual([]);
  });

  it("a wrong token, a missing scope and a channel it is not in", async () => {
    expect(await call("auth.test", {}, "xoxb-other")).toMatchObject({ error: "invalid_auth" });
    expect(await call("apps.connections.open", {}, fake.token)).toMatchObject({
      error: "invalid_auth",
    });
    fake.removeFromChannel();
    expect(await post()).toMatchObject({ error: "not_in_channel" });
    const poor = await startFakeSlack({ scopes: ["commands"] });
    const args = { channel: poor.channel, text: "x" };
    const response = await fetch(`${poor.url}chat.postMessage`, {
      method: "POST",
      headers: { authorization: `Bearer ${poor.token}`, "content-type": "application/json" },
      body: JSON.stringify(args),
    });
    expect(await response.json()).toMatchObject({ error: "missing_scope", needed: "chat:write" });
    await poor.stop();
  });

  it("a second message within a second, and the 51st edit within a minute", async () => {
    const { ts } = await post();
    fake.enforceRates();
    await post();
    expect(await post()).toMatchObject({ status: 429, retryAfter: "1" });
    fake.passTime(1000);
    expect(await post()).toMatchObject({ ok: true });

    const edits = [];
    for (let at = 0; at < 51; at += 1) {
      edits.push(await call("chat.update", { channel: fake.channel, ts, text: `${at}` }));
    }
    expect(edits.filter(({ status }) => status === 429)).toHaveLength(1);
    expect(edits.at(-1)?.status).toBe(429);
  });

  it("a form that comes too late, twice or with a long title", async () => {
    const view = { type: "modal", callback_id: "x", title: text("Title"), blocks: [] };
    const open = async (over: object = {}, waitedMs = 0) => {
      const { trigger_id } = fake.pressPayload({ ts: "1.1" }, "v", fake.user("ana"));
      fake.passTime(waitedMs);
      const args = { trigger_id, view: { ...view, ...over } };
      return [await call("views.open", args), await call("views.open", args)];
    };

    expect(await open()).toMatchObject([{ ok: true }, { error: "exchanged_trigger_id" }]);
    expect((await open({}, 3001))[0]).toMatchObject({ error: "expired_trigger_id" });
    expect((await open({ title: text("x".repeat(25)) }))[0]).toMatchObject({
      error: "invalid_blocks",
    });
  });
});

it("shows a message that is sent twice under one id once, and not at all when it was deleted", async () => {
  const first = await post({ client_msg_id: "i" });
  const second = await post({ client_msg_id: "i" });
  fake.deleteByHand(String(first.ts));

  expect(second.ts).toBe(first.ts);
  expect(await post({ client_msg_id: "i" })).toMatchObject({
    error: "duplicate_message_not_found",
  });
});

it("finds every mention, and none in what is escaped or plain", async () => {
  await post({ text: "<!channel> <@U1> <!here> <#C1> &lt;!channel&gt;" });
  await post({ blocks: [{ type: "section", text: { type: "mrkdwn", text: "<!subteam^S1>" } }] });
  await post({ blocks: [{ type: "section", text: text("<!channel>") }] });
  await post({
    blocks: [
      {
        type: "rich_text",
        elements: [
          { type: "rich_text_section", elements: [{ type: "broadcast", range: "channel" }] },
        ],
      },
    ],
  });

  expect(fake.messages().map(({ mentions }) => mentions.length)).toEqual([4, 1, 0, 1]);
});

it("gives a press to whoever is connected, and complains when nobody answers in three seconds", async () => {
  await expect(fake.press({ ts: "1.1" }, { value: "v" }, "U1")).rejects.toThrow("nobody");
  const { SocketModeReceiver, LogLevel } = await import("@slack/bolt");
  const { client } = new SocketModeReceiver({
    appToken: fake.appToken,
    autoReconnectEnabled: false,
    logLevel: LogLevel.ERROR,
    installerOptions: { clientOptions: { slackApiUrl: fake.url } },
  });
  const received: string[] = [];
  client.on("ws_message", (data: string) => received.push(JSON.parse(data).type));
  await client.start();

  await expect(fake.press({ ts: "1.1" }, { value: "v" }, "U1")).rejects.toThrow("three seconds");

  expect(received).toEqual(["hello", "interactive"]);
  await client.disconnect();
});

describe("files", () => {
  const offer = (over: object = {}) =>
    call("files.getUploadURLExternal", { filename: "a.png", length: 3, ...over });
  const complete = (id: unknown, over: object = {}) =>
    call("files.completeUploadExternal", {
      files: [{ id, title: "A" }],
      channel_id: fake.channel,
      ...over,
    });

  async function uploaded(bytes = "abc", headers: Record<string, string> = {}) {
    const { upload_url: url, file_id: id } = (await offer()) as unknown as {
      upload_url: string;
      file_id: string;
    };
    const { status } = await fetch(url, { method: "POST", body: bytes, headers });
    return { id, url, status };
  }

  it("takes one in three steps into a thread", async () => {
    const { ts } = await post();
    const { id, status } = await uploaded();

    expect(status).toBe(200);
    expect(fake.files()).toEqual([]);
    expect(await complete(id, { thread_ts: ts })).toMatchObject({ ok: true });
    expect(fake.files()).toMatchObject([
      { id, threadTs: ts, title: "A", bytes: Buffer.from("abc") },
    ]);
  });

  it.each<[string, object, string]>([
    ["no name", { filename: "" }, "missing_argument"],
    ["no length", { length: 0 }, "missing_argument"],
    ["a long description", { alt_txt: "x".repeat(1001) }, "alt_txt_too_large"],
  ])("refuses %s", async (_, over, error) => {
    expect(await offer(over)).toMatchObject({ ok: false, error });
  });

  it("refuses another length, a second time, and a token that has no business there", async () => {
    expect((await uploaded("abcd")).status).toBe(400);
    expect((await uploaded("abc", { authorization: "Bearer x" })).status).toBe(400);
    const { url } = await uploaded();
    expect((await fetch(url, { method: "POST", body: "abc" })).status).toBe(400);
  });

  it("refuses what was not uploaded, a reply as the thread, and a channel there is not", async () => {
    const { file_id: empty } = (await offer()) as unknown as { file_id: string };
    const { ts } = await post();
    const { ts: reply } = await post({ thread_ts: ts });
    const { id } = await uploaded();

    expect(await complete(empty)).toMatchObject({ error: "file_not_found" });
    expect(await complete("F0")).toMatchObject({ error: "file_not_found" });
    expect(await complete(id, { thread_ts: reply })).toMatchObject({ error: "thread_not_found" });
    expect(await complete(id, { thread_ts: "1.1" })).toMatchObject({ error: "thread_not_found" });
    expect(await complete(id, { channel_id: "C0" })).toMatchObject({ error: "channel_not_found" });
    fake.removeFromChannel();
    expect(await complete(id)).toMatchObject({ error: "not_in_channel" });
  });
});
