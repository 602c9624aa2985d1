import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Entity } from "./telegram-entities.ts";
import { automaticEntities, EntityError, parseHtml } from "./telegram-entities.ts";
import { createLimits } from "./telegram-limits.ts";
import type { Payload } from "./telegram-wire.ts";
import { ApiError, readPayload, respond } from "./telegram-wire.ts";

export interface FakeUser {
  readonly id: number;
  readonly username?: string;
  readonly is_bot?: boolean;
}

export interface FakeChat {
  readonly id: number;
  readonly type?: "private" | "group" | "supergroup" | "channel";
  /** Set once the group became a supergroup: every call to the old id is refused with the new one. */
  readonly migratedTo?: number;
  /** Of a forum: which topics there are. */
  readonly topics?: Readonly<Record<number, "open" | "closed">>;
}

export interface FakeButton {
  readonly text: string;
  readonly callback_data?: string;
  readonly url?: string;
  readonly style?: string;
}

export interface FakeMessage {
  readonly messageId: number;
  readonly chatId: number;
  readonly threadId: number | null;
  readonly replyTo: number | null;
  readonly text: string;
  readonly entities: readonly Entity[];
  /** Links, mentions and commands that clients would make tappable by themselves. */
  readonly automatic: readonly Entity[];
  readonly buttons: readonly FakeButton[];
  readonly edits: number;
  readonly photo: Buffer | null;
  /** Whether it rang nobody's phone. */
  readonly isSilent: boolean;
}

export interface FakeAnswer {
  readonly queryId: string;
  readonly userId: number;
  readonly text: string;
  readonly isAlert: boolean;
  readonly afterMs: number;
}

export interface FakeCall {
  readonly method: string;
  readonly at: number;
  readonly payload: Payload;
  readonly status: number;
}

export interface Injection {
  readonly code: number;
  readonly description: string;
  readonly parameters?: Payload;
  /** All methods but getUpdates when left out. */
  readonly method?: string;
  readonly chatId?: number;
  readonly times?: number;
}

interface Query {
  readonly userId: number;
  readonly at: number;
  isAnswered: boolean;
}

interface Queued {
  readonly update: Payload & { update_id: number };
  readonly diesAt: number;
}

interface Poll {
  /** Ends the long poll; `conflict` when a second poller took over. */
  finish(reason: "update" | "conflict" | "timeout"): void;
}

const PRESS_LIFETIME_MS = 150_000;
const MESSAGE_LIFETIME_MS = 86_400_000;
const LONGEST_POLL_SECONDS = 50;

/** A Bot API server on a real socket that refuses what Telegram refuses. */
export async function startFakeTelegram(options: {
  token?: string;
  chats?: readonly FakeChat[];
  port?: number;
  /** A clock that the test moves; sockets and long polls go on in real time. */
  clock?: () => number;
}) {
  const token = options.token ?? "42:fake-token-fake-token-fake-token-42";
  const chats = new Map((options.chats ?? []).map((chat) => [chat.id, chat]));
  const calls: FakeCall[] = [];
  const answers: FakeAnswer[] = [];
  const messages = new Map<string, FakeMessage>();
  /** What people wrote, and the topic it stands in. */
  const heard = new Map<string, number | null>();
  const queries = new Map<string, Query>();
  const sockets = new Set<Socket>();
  let injections: { rule: Injection; left: number }[] = [];
  let queue: Queued[] = [];
  let confirmed: Queued[] = [];
  let poll: Poll | null = null;
  let limits: ReturnType<typeof createLimits> | null = null;
  let nextUpdateId = 100;
  let nextMessageId = 1;
  let skewMs = 0;
  let webhookUrl = "";
  let commands: unknown = [];
  const left: number[] = [];

  const methods: Record<string, (payload: Payload) => unknown> = {
    getMe: () => ({ id: 42, is_bot: true, first_name: "Fake", username: "fake_bot" }),
    getWebhookInfo: () => ({ url: webhookUrl, pending_update_count: takeUpdates({}).length }),
    deleteWebhook() {
      webhookUrl = "";
      return true;
    },
    setMyCommands(payload) {
      for (const { command, description } of payload.commands as Record<string, string>[])
        if (!/^[a-z0-9_]{1,32}$/.test(command ?? "") || !description || description.length > 256)
          throw new ApiError(400, "Bad Request: BOT_COMMAND_INVALID");
      commands = payload.commands;
      return true;
    },
    getChat: (payload) => wireChat(knownChat(payload)),
    leaveChat(payload) {
      left.push(Number(payload.chat_id));
      return true;
    },
    sendMessage: (payload) =>
      wire(post(payload, bodyOf(payload.text, payload.parse_mode, 4096), null)),
    sendPhoto(payload) {
      const bytes = photoOf(payload, payload.photo);
      return wire(post(payload, captionOf(payload), bytes));
    },
    editMessageMedia(payload) {
      const chat = knownChat(payload);
      const before = messages.get(keyOf(chat.id, Number(payload.message_id)));
      if (!before) throw new ApiError(400, "Bad Request: message to edit not found");
      const media = payload.media as Payload | undefined;
      if (media?.type !== "photo") throw new ApiError(400, "Bad Request: unsupported media type");
      if (!before.photo)
        throw new ApiError(400, "Bad Request: there is no media in the message to edit");
      const photo = photoOf(payload, media.media);
      const body = captionOf(media);
      if (photo.equals(before.photo) && body.text === before.text) throw notModified();
      limits?.spend("edit", chat.id, now());
      const automatic = automaticEntities(body);
      const edited = { ...before, ...body, automatic, photo, edits: before.edits + 1 };
      messages.set(keyOf(chat.id, before.messageId), edited);
      return wire(edited);
    },
    editMessageText(payload) {
      const chat = knownChat(payload);
      const before = messages.get(keyOf(chat.id, Number(payload.message_id)));
      if (!before) throw new ApiError(400, "Bad Request: message to edit not found");
      if (before.photo)
        throw new ApiError(400, "Bad Request: there is no text in the message to edit");
      const body = bodyOf(payload.text, payload.parse_mode, 4096);
      const buttons = buttonsOf(payload);
      const after = { ...before, ...body, automatic: automaticEntities(body), buttons };
      if (JSON.stringify(after) === JSON.stringify(before)) throw notModified();
      limits?.spend("edit", chat.id, now());
      const edited = { ...after, edits: before.edits + 1 };
      messages.set(keyOf(chat.id, before.messageId), edited);
      return wire(edited);
    },
    deleteMessage(payload) {
      const chat = knownChat(payload);
      if (!messages.delete(keyOf(chat.id, Number(payload.message_id))))
        throw new ApiError(400, "Bad Request: message to delete not found");
      return true;
    },
    answerCallbackQuery(payload) {
      const query = queries.get(String(payload.callback_query_id));
      const text = String(payload.text ?? "");
      if (!query || query.isAnswered || now() - query.at > PRESS_LIFETIME_MS)
        throw new ApiError(
          400,
          "Bad Request: query is too old and response timeout expired or query ID is invalid",
        );
      if (text.length > 200) throw new ApiError(400, "Bad Request: MESSAGE_TOO_LONG");
      query.isAnswered = true;
      answers.push({
        queryId: String(payload.callback_query_id),
        userId: query.userId,
        text,
        isAlert: payload.show_alert === true,
        afterMs: now() - query.at,
      });
      return true;
    },
  };

  function now(): number {
    return (options.clock ?? Date.now)() + skewMs;
  }

  function knownChat(payload: Payload): FakeChat {
    const chat = chats.get(Number(payload.chat_id));
    if (!chat) throw new ApiError(400, "Bad Request: chat not found");
    if (chat.migratedTo !== undefined)
      throw new ApiError(400, "Bad Request: group chat was upgraded to a supergroup chat", {
        migrate_to_chat_id: chat.migratedTo,
      });
    return chat;
  }

  function post(
    payload: Payload,
    body: { text: string; entities: readonly Entity[] },
    photo: Buffer | null,
  ): FakeMessage {
    const chat = knownChat(payload);
    const reply = payload.reply_parameters as Record<string, unknown> | undefined;
    const replyTo = reply ? Number(reply.message_id) : null;
    const key = keyOf(chat.id, replyTo ?? 0);
    const answered = messages.get(key);
    const thread = answered === undefined ? heard.get(key) : answered.threadId;
    const isThere = thread !== undefined;
    // A reply into another topic never goes without the message it answers.
    const isElsewhere = isThere && chat.topics && thread !== threadOf(payload);
    const mayGoAlone = reply?.allow_sending_without_reply === true && !isElsewhere;
    if (replyTo !== null && (!isThere || isElsewhere) && !mayGoAlone)
      throw new ApiError(400, "Bad Request: message to be replied not found");
    checkTopic(chat, payload.message_thread_id);
    const buttons = buttonsOf(payload);
    limits?.spend("send", chat.id, now());
    const message: FakeMessage = {
      messageId: nextMessageId++,
      chatId: chat.id,
      threadId: threadOf(payload),
      replyTo: isThere ? replyTo : null,
      text: body.text,
      entities: body.entities,
      automatic: automaticEntities(body),
      buttons,
      edits: 0,
      photo,
      isSilent: payload.disable_notification === true,
    };
    messages.set(keyOf(chat.id, message.messageId), message);
    return message;
  }

  function pushUpdate(update: Payload, lifetimeMs = MESSAGE_LIFETIME_MS): number {
    const update_id = nextUpdateId++;
    queue.push({ update: { update_id, ...update }, diesAt: now() + lifetimeMs });
    poll?.finish("update");
    return update_id;
  }

  function takeUpdates(payload: Payload): Payload[] {
    const offset = Number(payload.offset ?? 0);
    queue = queue.filter(({ diesAt }) => diesAt > now());
    const isConfirmed = ({ update }: Queued) => offset > 0 && update.update_id < offset;
    confirmed = [...confirmed, ...queue.filter(isConfirmed)];
    queue = queue.filter((each) => !isConfirmed(each));
    if (offset < 0) queue = queue.slice(offset);
    return queue.slice(0, Math.min(100, Number(payload.limit ?? 100))).map(({ update }) => update);
  }

  async function getUpdates(payload: Payload, response: ServerResponse): Promise<Payload[]> {
    poll?.finish("conflict");
    if (webhookUrl)
      throw new ApiError(
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
      );
    const waiting = takeUpdates(payload);
    const seconds = Math.min(LONGEST_POLL_SECONDS, Number(payload.timeout ?? 0));
    if (waiting.length > 0 || seconds === 0) return waiting;
    const reason = await new Promise<string>((resolve) => {
      const mine: Poll = {
        finish(why) {
          clearTimeout(timer);
          if (poll === mine) poll = null;
          resolve(why);
        },
      };
      const timer = setTimeout(() => mine.finish("timeout"), seconds * 1000);
      response.once("close", () => mine.finish("timeout"));
      poll = mine;
    });
    if (reason === "conflict")
      throw new ApiError(
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
      );
    return takeUpdates(payload);
  }

  function injected(method: string, payload: Payload): void {
    const hit = injections.find(
      ({ rule }) =>
        (rule.method === undefined ? method !== "getUpdates" : rule.method === method) &&
        (rule.chatId === undefined || rule.chatId === Number(payload.chat_id)),
    );
    if (!hit) return;
    hit.left -= 1;
    if (hit.left <= 0) injections = injections.filter((each) => each !== hit);
    throw new ApiError(hit.rule.code, hit.rule.description, hit.rule.parameters);
  }

  async function answer(
    path: Record<string, string> | undefined,
    payload: Payload,
    response: ServerResponse,
  ): Promise<unknown> {
    if (!path) throw new ApiError(404, "Not Found");
    if (path.token !== token) throw new ApiError(401, "Unauthorized");
    const method = path.method ?? "";
    injected(method, payload);
    if (method === "getUpdates") return await getUpdates(payload, response);
    const run = methods[method];
    if (!run) throw new ApiError(404, "Not Found: method not found");
    return run(payload);
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = /^\/bot(?<token>[^/]+)\/(?<method>\w+)$/.exec(request.url ?? "")?.groups;
    const at = now();
    let payload: Payload = {};
    let status = 200;
    try {
      payload = await readPayload(request);
      respond(response, 200, { ok: true, result: await answer(path, payload, response) });
    } catch (error) {
      const { code, message, parameters } = asApiError(error);
      status = code;
      respond(response, code, { ok: false, error_code: code, description: message, parameters });
    }
    calls.push({ method: path?.method ?? "", at, payload, status });
  }

  const server = createServer((request, response) => void handle(request, response));
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));

  function wire(message: FakeMessage): Payload {
    return {
      message_id: message.messageId,
      date: Math.floor(now() / 1000),
      chat: wireChat(chats.get(message.chatId) ?? { id: message.chatId }),
      from: { id: 42, is_bot: true, first_name: "Fake", username: "fake_bot" },
      ...(message.photo ? { caption: message.text } : { text: message.text }),
      ...(message.threadId === null ? {} : { message_thread_id: message.threadId }),
    };
  }

  function pushMessage(from: FakeUser, chatId: number, text: string, extra: Payload = {}): number {
    const messageId = nextMessageId++;
    heard.set(keyOf(chatId, messageId), threadOf(extra));
    pushUpdate({
      message: {
        message_id: messageId,
        date: Math.floor(now() / 1000),
        chat: wireChat(chats.get(chatId) ?? { id: chatId }),
        from: wireUser(from),
        text,
        ...extra,
      },
    });
    return messageId;
  }

  /** Answers one of the bot's messages, or one that another person wrote. */
  function pushReply(from: FakeUser, to: FakeMessage, text: string, extra: Payload = {}): number {
    const reply_to_message = { ...wire(to), ...(extra.reply_to_message as Payload | undefined) };
    return pushMessage(from, to.chatId, text, { ...extra, reply_to_message });
  }

  /** Presses a button by its text, or sends any data at all: clients may lie about it. */
  function press(
    messageId: number,
    button: { text: string } | { data: string },
    from: FakeUser,
    where: { chatId?: number; extra?: Payload } = {},
  ): string {
    const message = [...messages.values()].find(
      (each) => each.messageId === messageId && (where.chatId ?? each.chatId) === each.chatId,
    );
    const data =
      "data" in button
        ? button.data
        : message?.buttons.find(({ text }) => text.includes(button.text))?.callback_data;
    if (data === undefined) throw new Error(`no button ${JSON.stringify(button)} on ${messageId}`);
    const chatId = where.chatId ?? message?.chatId ?? 0;
    const id = `q${nextUpdateId}`;
    queries.set(id, { userId: from.id, at: now(), isAnswered: false });
    pushUpdate(
      {
        callback_query: {
          id,
          from: wireUser(from),
          chat_instance: "1",
          data,
          message: message
            ? { ...wire(message), chat: wireChat(chats.get(chatId) ?? { id: chatId }) }
            : {
                message_id: messageId,
                date: 0,
                chat: wireChat(chats.get(chatId) ?? { id: chatId }),
              },
          ...where.extra,
        },
      },
      PRESS_LIFETIME_MS,
    );
    return id;
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    calls,
    answers,
    left,
    commands: () => commands,
    pushUpdate,
    pushMessage,
    pushReply,
    press,
    messages: (chatId: number) => [...messages.values()].filter((each) => each.chatId === chatId),
    addChat: (chat: FakeChat) => void chats.set(chat.id, chat),
    /** The message a bot sent twice because the answer to the first call was lost. */
    copyOf(messageId: number): [FakeMessage, ...FakeMessage[]] {
      const found = [...messages.values()].filter((each) => each.messageId === messageId);
      const copies = found.map((each) => ({ ...each, messageId: nextMessageId++ }));
      for (const each of copies) messages.set(keyOf(each.chatId, each.messageId), each);
      if (copies[0] === undefined) throw new Error(`there is no message ${messageId}`);
      return [copies[0], ...copies.slice(1)];
    },
    /** As after a crash, before the offset that confirms them was sent. */
    deliverAgain() {
      queue = [...confirmed, ...queue];
      confirmed = [];
    },
    setWebhook(url: string) {
      webhookUrl = url;
    },
    /** What a person does in the client: the bot is not told. */
    deleteByHand: (chatId: number, messageId: number) => messages.delete(keyOf(chatId, messageId)),
    inject(rule: Injection) {
      injections.push({ rule, left: rule.times ?? 1 });
    },
    enforceLimits() {
      limits = createLimits();
    },
    advance(ms: number) {
      skewMs += ms;
    },
    pendingUpdates: () => takeUpdates({}).length,
    dropConnections() {
      for (const socket of sockets) socket.destroy();
    },
    async waitFor<T>(look: () => T | undefined | null | false, ms = 20_000): Promise<T> {
      const deadline = Date.now() + ms;
      for (;;) {
        const found = look();
        if (found) return found;
        if (Date.now() > deadline)
          throw new Error(`waited ${ms} ms in vain; calls: ${JSON.stringify(calls.slice(-5))}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    async stop() {
      poll?.finish("timeout");
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

export type FakeTelegram = Awaited<ReturnType<typeof startFakeTelegram>>;

function notModified(): ApiError {
  return new ApiError(
    400,
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
  );
}

function captionOf({ caption, parse_mode }: Payload) {
  return caption ? bodyOf(caption, parse_mode, 1024) : { text: "", entities: [] };
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** The file itself, or the part that an `attach://` names: a PNG within the published limits. */
function photoOf(payload: Payload, given: unknown): Buffer {
  const part = typeof given === "string" ? payload[given.replace(/^attach:\/\//, "")] : given;
  const bytes = (part as { bytes?: Buffer } | undefined)?.bytes;
  if (!bytes?.length) throw new ApiError(400, "Bad Request: there is no photo in the request");
  if (bytes.length > 10 * 2 ** 20) throw new ApiError(413, "Request Entity Too Large");
  if (!bytes.subarray(0, 8).equals(PNG))
    throw new ApiError(400, "Bad Request: IMAGE_PROCESS_FAILED");
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  if (width + height > 10_000 || Math.max(width / height, height / width) > 20)
    throw new ApiError(400, "Bad Request: PHOTO_INVALID_DIMENSIONS");
  return bytes;
}

function threadOf({ message_thread_id: thread }: Payload): number | null {
  return thread === undefined ? null : Number(thread);
}

function checkTopic({ topics }: FakeChat, thread: unknown): void {
  if (topics === undefined || thread === undefined) return;
  const state = topics[Number(thread)];
  if (state === undefined) throw new ApiError(400, "Bad Request: message thread not found");
  if (state === "closed") throw new ApiError(400, "Bad Request: TOPIC_CLOSED");
}

function keyOf(chatId: number, messageId: number): string {
  return `${chatId}/${messageId}`;
}

function bodyOf(
  text: unknown,
  parseMode: unknown,
  limit: number,
): { text: string; entities: readonly Entity[] } {
  if (typeof text !== "string" || text.trim() === "")
    throw new ApiError(400, "Bad Request: message text is empty");
  if (/\p{Surrogate}/u.test(text))
    throw new ApiError(400, "Bad Request: strings must be encoded in UTF-8");
  if (parseMode !== undefined && parseMode !== "HTML")
    throw new ApiError(400, "Bad Request: unsupported parse_mode");
  const parsed = parseMode === "HTML" ? parseHtml(text) : { text, entities: [] };
  if (parsed.text.trim() === "") throw new ApiError(400, "Bad Request: message text is empty");
  if (parsed.text.length > limit) throw new ApiError(400, "Bad Request: message is too long");
  return parsed;
}

function buttonsOf(payload: Payload): FakeButton[] {
  const markup = payload.reply_markup as { inline_keyboard?: FakeButton[][] } | undefined;
  const buttons = (markup?.inline_keyboard ?? []).flat();
  for (const { text, callback_data, url } of buttons) {
    if (!text)
      throw new ApiError(400, "Bad Request: text buttons are unallowed in the inline keyboard");
    const bytes = Buffer.byteLength(callback_data ?? "");
    if (!url && (bytes < 1 || bytes > 64))
      throw new ApiError(400, "Bad Request: BUTTON_DATA_INVALID");
  }
  return buttons;
}

function wireChat(chat: FakeChat): Payload {
  return {
    id: chat.id,
    type: chat.type ?? (chat.id < 0 ? "supergroup" : "private"),
    title: "Fake",
  };
}

function wireUser(user: FakeUser): Payload {
  return { is_bot: false, first_name: "Somebody", ...user };
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof EntityError)
    return new ApiError(400, `Bad Request: can't parse entities: ${error.message}`);
  return new ApiError(500, `Internal Server Error: ${String(error)}`);
}
