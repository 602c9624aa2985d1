import { createHmac, randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createEmulator } from "emulate";
import { findFreePort } from "../lab/peer-process.ts";
import type { Json } from "./slack-limits.ts";
import {
  checkMessage,
  checkView,
  createRates,
  listOf,
  mentionsIn,
  SlackRefusal,
  scopesOf,
} from "./slack-limits.ts";
import type { WebSocketSide } from "./web-socket.ts";
import { acceptWebSocket } from "./web-socket.ts";

export const ALL_SCOPES = [
  "chat:write",
  "files:write",
  "commands",
  "app_mentions:read",
  "channels:read",
  "groups:read",
];
export const SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5";

const PEOPLE = ["ana", "ben", "vic", "eve"] as const;
type Somebody = (typeof PEOPLE)[number];

export interface SlackFakeMessage {
  readonly ts: string;
  readonly channel: string;
  readonly threadTs: string | null;
  readonly text: string;
  readonly blocks: readonly Json[];
  readonly edits: number;
  /** Whom it would have notified. */
  readonly mentions: readonly string[];
  readonly unfurls: boolean;
}

export interface SlackWhisper {
  readonly user: string;
  readonly threadTs: string | null;
  readonly text: string;
  readonly blocks: readonly Json[];
}

/** A file in a channel or its thread. */
export interface SlackFile {
  readonly id: string;
  readonly channel: string;
  readonly threadTs: string | null;
  readonly title: string;
  readonly alt: string;
  readonly bytes: Buffer;
}

interface Upload {
  readonly length: number;
  readonly alt: string;
  bytes: Buffer | null;
}

export interface SlackButton {
  readonly label: string;
  readonly value: string;
  readonly style: string | null;
  /** The question that Slack asks before it sends the press. */
  readonly confirm: Json | null;
}

export interface SlackCall {
  readonly method: string;
  readonly args: Json;
  readonly at: number;
  /** `ok`, Slack's error, or the HTTP status. */
  readonly outcome: string;
}

export interface SlackInjection {
  readonly method: string;
  readonly error?: string;
  readonly status?: number;
  readonly retryAfter?: number;
  /** Does it, and the answer is lost on the way. */
  readonly isLost?: boolean;
  readonly times?: number;
}

/** What came back for a press, a command or a form. */
export interface SlackAck {
  readonly body: unknown;
  readonly afterMs: number;
  readonly status: number;
}

export interface OpenView {
  readonly id: string;
  readonly view: Json;
  readonly user: string;
}

interface Envelope {
  readonly resolve: (payload: unknown) => void;
}

const ACK_WITHIN_MS = 3000;
const TRIGGER_LIVES_MS = 3000;

/**
 * Slack for one workspace on real sockets. The Web API is `emulate`'s; in front of it stands what that has not: the
 * published limits, scopes and rates, presses, commands, shortcuts and forms, Socket Mode and signed requests.
 */
export async function startFakeSlack(
  options: {
    scopes?: readonly string[];
    /** Where the app listens, for HTTP; without it everything goes through Socket Mode. */
    requestUrl?: string;
    isPrivate?: boolean;
    /** A clock that the test moves; sockets go on in real time. */
    clock?: () => number;
  } = {},
) {
  const token = "xoxb-fake-fake-fake";
  const appToken = "xapp-fake-fake-fake";
  const scopes = [...(options.scopes ?? ALL_SCOPES)];
  const isPrivate = options.isPrivate ?? false;
  const emulator = await createEmulator({
    service: "slack",
    port: await findFreePort(),
    seed: {
      slack: {
        users: PEOPLE.map((name) => ({ name })),
        channels: [{ name: "alerts" }, { name: "elsewhere" }],
        oauth_apps: [
          {
            app_id: "A0COUNTER",
            client_id: "1.1",
            client_secret: "s",
            name: "countersign",
            redirect_uris: [],
            scopes: ALL_SCOPES,
            bot_id: "B0COUNTER",
            bot_user_id: "U0COUNTER",
            bot_name: "countersign",
          },
        ],
        tokens: [
          {
            token,
            type: "bot",
            user_id: "U0COUNTER",
            app_id: "A0COUNTER",
            bot_id: "B0COUNTER",
            scopes: ALL_SCOPES,
          },
        ],
      },
    },
  });
  const calls: SlackCall[] = [];
  const whispers: SlackWhisper[] = [];
  const messages = new Map<string, SlackFakeMessage>();
  const uploads = new Map<string, Upload>();
  const files: SlackFile[] = [];
  const byClientId = new Map<string, string>();
  const triggers = new Map<string, { user: string; at: number; isUsed: boolean }>();
  const views = new Map<string, OpenView>();
  const sockets = new Set<Socket>();
  const connections = new Set<WebSocketSide>();
  const waiting = new Map<string, Envelope>();
  const unacked: string[] = [];
  let injections: { rule: SlackInjection; left: number }[] = [];
  let rates: ReturnType<typeof createRates> | null = null;
  let { requestUrl } = options;
  let connectionsMade = 0;
  let mentionsMade = 0;
  let isMember = true;
  let isShared = false;
  let isSilent = false;
  let skewMs = 0;
  const now = () => (options.clock ?? Date.now)() + skewMs;

  const people = (await emulated("users.list", {})).members as { name: string; id: string }[];
  const channels = (await emulated("conversations.list", {})).channels as {
    name: string;
    id: string;
  }[];
  const idOf = (list: { name: string; id: string }[], name: string) => {
    const found = list.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no ${name}`);
    return found.id;
  };
  const channel = idOf(channels, "alerts");
  const team = String((await emulated("auth.test", {})).team_id);

  async function emulated(method: string, args: Json): Promise<Json> {
    const response = await fetch(`${emulator.url}/api/${method}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json; charset=utf-8",
      },
      body: JSON.stringify(args),
    });
    return (await response.json()) as Json;
  }

  async function answer(method: string, args: Json, bearer: string): Promise<Json> {
    if (method === "apps.connections.open") return openConnection(bearer);
    if (bearer !== token) throw new SlackRefusal("invalid_auth");
    const needed = scopesOf(method, { isPrivate }).find((scope) => !scopes.includes(scope));
    if (needed !== undefined) throw new SlackRefusal("missing_scope", needed);
    switch (method) {
      case "chat.postMessage":
        return await post(args);
      case "chat.update":
        return await update(args);
      case "chat.postEphemeral":
        return await whisper(args);
      case "files.getUploadURLExternal":
        return offerUpload(args);
      case "files.completeUploadExternal":
        return completeUpload(args);
      case "views.open":
        return await openView(args);
      case "conversations.info": {
        const found = await emulated(method, args);
        const shown = { is_member: isMember, is_ext_shared: isShared };
        return found.ok ? { ...found, channel: { ...(found.channel as Json), ...shown } } : found;
      }
      default:
        return await emulated(method, args);
    }
  }

  function openConnection(bearer: string): Json {
    if (bearer !== appToken) throw new SlackRefusal("invalid_auth");
    return { ok: true, url: `${base().replace("http", "ws")}/link/?ticket=${randomUUID()}` };
  }

  function bodyOf(args: Json): { text: string; blocks: Json[] } {
    const body = { text: String(args.text ?? ""), blocks: listOf(args.blocks) };
    checkMessage(body);
    return body;
  }

  function checkMember(args: Json): void {
    if (String(args.channel) === channel && !isMember) throw new SlackRefusal("not_in_channel");
  }

  async function post(args: Json): Promise<Json> {
    checkMember(args);
    const body = bodyOf(args);
    const clientId = args.client_msg_id === undefined ? null : String(args.client_msg_id);
    const before = clientId === null ? undefined : byClientId.get(clientId);
    if (before !== undefined) {
      if (!messages.has(before)) throw new SlackRefusal("duplicate_message_not_found");
      return { ok: true, channel: args.channel, ts: before };
    }
    const parent = args.thread_ts === undefined ? null : String(args.thread_ts);
    if (parent !== null && !messages.has(parent)) throw new SlackRefusal("thread_not_found");
    const result = await emulated("chat.postMessage", args);
    if (!result.ok) return result;
    const ts = String(result.ts);
    if (clientId !== null) byClientId.set(clientId, ts);
    messages.set(ts, {
      ts,
      channel: String(args.channel),
      threadTs: parent,
      ...body,
      edits: 0,
      mentions: mentionsIn(body),
      unfurls: args.unfurl_links !== false || args.unfurl_media !== false,
    });
    return result;
  }

  async function update(args: Json): Promise<Json> {
    checkMember(args);
    const body = bodyOf(args);
    const before = messages.get(String(args.ts));
    if (before === undefined) throw new SlackRefusal("message_not_found");
    const result = await emulated("chat.update", args);
    if (!result.ok) return result;
    const mentions = mentionsIn(body);
    messages.set(before.ts, { ...before, ...body, edits: before.edits + 1, mentions });
    return result;
  }

  async function whisper(args: Json): Promise<Json> {
    checkMember(args);
    const body = bodyOf(args);
    const result = await emulated("chat.postEphemeral", args);
    const threadTs = args.thread_ts === undefined ? null : String(args.thread_ts);
    if (result.ok) whispers.push({ user: String(args.user), threadTs, ...body });
    return result;
  }

  /** An address that is good for one file of exactly that length. */
  function offerUpload(args: Json): Json {
    const length = Number(args.length);
    const alt = String(args.alt_txt ?? "");
    const isNamed = typeof args.filename === "string" && args.filename !== "";
    if (!isNamed || !Number.isInteger(length) || length <= 0)
      throw new SlackRefusal("missing_argument");
    if (alt.length > 1000) throw new SlackRefusal("alt_txt_too_large");
    const id = `F${randomUUID().slice(0, 8).toUpperCase()}`;
    uploads.set(id, { length, alt, bytes: null });
    return { ok: true, upload_url: `${base()}/upload/v1/${id}`, file_id: id };
  }

  async function takeUpload(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const upload = uploads.get((request.url ?? "").split("/").at(-1) ?? "");
    const bytes = await bytesOf(request);
    const rule = injected("upload");
    // Its address is the secret: a token has no business here.
    const isRight = upload?.bytes === null && bytes.length === upload.length;
    const isWelcome = isRight && request.headers.authorization === undefined;
    const outcome = rule?.status ?? (isWelcome ? 200 : 400);
    calls.push({ method: "upload", args: {}, at: now(), outcome: String(outcome) });
    if (upload !== undefined && outcome === 200) upload.bytes = bytes;
    response.writeHead(outcome).end(outcome === 200 ? `OK - ${bytes.length}` : "no");
  }

  function completeUpload(args: Json): Json {
    const wanted = listOf(args.files);
    if (wanted.length === 0) throw new SlackRefusal("invalid_arguments");
    const id = args.channel_id === undefined ? null : String(args.channel_id);
    if (id !== null && !channels.some((each) => each.id === id))
      throw new SlackRefusal("channel_not_found");
    checkMember({ channel: id });
    const parent = args.thread_ts === undefined ? null : String(args.thread_ts);
    const isParent = parent === null || messages.get(parent)?.threadTs === null;
    if (!isParent) throw new SlackRefusal("thread_not_found");
    for (const file of wanted) {
      const upload = uploads.get(String(file.id));
      if (upload?.bytes == null) throw new SlackRefusal("file_not_found");
      const title = String(file.title ?? "");
      // Without a channel it would be a private file that nobody sees.
      if (id !== null) {
        const { alt, bytes } = upload;
        files.push({ id: String(file.id), channel: id, threadTs: parent, title, alt, bytes });
      }
      uploads.delete(String(file.id));
    }
    return { ok: true, files: wanted.map((file) => ({ id: file.id })) };
  }

  async function openView(args: Json): Promise<Json> {
    const trigger = triggers.get(String(args.trigger_id));
    if (trigger === undefined) throw new SlackRefusal("invalid_trigger_id");
    if (trigger.isUsed) throw new SlackRefusal("exchanged_trigger_id");
    if (now() - trigger.at > TRIGGER_LIVES_MS) throw new SlackRefusal("expired_trigger_id");
    const view = args.view as Json;
    checkView(view);
    trigger.isUsed = true;
    const theirs = await emulated("views.generateTriggerId", { user_id: trigger.user });
    const result = await emulated("views.open", { view, trigger_id: theirs.trigger_id });
    if (!result.ok) return result;
    const id = String((result.view as Json).id);
    views.set(id, { id, view, user: trigger.user });
    return result;
  }

  function injected(method: string): SlackInjection | null {
    const hit = injections.find(({ rule }) => rule.method === method);
    if (hit === undefined) return null;
    hit.left -= 1;
    if (hit.left <= 0) injections = injections.filter((each) => each !== hit);
    return hit.rule;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.startsWith("/upload/v1/")) return await takeUpload(request, response);
    const method = /^\/api\/(?<method>[\w.]+)$/.exec(request.url ?? "")?.groups?.method ?? "";
    const args = await readArgs(request);
    const bearer = (request.headers.authorization ?? "").replace(/^Bearer /, "");
    const at = now();
    const note = (outcome: string) => void calls.push({ method, args, at, outcome });
    const rule = injected(method);
    const wait = rule?.retryAfter ?? rates?.wait(method, String(args.channel), at) ?? 0;
    if (wait > 0) {
      note("429");
      response.writeHead(429, { "retry-after": String(wait) }).end();
      return;
    }
    if (rule?.status !== undefined) {
      note(String(rule.status));
      response.writeHead(rule.status).end("trouble");
      return;
    }
    let body: Json;
    try {
      if (rule?.error !== undefined) throw new SlackRefusal(rule.error);
      body = await answer(method, args, bearer);
    } catch (error) {
      if (!(error instanceof SlackRefusal)) throw error;
      body = refusalBody(error);
    }
    note(body.ok === true ? "ok" : String(body.error));
    if (rule?.isLost === true) return void request.socket.destroy();
    response.writeHead(200, {
      "content-type": "application/json",
      "x-oauth-scopes": scopes.join(","),
    });
    response.end(JSON.stringify(body));
  }

  function refusalBody({ error, detail }: SlackRefusal): Json {
    return {
      ok: false,
      error,
      ...(error === "missing_scope" ? { needed: detail, provided: scopes.join(",") } : {}),
      ...(error === "invalid_blocks" ? { response_metadata: { messages: [detail] } } : {}),
    };
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (request, socket) => {
    const side = acceptWebSocket(request, socket, {
      text: (text) => {
        const { envelope_id: id, payload } = JSON.parse(text) as Json;
        waiting.get(String(id))?.resolve(payload ?? null);
        waiting.delete(String(id));
      },
      end: () => connections.delete(side),
    });
    if (isSilent) return;
    connectionsMade += 1;
    connections.add(side);
    side.send(JSON.stringify({ type: "hello", num_connections: connections.size }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  /** Hands it to the app as Slack would, and waits for its answer no longer than Slack does. */
  async function deliver(
    type: "interactive" | "slash_commands" | "events_api",
    payload: Json,
  ): Promise<SlackAck> {
    const start = Date.now();
    if (requestUrl !== undefined) {
      const response = await posted(type, payload);
      const text = await response.text();
      const afterMs = Date.now() - start;
      return { body: text === "" ? null : asJson(text), afterMs, status: response.status };
    }
    const [connection] = connections;
    if (connection === undefined) throw new Error("nobody is connected");
    const id = randomUUID();
    const acked = new Promise<unknown>((resolve, reject) => {
      waiting.set(id, { resolve });
      setTimeout(() => {
        if (!waiting.has(id)) return;
        unacked.push(id);
        reject(new Error("no answer within three seconds"));
      }, ACK_WITHIN_MS).unref();
    });
    const envelope = { envelope_id: id, type, accepts_response_payload: true, payload };
    connection.send(JSON.stringify(envelope));
    const body = await acked;
    return { body: isEmpty(body) ? null : body, afterMs: Date.now() - start, status: 200 };
  }

  /** An event comes as JSON, all else as a form. */
  async function posted(type: string, payload: Json): Promise<Response> {
    if (type === "events_api")
      return await send(JSON.stringify(payload), { contentType: "application/json" });
    const isForm = type === "slash_commands";
    const form = isForm
      ? (payload as Record<string, string>)
      : { payload: JSON.stringify(payload) };
    return await send(new URLSearchParams(form).toString());
  }

  /** Posts to the app as Slack would; what is signed wrong is up to the test. */
  async function send(
    body: string,
    over: {
      timestamp?: number;
      secret?: string;
      signature?: string;
      contentType?: string;
    } = {},
  ): Promise<Response> {
    if (requestUrl === undefined) throw new Error("this fake has no requestUrl");
    const timestamp = over.timestamp ?? Math.floor(Date.now() / 1000);
    return await fetch(requestUrl, {
      method: "POST",
      headers: {
        "content-type": over.contentType ?? "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": String(timestamp),
        "x-slack-signature": over.signature ?? sign(body, timestamp, over.secret),
      },
      body,
    });
  }

  function triggerFor(user: string): string {
    const id = `${now()}.${randomUUID()}`;
    triggers.set(id, { user, at: now(), isUsed: false });
    return id;
  }

  function from(user: string): Json {
    return {
      team: { id: team, domain: "fake" },
      user: { id: user, username: "somebody", name: "somebody", team_id: team },
      api_app_id: "A0COUNTER",
      token: "verification",
      is_enterprise_install: false,
      enterprise: null,
    };
  }

  function pressPayload(
    message: { ts: string; isEphemeral?: boolean },
    value: string,
    user: string,
    over: Json = {},
  ): Json {
    return {
      type: "block_actions",
      ...from(user),
      container: {
        type: "message",
        message_ts: message.ts,
        channel_id: channel,
        is_ephemeral: message.isEphemeral ?? false,
      },
      channel: { id: channel, name: "alerts" },
      message: { type: "message", ts: message.ts, bot_id: "B0COUNTER" },
      trigger_id: triggerFor(user),
      response_url: `${base()}/actions/somewhere`,
      actions: [
        { type: "button", action_id: "approve", block_id: "b", value, action_ts: `${now()}` },
      ],
      ...over,
    };
  }

  const fake = {
    url: `${base()}/api/`,
    token,
    appToken,
    team,
    channel,
    elsewhere: idOf(channels, "elsewhere"),
    calls,
    files: () => files,
    whispers,
    unacked,
    user: (name: Somebody) => idOf(people, name),
    account: (name: Somebody) => `${team}:${idOf(people, name)}`,
    messages: () => [...messages.values()],
    cards: () => [...messages.values()].filter(({ threadTs }) => threadTs === null),
    views: () => [...views.values()],
    connections: () => connections.size,
    connectionsMade: () => connectionsMade,
    buttons: buttonsOf,
    deliver,
    send,
    pressPayload,
    /** Presses a button by its label, or sends any value at all: clients may lie about it. */
    async press(
      message: { ts: string; blocks?: readonly Json[]; isEphemeral?: boolean },
      button: string | { value: string },
      user: string,
      over: Json = {},
    ): Promise<SlackAck> {
      const value =
        typeof button === "string"
          ? buttonsOf(message.blocks ?? []).find(({ label }) => label.includes(button))?.value
          : button.value;
      if (value === undefined) throw new Error(`no button ${JSON.stringify(button)}`);
      return await deliver("interactive", pressPayload(message, value, user, over));
    },
    async say(text: string, user: string, over: Json = {}): Promise<SlackAck> {
      return await deliver("slash_commands", {
        command: "/countersign",
        text,
        team_id: team,
        team_domain: "fake",
        user_id: user,
        user_name: "somebody",
        channel_id: channel,
        channel_name: "alerts",
        api_app_id: "A0COUNTER",
        token: "verification",
        trigger_id: triggerFor(user),
        response_url: `${base()}/commands/somewhere`,
        ...over,
      });
    },
    /** Words to the bot, in a thread where one is named. Slack tells it only where it may hear them. */
    async mention(words: string, user: string, over: Json = {}): Promise<SlackAck | null> {
      if (!scopes.includes("app_mentions:read")) return null;
      mentionsMade += 1;
      const ts = `${(now() / 1000).toFixed(3)}${String(mentionsMade % 1000).padStart(3, "0")}`;
      const text = `<@U0COUNTER> ${words}`;
      const event = { type: "app_mention", user, team, text, ts, channel, event_ts: ts, ...over };
      return await deliver("events_api", {
        type: "event_callback",
        token: "verification",
        team_id: team,
        api_app_id: "A0COUNTER",
        event_id: `Ev${randomUUID()}`,
        event_time: Math.floor(now() / 1000),
        event,
      });
    },
    async shortcut(
      callbackId: string,
      message: { ts: string; thread_ts?: string },
      user: string,
      over: Json = {},
    ): Promise<SlackAck> {
      return await deliver("interactive", {
        type: "message_action",
        callback_id: callbackId,
        ...from(user),
        channel: { id: channel, name: "alerts" },
        message: { type: "message", ...message },
        message_ts: message.ts,
        trigger_id: triggerFor(user),
        response_url: `${base()}/app/somewhere`,
        ...over,
      });
    },
    /** Sends a form; it stays open where the answer names errors. */
    async submit(
      { id, view }: OpenView,
      typed: Readonly<Record<string, string>>,
      user: string,
      over: Json = {},
    ): Promise<SlackAck> {
      const values = Object.fromEntries(
        Object.entries(typed).map(([name, value]) => [
          name,
          { [name]: { type: "plain_text_input", value } },
        ]),
      );
      const sent = await deliver("interactive", {
        type: "view_submission",
        ...from(user),
        view: { id, team_id: team, ...view, state: { values } },
        trigger_id: triggerFor(user),
        response_urls: [],
        ...over,
      });
      if ((sent.body as Json | null)?.response_action !== "errors") views.delete(id);
      return sent;
    },
    /** What a person does in the client: the app is not told. */
    deleteByHand: (ts: string) => messages.delete(ts),
    inject: (rule: SlackInjection) => void injections.push({ rule, left: rule.times ?? 1 }),
    enforceRates() {
      rates = createRates();
    },
    removeFromChannel() {
      isMember = false;
    },
    shareChannel() {
      isShared = true;
    },
    setRequestUrl(url: string) {
      requestUrl = url;
    },
    passTime(ms: number) {
      skewMs += ms;
    },
    /** New sockets get no hello. */
    keepSilent(silent: boolean) {
      isSilent = silent;
    },
    /** As Slack does every few hours. */
    refreshConnections() {
      for (const side of connections) {
        side.send(JSON.stringify({ type: "disconnect", reason: "refresh_requested" }));
      }
    },
    freezeConnections() {
      for (const side of connections) side.freeze();
    },
    dropConnections() {
      for (const side of connections) side.destroy();
    },
    async waitFor<T>(look: () => T | undefined | false | null, withinMs = 20_000): Promise<T> {
      const deadline = Date.now() + withinMs;
      for (;;) {
        const found = look();
        if (found) return found;
        if (Date.now() > deadline) {
          throw new Error(`waited ${withinMs} ms in vain; calls: ${lastCalls(calls)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    },
    async stop(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await emulator.close();
    },
  };
  return fake;
}

export type FakeSlack = Awaited<ReturnType<typeof startFakeSlack>>;

export function sign(body: string, timestamp: number, secret = SIGNING_SECRET): string {
  return `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
}

export function buttonsOf(blocks: readonly Json[]): SlackButton[] {
  return blocks
    .filter(({ type }) => type === "actions")
    .flatMap(({ elements }) => listOf(elements))
    .map(({ text, value, style, confirm }) => ({
      label: String((text as Json).text),
      value: String(value),
      style: style === undefined ? null : String(style),
      confirm: (confirm as Json | undefined) ?? null,
    }));
}

/** All that a person reads of blocks, in order. */
export function wordsOf(blocks: readonly Json[]): string {
  const words: string[] = [];
  const read = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) read(item);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return;
    const { text, elements, fields, label } = value as Json;
    if (typeof text === "string") words.push(text);
    else read(text);
    read(label);
    read(elements);
    read(fields);
  };
  read(blocks);
  return words.join("").replaceAll("\u2060", "");
}

/** The client sends forms in which what is not text is JSON; people with curl send JSON. */
async function readArgs(request: IncomingMessage): Promise<Json> {
  const text = (await bytesOf(request)).toString("utf8");
  if ((request.headers["content-type"] ?? "").startsWith("application/json")) {
    return JSON.parse(text) as Json;
  }
  const form = Object.fromEntries(new URLSearchParams(text));
  return Object.fromEntries(
    Object.entries(form).map(([name, value]) => [
      name,
      ["blocks", "view", "metadata", "attachments", "files"].includes(name)
        ? JSON.parse(value)
        : value === "true" || value === "false"
          ? value === "true"
          : value,
    ]),
  );
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isEmpty(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    (typeof value === "object" && Object.keys(value).length === 0)
  );
}

function lastCalls(calls: readonly SlackCall[]): string {
  return calls
    .slice(-8)
    .map(({ method, outcome }) => `${method} ${outcome}`)
    .join(", ");
}
