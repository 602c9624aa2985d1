import type { Api } from "grammy";
import type { Card } from "./card.ts";
import type { ButtonTokens, CardAdapter } from "./channel.ts";
import { ChatRejected } from "./channel.ts";
import type { Reply } from "./command.ts";
import type { Pace } from "./pace.ts";
import { buttonData } from "./press.ts";
import {
  renderTelegram,
  renderTelegramText,
  TELEGRAM_LIMIT,
  telegramLength,
} from "./telegram-html.ts";
import { cut } from "./text.ts";

const CALL_TIMEOUT_MS = 15_000;

export interface TelegramChat {
  /** As it is set, with its topic: the name under which the store knows the chat. */
  readonly name: string;
  readonly topic: number | null;
  /** Changes when Telegram turns the group into a supergroup. */
  id: number;
}

/** `id` or `id:topic`. */
export function parseChat(name: string): TelegramChat {
  const [id, topic] = name.split(":");
  return { name, id: Number(id), topic: topic === undefined ? null : Number(topic) };
}

interface TelegramButton {
  readonly text: string;
  readonly callback_data: string;
  readonly style: "success" | "danger";
}

export interface TelegramCards extends CardAdapter {
  answer(reply: Reply, to: AnswerTo): Promise<void>;
}

/** What Telegram said, read from its own fields: a grammY error may hold the URL, and with it the token. */
export function rejectionOf(error: unknown): ChatRejected {
  if (error instanceof ChatRejected) return error;
  const said = error as {
    error_code?: unknown;
    description?: unknown;
    parameters?: { retry_after?: number };
  };
  if (typeof said?.error_code !== "number" || typeof said.description !== "string")
    return new ChatRejected("unreachable", "Telegram could not be reached");
  const text = `Telegram answered ${said.error_code}: ${said.description}`;
  if (said.error_code === 429)
    return new ChatRejected("paused", text, (said.parameters?.retry_after ?? 5) * 1000);
  if (said.error_code >= 500) return new ChatRejected("unreachable", text);
  return new ChatRejected(kindOf(said.description), text);
}

function kindOf(description: string): ChatRejected["kind"] {
  if (/message is not modified/i.test(description)) return "unchanged";
  if (
    /message to (?:edit|be replied|reply) not found|MESSAGE_ID_INVALID|message can't be edited/i.test(
      description,
    )
  )
    return "gone";
  if (/can't parse entities/i.test(description)) return "markup";
  return "refused";
}

/** Telegram's side of cards and answers, for one chat. */
export function createTelegramCards(deps: {
  readonly api: () => Promise<Api>;
  readonly chat: TelegramChat;
  readonly pace: Pace;
  readonly onMigrated: (id: number) => void;
}): TelegramCards {
  const { chat, pace } = deps;

  async function call<T>(act: (api: Api, signal: never) => Promise<T>): Promise<T> {
    try {
      // grammY types the signal after a polyfill; the platform's own is what it takes.
      return await act(await deps.api(), AbortSignal.timeout(CALL_TIMEOUT_MS) as never);
    } catch (error) {
      throw rejectionOf(followMigration(error));
    }
  }

  function followMigration(error: unknown): unknown {
    const to = (error as { parameters?: { migrate_to_chat_id?: number } })?.parameters
      ?.migrate_to_chat_id;
    if (to === undefined) return error;
    chat.id = to;
    deps.onMigrated(to);
    return new ChatRejected("unreachable", `The group is now a supergroup with the id ${to}`);
  }

  async function send(html: string, plain: string, extra: object): Promise<string> {
    const options = { ...inTopic(chat), link_preview_options: { is_disabled: true }, ...extra };
    const message = await withFallback(
      () =>
        call((api, signal) =>
          api.sendMessage(chat.id, html, { ...options, parse_mode: "HTML" }, signal),
        ),
      () => call((api, signal) => api.sendMessage(chat.id, plain, options, signal)),
    );
    return String(message.message_id);
  }

  async function post(card: Card, tokens: ButtonTokens): Promise<string> {
    const rendered = renderTelegram(card);
    return await send(rendered.html, rendered.plain, keyboardOf(rendered.card, tokens));
  }

  async function edit(
    messageId: string,
    card: Card,
    tokens: ButtonTokens,
  ): Promise<"edited" | "gone"> {
    const { html, plain, card: fitted } = renderTelegram(card);
    const options = { link_preview_options: { is_disabled: true }, ...keyboardOf(fitted, tokens) };
    const id = Number(messageId);
    try {
      await withFallback(
        () =>
          call((api, signal) =>
            api.editMessageText(chat.id, id, html, { ...options, parse_mode: "HTML" }, signal),
          ),
        () => call((api, signal) => api.editMessageText(chat.id, id, plain, options, signal)),
      );
      return "edited";
    } catch (error) {
      const { kind } = rejectionOf(error);
      if (kind === "unchanged") return "edited";
      if (kind === "gone") return "gone";
      throw error;
    }
  }

  async function reply(messageId: string, text: string): Promise<void> {
    const reply_parameters = { message_id: Number(messageId), allow_sending_without_reply: true };
    await send(renderTelegramText(text), text, { reply_parameters });
  }

  async function answer({ text, buttons = [] }: Reply, to: AnswerTo): Promise<void> {
    const body = shortened(text);
    const keyboard = buttons.map(({ label, style, verb, token }): TelegramButton[] => [
      { text: label, callback_data: buttonData(verb, token), style },
    ]);
    const extra = keyboard.length > 0 ? { reply_markup: { inline_keyboard: keyboard } } : {};
    if (to.kind === "chat") {
      const answered =
        to.messageId === null
          ? {}
          : { reply_parameters: { message_id: to.messageId, allow_sending_without_reply: true } };
      await send(renderTelegramText(body), body, { ...answered, ...extra });
      return;
    }
    await call((api, signal) =>
      api.sendMessage(to.userId, renderTelegramText(body), { parse_mode: "HTML" }, signal),
    );
  }

  return { post, edit, reply, answer, pace };
}

export type AnswerTo =
  /** Without a message to answer it is a message of its own. */
  | { readonly kind: "chat"; readonly messageId: number | null }
  | { readonly kind: "person"; readonly userId: number };

/** A server that can't read our markup still shows the words. */
async function withFallback<T>(first: () => Promise<T>, second: () => Promise<T>): Promise<T> {
  try {
    return await first();
  } catch (error) {
    if (rejectionOf(error).kind === "markup") return await second();
    throw error;
  }
}

/** It is addressed by naming no topic at all. */
export const GENERAL_TOPIC = 1;

function inTopic({ topic }: TelegramChat): { message_thread_id?: number } {
  return topic === null || topic === GENERAL_TOPIC ? {} : { message_thread_id: topic };
}

function keyboardOf(card: Card, tokens: ButtonTokens) {
  const rows = new Map<string, TelegramButton[]>();
  for (const { requestId, verb, label, style } of card.buttons) {
    const token = tokens[requestId]?.[verb];
    if (!token) continue;
    const row = rows.get(requestId) ?? [];
    rows.set(requestId, [...row, { text: label, callback_data: buttonData(verb, token), style }]);
  }
  return { reply_markup: { inline_keyboard: [...rows.values()] } };
}

function shortened(text: string): string {
  let body = text;
  while (telegramLength(body) > TELEGRAM_LIMIT)
    body = `${cut(body, Math.floor(body.length * 0.9)).replace(/\n[^\n]*$/, "")}\n… more in the console`;
  return body;
}
