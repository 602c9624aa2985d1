import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FakeTelegram } from "./telegram.ts";
import { startFakeTelegram } from "./telegram.ts";

const GROUP = -100;
const PRIVATE = 7;
let fake: FakeTelegram;

beforeEach(async () => {
  fake = await startFakeTelegram({ chats: [{ id: GROUP }, { id: PRIVATE }] });
});
afterEach(() => fake.stop());

interface Answer {
  readonly ok: boolean;
  readonly error_code?: number;
  readonly description?: string;
  readonly parameters?: Record<string, number>;
  readonly result?: { message_id: number } & Record<string, unknown>;
}

async function call(method: string, payload: unknown = {}, token = fake.token): Promise<Answer> {
  const response = await fetch(`${fake.url}/bot${token}/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(payload),
  });
  return (await response.json()) as Answer;
}

async function updates(payload: unknown = {}): Promise<number[]> {
  const answer = await call("getUpdates", payload);
  return (answer.result as unknown as { update_id: number }[]).map(({ update_id }) => update_id);
}

const send = (text: string, extra = {}) =>
  call("sendMessage", { chat_id: GROUP, text, parse_mode: "HTML", ...extra });
const keyboard = (data: string) => ({
  reply_markup: { inline_keyboard: [[{ text: "Go", callback_data: data }]] },
});

describe("messages", () => {
  it.each([
    "<b>bold <i>both</i></b> &lt;&amp;&gt; &#128512; &#x41;",
    '<a href="https://example.org/?a=1&amp;b=2">link</a>',
    "<blockquote expandable>quoted <code>x</code></blockquote>",
    "<pre><code>y</code></pre>",
  ])("accepts %s", async (text) => {
    expect(await send(text)).toMatchObject({ ok: true });
  });

  it.each([
    ["an unknown tag", "<script>x</script>"],
    ["a bare <", "1 < 2"],
    ["a bare >", "2 > 1"],
    ["a bare &", "a & b"],
    ["an unknown entity", "&nbsp;"],
    ["a tag left open", "<b>x"],
    ["crossed tags", "<b><i>x</b></i>"],
    ["an end without a start", "x</b>"],
    ["bold in code", "<code><b>x</b></code>"],
    ["code in bold", "<b><code>x</code></b>"],
    ["a quote in a quote", "<blockquote><blockquote>x</blockquote></blockquote>"],
    ["an unknown attribute", '<b class="x">x</b>'],
  ])("refuses %s", async (_, text) => {
    expect(await send(text)).toMatchObject({
      error_code: 400,
      description: expect.stringContaining("can't parse entities"),
    });
  });

  it("counts 4096 UTF-16 units after the entities are read", async () => {
    expect(await send(`<b>${"&amp;".repeat(4096)}</b>`)).toMatchObject({ ok: true });
    expect(await send("&amp;".repeat(4097))).toMatchObject({
      description: "Bad Request: message is too long",
    });
    expect(await send("😀".repeat(2049))).toMatchObject({ ok: false });
  });

  it("refuses empty text and half a character", async () => {
    expect(await send("<b> </b>")).toMatchObject({ ok: false });
    expect(await send("\ud83d")).toMatchObject({
      description: "Bad Request: strings must be encoded in UTF-8",
    });
  });

  it("counts callback data in bytes", async () => {
    expect(await send("x", keyboard("a".repeat(64)))).toMatchObject({ ok: true });
    expect(await send("x", keyboard("é".repeat(33)))).toMatchObject({
      description: "Bad Request: BUTTON_DATA_INVALID",
    });
  });

  it("knows its chats, and where a group went", async () => {
    fake.addChat({ id: -5, migratedTo: -1005 });

    expect(await call("sendMessage", { chat_id: 99, text: "x" })).toMatchObject({
      description: "Bad Request: chat not found",
    });
    expect(await call("sendMessage", { chat_id: -5, text: "x" })).toMatchObject({
      parameters: { migrate_to_chat_id: -1005 },
    });
  });

  it("sees what clients would make tappable, except in code", async () => {
    await send(
      "@somebody #tag /cmd a@b.example http://x.y evil.com tg://resolve 10.0.0.1 <code>@x evil.com</code>",
    );

    expect(new Set(fake.messages(GROUP)[0]?.automatic.map(({ type }) => type))).toEqual(
      new Set(["mention", "hashtag", "bot_command", "email", "url"]),
    );
  });

  it("edits, counts the edits, and refuses an edit that changes nothing", async () => {
    const { result } = await send("one");
    const edit = { chat_id: GROUP, message_id: result?.message_id, text: "two" };

    expect(await call("editMessageText", edit)).toMatchObject({ ok: true });
    expect(await call("editMessageText", edit)).toMatchObject({
      description: expect.stringContaining("message is not modified"),
    });
    expect(fake.messages(GROUP)).toMatchObject([{ text: "two", edits: 1 }]);
  });

  it("refuses to edit, delete or answer a message that is gone", async () => {
    const { result } = await send("one");
    const where = { chat_id: GROUP, message_id: result?.message_id };
    await call("deleteMessage", where);

    expect(await call("editMessageText", { ...where, text: "x" })).toMatchObject({ ok: false });
    expect(await call("deleteMessage", where)).toMatchObject({ ok: false });
    expect(await send("x", { reply_parameters: { message_id: result?.message_id } })).toMatchObject(
      { description: "Bad Request: message to be replied not found" },
    );
  });

  const png = (width: number, height: number) => {
    const bytes = Buffer.alloc(32);
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]).copy(bytes);
    bytes.writeUInt32BE(width, 16);
    bytes.writeUInt32BE(height, 20);
    return bytes;
  };
  async function upload(
    method: string,
    fields: Record<string, string>,
    files: Record<string, Buffer>,
  ) {
    const form = new FormData();
    form.set("chat_id", String(GROUP));
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    for (const [name, bytes] of Object.entries(files))
      form.set(name, new Blob([new Uint8Array(bytes)]), "load.png");
    const url = `${fake.url}/bot${fake.token}/${method}`;
    const response = await fetch(url, { method: "POST", body: form });
    return (await response.json()) as { ok: boolean; description?: string };
  }

  it("takes a photo as a multipart upload, and replaces it", async () => {
    await upload("sendPhoto", { caption: "load" }, { photo: png(1280, 853) });
    expect(fake.messages(GROUP)[0]).toMatchObject({ photo: png(1280, 853), text: "load" });

    const [photo] = fake.messages(GROUP);
    const media = JSON.stringify({ type: "photo", media: "attach://later", caption: "less" });
    const edit = { message_id: String(photo?.messageId), media };
    expect(await upload("editMessageMedia", edit, { later: png(640, 480) })).toMatchObject({
      ok: true,
    });
    expect(fake.messages(GROUP)[0]).toMatchObject({ photo: png(640, 480), text: "less", edits: 1 });
    expect(await upload("editMessageMedia", edit, { later: png(640, 480) })).toMatchObject({
      description: expect.stringContaining("message is not modified"),
    });
  });

  it.each<[string, Record<string, string>, Record<string, Buffer>, string]>([
    ["no photo", {}, {}, "there is no photo"],
    ["what is no picture", {}, { photo: Buffer.from("GIF89a") }, "IMAGE_PROCESS_FAILED"],
    ["too large a picture", {}, { photo: png(9000, 1001) }, "PHOTO_INVALID_DIMENSIONS"],
    ["too long a strip", {}, { photo: png(2100, 100) }, "PHOTO_INVALID_DIMENSIONS"],
    ["a long caption", { caption: "x".repeat(1025) }, { photo: png(9, 9) }, "too long"],
  ])("refuses %s", async (_, fields, files, why) => {
    const answer = await upload("sendPhoto", fields, files);

    expect(answer.description).toContain(why);
    expect(fake.messages(GROUP)).toEqual([]);
  });

  it("keeps texts and photos apart", async () => {
    await upload("sendPhoto", {}, { photo: png(9, 9) });
    const { result } = await send("one");
    const [photo] = fake.messages(GROUP);
    const media = JSON.stringify({ type: "photo", media: "attach://p" });

    const asText = { chat_id: GROUP, message_id: photo?.messageId, text: "x" };
    expect(await call("editMessageText", asText)).toMatchObject({
      description: expect.stringContaining("no text in the message"),
    });
    const edit = { message_id: String(result?.message_id), media };
    expect((await upload("editMessageMedia", edit, { p: png(9, 9) })).description).toContain(
      "no media in the message",
    );
  });
});

describe("updates", () => {
  it("repeats an update until a later offset confirms it", async () => {
    fake.pushMessage({ id: 7 }, GROUP, "one");
    fake.pushMessage({ id: 7 }, GROUP, "two");

    expect(await updates({ offset: 0 })).toEqual([100, 101]);
    expect(await updates({ offset: 100 })).toEqual([100, 101]);
    expect(await updates({ offset: 101 })).toEqual([101]);
    expect(await updates({ offset: 0 })).toEqual([101]);
    expect(await updates({ offset: 102 })).toEqual([]);
  });

  it("holds a long poll until an update comes", async () => {
    const poll = updates({ timeout: 5 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    fake.pushMessage({ id: 7 }, GROUP, "hello");

    expect(await poll).toEqual([100]);
  });

  it("ends the older of two polls with 409", async () => {
    const older = call("getUpdates", { timeout: 5 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const newer = updates({ timeout: 0 });

    expect(await older).toMatchObject({ error_code: 409 });
    expect(await newer).toEqual([]);
  });

  it("refuses polls while a webhook is set", async () => {
    fake.setWebhook("https://elsewhere.example");

    expect(await call("getUpdates")).toMatchObject({ error_code: 409 });
    await call("deleteWebhook");
    expect(await call("getUpdates")).toMatchObject({ ok: true });
  });

  it("refuses a wrong token", async () => {
    expect(await call("getMe", {}, "1:wrong")).toMatchObject({ error_code: 401 });
  });

  it("forgets a press after 150 s, and keeps a message", async () => {
    const { result } = await send("x", keyboard("a:1"));
    fake.press(result?.message_id ?? 0, { text: "Go" }, { id: 7 });
    fake.pushMessage({ id: 7 }, GROUP, "hello");
    fake.advance(151_000);

    expect(await updates()).toEqual([101]);
  });
});

describe("presses", () => {
  it("are answered once, with at most 200 characters, within 150 s", async () => {
    const { result } = await send("x", keyboard("a:1"));
    const press = () => fake.press(result?.message_id ?? 0, { text: "Go" }, { id: 7 });
    const [first, late] = [press(), press()];
    const answer = (id: string, text: string) =>
      call("answerCallbackQuery", { callback_query_id: id, text });

    expect(await answer(first, "x".repeat(201))).toMatchObject({ ok: false });
    expect(await answer(first, "x".repeat(200))).toMatchObject({ ok: true });
    expect(await answer(first, "again")).toMatchObject({
      description: expect.stringContaining("query is too old"),
    });
    fake.advance(151_000);
    expect(await answer(late, "late")).toMatchObject({ ok: false });
    expect(fake.answers).toHaveLength(1);
  });
});

describe("limits and faults", () => {
  it("lets one message a second into a chat once limits are on", async () => {
    fake.enforceLimits();

    expect(await send("one")).toMatchObject({ ok: true });
    expect(await send("two")).toMatchObject({ error_code: 429, parameters: { retry_after: 1 } });
    expect(await call("sendMessage", { chat_id: PRIVATE, text: "x" })).toMatchObject({ ok: true });
    fake.advance(1000);
    expect(await send("two")).toMatchObject({ ok: true });
  });

  it("lets 20 messages a minute into a group once limits are on", async () => {
    fake.enforceLimits();
    for (let n = 0; n < 20; n += 1) {
      expect(await send(`message ${n}`)).toMatchObject({ ok: true });
      fake.advance(1000);
    }

    expect(await send("one too many")).toMatchObject({ error_code: 429 });
  });

  it("answers with an injected fault, as often as asked", async () => {
    fake.inject({ code: 429, description: "Too Many Requests", parameters: { retry_after: 3 } });

    expect(await send("x")).toMatchObject({ error_code: 429, parameters: { retry_after: 3 } });
    expect(await send("x")).toMatchObject({ ok: true });
    expect(fake.calls.map(({ status }) => status)).toEqual([429, 200]);
  });

  it("drops connections", async () => {
    const poll = call("getUpdates", { timeout: 5 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    fake.dropConnections();

    await expect(poll).rejects.toThrow();
  });
});
