import { setTimeout as sleep } from "node:timers/promises";
import type { Api, Bot } from "grammy";
import type { CardAdapter, ChatMemory } from "./channel.ts";
import { createOutbox } from "./outbox.ts";
import type { PaceLimits } from "./pace.ts";
import { createPace, GROUP_CHAT, PRIVATE_CHAT } from "./pace.ts";
import type { ChatDeps } from "./reception.ts";
import { createTelegramCards, parseChat, rejectionOf } from "./telegram-api.ts";
import { foreignWebhook, lookAround, movedLine, problemOf } from "./telegram-check.ts";
import { createDowntime } from "./telegram-downtime.ts";
import { createTelegramUpdates } from "./telegram-updates.ts";
import { plural } from "./text.ts";

export interface TelegramDeps extends ChatDeps {
  readonly token: string;
  /** `id` or `id:topic`. */
  readonly chatId: string;
  readonly apiRoot?: string;
  /** Without it a restart forgets a group's new id, and what it has handled. */
  readonly memory?: ChatMemory;
  readonly limits?: Partial<PaceLimits>;
  readonly settings?: Partial<TelegramSettings>;
}

export interface TelegramSettings {
  readonly pollSeconds: number;
  readonly firstBackoffMs: number;
  readonly longestBackoffMs: number;
}

const DEFAULTS: TelegramSettings = {
  pollSeconds: 30,
  firstBackoffMs: 1000,
  longestBackoffMs: 60_000,
};
const STOP_WITHIN_MS = 5000;
const UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"] as const;
/** Polling that lasted this long was well: the next failure is a new one. */
const WELL_AFTER_MS = 60_000;

/** Telegram by long polling: takes words and presses in, hands them on, and shows what comes back. */
export function createTelegram(deps: TelegramDeps) {
  const { token, log, observe, registry } = deps;
  const settings = { ...DEFAULTS, ...deps.settings };
  const chat = parseChat(deps.chatId);
  const now = deps.now ?? (() => new Date());
  const pace = createPace({ ...(chat.id < 0 ? GROUP_CHAT : PRIVATE_CHAT), ...deps.limits }, () =>
    now().getTime(),
  );
  const outbox = createOutbox({ log });
  const client = {
    apiRoot: (deps.apiRoot ?? "https://api.telegram.org").replace(/\/+$/, ""),
    timeoutSeconds: settings.pollSeconds + 15,
  };
  const cards = createTelegramCards({
    api,
    chat,
    pace,
    now,
    onMigrated,
    onTopicLost: (why) => {
      topicProblem = `The topic of TELEGRAM_CHAT_ID=${chat.name} is closed or deleted, so cards go to the group itself: open the topic, or set another (${why}).`;
      log.warn({ channel: "telegram" }, topicProblem);
    },
  });
  const updates = createTelegramUpdates(deps, { chat, cards, outbox });
  let lazyApi: Promise<Api> | null = null;
  let bot: Bot | null = null;
  let supervised: Promise<void> | null = null;
  let stopping = new AbortController();
  let problem: string | null = null;
  let topicProblem: string | null = null;
  let beats = 0;
  const downtime = createDowntime({ memory: deps.memory, now, onRenewed });

  /** Nothing is called before the chat's newest id is known. */
  function api(): Promise<Api> {
    lazyApi ??= Promise.all([import("grammy"), deps.memory?.recall()]).then(
      ([{ Api: GrammyApi }, recalled]) => {
        if (recalled?.movedTo) chat.id = Number(recalled.movedTo);
        return new GrammyApi(token, client);
      },
      (error: unknown) => {
        lazyApi = null;
        throw error;
      },
    );
    return lazyApi;
  }

  async function onMigrated(id: number): Promise<void> {
    if (chat.id === id) return;
    await deps.memory?.moved(String(id));
    chat.id = id;
    log.warn({ channel: "telegram" }, movedLine(chat, id));
  }

  function onRenewed(cardsRenewed: number, awayMs: number): void {
    const away = `Countersign could not hear this chat for ${Math.round(awayMs / 60_000)} min: what was pressed meanwhile is lost.`;
    announce(`${away} ${plural(cardsRenewed, "card")} waiting for a decision: new buttons follow.`);
  }

  /** Something everybody in the chat must know, such as that auto-healing was turned off elsewhere. */
  function announce(text: string): void {
    outbox.push(chat.name, {
      pace,
      send: () => cards.answer({ text }, { kind: "chat", messageId: null }),
    });
  }

  async function createBot(): Promise<Bot> {
    const { Bot: GrammyBot } = await import("grammy");
    const created = new GrammyBot(token, { client });
    created.api.config.use(downtime.listen);
    created.api.config.use((previous, method, payload, signal) => {
      beats += 1;
      return previous(method, payload, signal);
    });
    created.use(updates.once);
    created.on("message:migrate_to_chat_id", async ({ message }) => {
      if (message.chat.id === chat.id) await onMigrated(message.migrate_to_chat_id);
    });
    created.on("edited_message", updates.onEdited);
    created.on(["channel_post", "edited_channel_post"], updates.onChannelPost);
    created.on("inline_query", updates.onInline);
    created.on("message:text", updates.onText);
    created.on("my_chat_member", updates.onMembership);
    created.on("callback_query", updates.onPress);
    // Without it one bad update would end the polling.
    created.catch(({ error }) =>
      log.error({ reason: rejectionOf(error).message }, "an update failed"),
    );
    return created;
  }

  async function supervise(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures += 1) {
      beats += 1;
      const since = Date.now();
      await poll(signal).catch((error: unknown) => {
        if (signal.aborted) return;
        problem = problemOf(error, chat);
        log.error({ channel: "telegram" }, problem);
        observe.failed({ channel: "telegram", kind: rejectionOf(error).kind });
      });
      if (Date.now() - since > WELL_AFTER_MS) failures = 0;
      const waitMs = Math.min(settings.longestBackoffMs, settings.firstBackoffMs * 2 ** failures);
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async function poll(signal: AbortSignal): Promise<void> {
    bot = await createBot();
    // grammY's own start would ask for ever, and could not be stopped while it does.
    await bot.init(signal as never);
    await reportForeignWebhook();
    await downtime.begin(await api());
    if (signal.aborted) return;
    await bot.start({
      allowed_updates: UPDATES,
      timeout: settings.pollSeconds,
      onStart: () => void introduce(),
    });
  }

  /** Polling takes a webhook away, so it has to be looked for before. */
  async function reportForeignWebhook(): Promise<void> {
    const found = await foreignWebhook(await api()).catch(() => null);
    if (found) log.error({ channel: "telegram" }, found);
  }

  async function introduce(): Promise<void> {
    problem = null;
    const commands = registry.list.map(({ name, summary }) => ({
      command: name,
      description: summary,
    }));
    await (await api())
      .setMyCommands(commands)
      .catch((error: unknown) =>
        log.warn({ reason: rejectionOf(error).message }, "no command menu"),
      );
  }

  function lostTopic(): string | null {
    return chat.topicLostUntil > now().getTime() ? topicProblem : null;
  }

  async function goodbye(): Promise<void> {
    await bot
      ?.stop()
      .catch((error: unknown) =>
        log.warn({ reason: rejectionOf(error).message }, "offset not saved"),
      );
  }

  return {
    cards: cards as CardAdapter,
    /** The name under which the store knows the chat. */
    chat: chat.name,
    start(): void {
      if (supervised !== null) return;
      stopping = new AbortController();
      supervised = supervise(stopping.signal);
    },
    async stop(): Promise<void> {
      stopping.abort();
      // `bot.stop()` confirms the update in flight before its handler ends: wait for both.
      await Promise.race([goodbye(), sleep(STOP_WITHIN_MS, undefined, { ref: false })]);
      await supervised;
      supervised = null;
      await outbox.close();
    },
    announce,
    /** Grows with everything it asks Telegram, be it in vain. */
    beats: () => beats,
    /** For `/health` and `check`: a line for people, or an error that names the setting and the way out. */
    async check(): Promise<string> {
      const calls = await api();
      const found = await lookAround(calls, chat).catch((error: unknown) => {
        throw new Error(problemOf(error, chat), { cause: rejectionOf(error) });
      });
      const wrong = supervised === null ? await foreignWebhook(calls) : (problem ?? lostTopic());
      if (wrong !== null) throw new Error(wrong);
      return found;
    },
  };
}

export type Telegram = ReturnType<typeof createTelegram>;
