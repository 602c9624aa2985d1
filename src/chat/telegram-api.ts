import type { Api } from "grammy";
import type { Card } from "./card.ts";
import type { ButtonTokens, CardAdapter, Picture } from "./channel.ts";
import { ChatRejected, OLD_COPY, orPlainly } from "./channel.ts";
import type { Reply } from "./command.ts";
import type { Pace } from "./pace.ts";
import { buttonData } from "./press.ts";
import {
  renderTelegram,
  renderTelegramText,
  TELEGRAM_LIMIT,
  telegramLength,
} from "./telegram-html.ts";
import { clean, cut, inert } from "./text.ts";
import { cutToFit } from "./trim.ts";

const CALL_TIMEOUT_MS = 15_000;
const TOPIC_LOST = /message thread not found|TOPIC_(?:CLOSED|DELETED)/i;
const CAPTION_LIMIT = 1024;
const TOPIC_AGAIN_MS = 10 * 60_000;

export interface TelegramChat {
  /** As it is set, with its topic: the name under which the store knows the chat. */
  readonly name: string;
  readonly topic: number | null;
  /** Changes when Telegram turns the group into a supergroup. */
  id: number;
  /** Closed or deleted: until then it is not tried again. */
  topicLostUntil: number;
}

/** `id` or `id:topic`. */
export function parseChat(name: string): TelegramChat {
  const [id, topic] = name.split(":");
  return {
    name,
    id: Number(id),
    topic: topic === undefined ? null : Number(topic),
    topicLostUntil: 0,
  };
}

interface TelegramButton {
  readonly text: string;
  readonly callback_data: string;
  readonly style: "success" | "danger";
}

export interface TelegramCards extends CardAdapter {
  /** The message's id. */
  answer(reply: Reply, to: AnswerTo): Promise<string>;
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
  readonly onMigrated: (id: number) => Promise<void>;
  readonly onTopicLost: (why: string) => void;
  readonly now: () => Date;
}): TelegramCards {
  const { chat, pace } = deps;

  async function call<T>(act: (api: Api, signal: never) => Promise<T>): Promise<T> {
    try {
      // grammY types the signal after a polyfill; the platform's own is what it takes.
      return await act(await deps.api(), AbortSignal.timeout(CALL_TIMEOUT_MS) as never);
    } catch (error) {
      throw rejectionOf(await followMigration(error));
    }
  }

  /** It has to be known before anything is tried again: the old messages are not those of the new group. */
  async function followMigration(error: unknown): Promise<unknown> {
    const to = migrationOf(error);
    if (to === undefined) return error;
    await deps.onMigrated(to);
    return new ChatRejected("unreachable", `The group is now a supergroup with the id ${to}`);
  }

  async function send(html: string, plain: string, extra: object): Promise<string> {
    return await inPlace(extra, (topic, rest) => sendTo(topic, html, plain, rest));
  }

  async function inPlace(
    extra: object,
    act: (topic: object, extra: object) => Promise<string>,
  ): Promise<string> {
    const topic = inTopic(chat, deps.now());
    try {
      return await act(topic, extra);
    } catch (error) {
      const other = elsewhere(rejectionOf(error), topic, extra);
      if (other === null) throw error;
      return await act(other, { ...extra, reply_parameters: undefined });
    }
  }

  /** Where the topic is gone the group still hears of it, and a line without its card is better than none. */
  function elsewhere({ kind, message }: ChatRejected, topic: object, extra: object): object | null {
    if (!TOPIC_LOST.test(message) || !("message_thread_id" in topic))
      return kind === "gone" && "reply_parameters" in extra ? topic : null;
    chat.topicLostUntil = deps.now().getTime() + TOPIC_AGAIN_MS;
    deps.onTopicLost(message);
    return {};
  }

  async function sendTo(
    topic: object,
    html: string,
    plain: string,
    extra: object,
  ): Promise<string> {
    const options = { ...topic, link_preview_options: { is_disabled: true }, ...extra };
    const message = await orPlainly(
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
      await orPlainly(
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

  async function picture(messageId: string, shown: Picture): Promise<string> {
    const file = await fileOf(shown);
    const extra = {
      reply_parameters: { message_id: Number(messageId), allow_sending_without_reply: true },
      caption: captionOf(shown),
      // The card has rung already.
      disable_notification: true,
    };
    return await inPlace(extra, async (topic, rest) => {
      const sent = await call((api, signal) =>
        api.sendPhoto(chat.id, file, { ...topic, ...rest }, signal),
      );
      return String(sent.message_id);
    });
  }

  async function replacePicture(pictureId: string, shown: Picture): Promise<"edited" | "gone"> {
    const media = {
      type: "photo" as const,
      media: await fileOf(shown),
      caption: captionOf(shown),
    };
    try {
      await call((api, signal) =>
        api.editMessageMedia(chat.id, Number(pictureId), media, {}, signal),
      );
      return "edited";
    } catch (error) {
      const { kind } = rejectionOf(error);
      if (kind === "unchanged") return "edited";
      if (kind === "gone") return "gone";
      throw error;
    }
  }

  async function answer({ text, buttons = [] }: Reply, to: AnswerTo): Promise<string> {
    const body = cutToFit(text, (each) => telegramLength(each) <= TELEGRAM_LIMIT);
    const keyboard = buttons.map(({ label, style, verb, token }): TelegramButton[] => [
      { text: label, callback_data: buttonData(verb, token), style },
    ]);
    const extra = keyboard.length > 0 ? { reply_markup: { inline_keyboard: keyboard } } : {};
    if (to.kind === "chat") {
      const answered =
        to.messageId === null
          ? {}
          : { reply_parameters: { message_id: to.messageId, allow_sending_without_reply: true } };
      return await send(renderTelegramText(body), body, { ...answered, ...extra });
    }
    const sent = await call((api, signal) =>
      api.sendMessage(to.userId, renderTelegramText(body), { parse_mode: "HTML" }, signal),
    );
    return String(sent.message_id);
  }

  async function retire(messageId: string, liveMessageId: string | null): Promise<void> {
    const link = liveMessageId === null ? null : linkTo(chat, liveMessageId);
    const text =
      link === null ? OLD_COPY : `${OLD_COPY} <a href="${link}">The card that counts</a>`;
    await call((api, signal) =>
      api.editMessageText(chat.id, Number(messageId), text, { parse_mode: "HTML" }, signal),
    );
  }

  return { post, edit, reply, picture, replacePicture, answer, retire, pace };
}

async function fileOf({ png }: Picture) {
  const { InputFile } = await import("grammy");
  return new InputFile(png, "graph.png");
}

/** Plain text, so nothing in it is markup. */
function captionOf({ alt }: Picture): string {
  return cut(inert(clean(alt)), CAPTION_LIMIT);
}

export type AnswerTo =
  /** Without a message to answer it is a message of its own. */
  | { readonly kind: "chat"; readonly messageId: number | null }
  | { readonly kind: "person"; readonly userId: number };

/** It is addressed by naming no topic at all. */
export const GENERAL_TOPIC = 1;

function inTopic(
  { topic, topicLostUntil }: TelegramChat,
  now: Date,
): { message_thread_id?: number } {
  if (topic === null || topic === GENERAL_TOPIC || now.getTime() < topicLostUntil) return {};
  return { message_thread_id: topic };
}

/** Only supergroups have addresses for their messages. */
function linkTo({ id }: TelegramChat, messageId: string): string | null {
  const group = /^-100(?<id>\d+)$/.exec(String(id))?.groups?.id;
  return group === undefined ? null : `https://t.me/c/${group}/${messageId}`;
}

/** Where Telegram says that the group has become a supergroup: its new id. */
export function migrationOf(error: unknown): number | undefined {
  return (error as { parameters?: { migrate_to_chat_id?: number } })?.parameters
    ?.migrate_to_chat_id;
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
