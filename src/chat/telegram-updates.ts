import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "grammy";
import type { Person } from "../approval/approval.ts";
import type { RefusalReason } from "./channel.ts";
import type { Reply } from "./command.ts";
import type { Outbox } from "./outbox.ts";
import { createPace, PRIVATE_CHAT } from "./pace.ts";
import type { PressAnswer } from "./press.ts";
import { createPresses } from "./press.ts";
import type { TelegramDeps } from "./telegram.ts";
import type { AnswerTo, TelegramCards, TelegramChat } from "./telegram-api.ts";
import { GENERAL_TOPIC, rejectionOf } from "./telegram-api.ts";
import { refusalOf } from "./telegram-refusal.ts";

/** Clients show a spinner until a press is answered: an answer that is not there by then says so. */
const ANSWER_WITHIN_MS = 800;
const ANSWER_LIMIT = 200;

type Message = NonNullable<Context["message"]>;

/** What comes in: words, presses and invitations, each refused unless a person of the chat sent it. */
export function createTelegramUpdates(
  deps: TelegramDeps,
  { chat, cards, outbox }: { chat: TelegramChat; cards: TelegramCards; outbox: Outbox },
) {
  const { registry, log, observe } = deps;
  const now = deps.now ?? (() => new Date());
  const presses = createPresses({ desk: deps.desk, useToken: deps.useToken });

  async function onText(context: Context): Promise<void> {
    const { message } = context;
    if (!message?.text?.startsWith("/")) return;
    const { from, message_id: messageId } = message;
    const reason = refusalOf(message, from, chat) ?? topicRefusal(message);
    if (reason) return refuse(reason, message.chat.id, from.id);
    const person = await deps.resolvePerson(String(from.id));
    const reply = await replyTo({
      text: message.text,
      person,
      userId: from.id,
      botName: context.me.username,
    });
    if (!reply) return;
    if (!reply.isPrivate) return answer(reply, { kind: "chat", messageId });
    refuse(person ? "no_role" : "unlisted", message.chat.id, from.id);
    answer(reply, { kind: "person", userId: from.id });
  }

  function topicRefusal({ message_thread_id: thread = GENERAL_TOPIC }: Message) {
    return chat.topic === null || thread === chat.topic ? null : "other_chat";
  }

  async function replyTo(asked: {
    text: string;
    person: Person | null;
    userId: number;
    botName: string;
  }): Promise<Reply | null> {
    const { text, person, userId, botName } = asked;
    const asking = {
      person,
      roles: person?.roles ?? [],
      channel: "telegram",
      chatId: chat.name,
      accountId: String(userId),
      now: now(),
    } as const;
    return await registry.handle(asking, text, { botName }).catch((error: unknown): Reply => {
      log.error({ err: error }, "a command failed");
      return { text: "That did not work; the reason is in the program's log." };
    });
  }

  function answer(reply: Reply, to: AnswerTo): void {
    const isHere = to.kind === "chat";
    outbox.push(isHere ? chat.name : `person ${to.userId}`, {
      pace: isHere ? cards.pace : createPace(PRIVATE_CHAT),
      send: () => cards.answer(reply, to),
    });
  }

  async function onPress(context: Context): Promise<void> {
    const query = context.callbackQuery;
    if (!query) return;
    const slow = new AbortController();
    const late = sleep(ANSWER_WITHIN_MS, undefined, { signal: slow.signal }).then(
      () => ({ text: "Working on it: the card will show what comes of it.", isAlert: false }),
      () => null,
    );
    const ruled = pressed(query).catch((error: unknown) => {
      log.error({ err: error }, "a press failed");
      return { text: "That did not work, and nothing has changed. Press again.", isAlert: true };
    });
    const first = await Promise.race([ruled, late]);
    slow.abort();
    await context
      .answerCallbackQuery({
        text: (first?.text ?? "").slice(0, ANSWER_LIMIT),
        show_alert: first?.isAlert ?? false,
      })
      .catch((error: unknown) =>
        log.warn({ reason: rejectionOf(error).message }, "a press got no answer"),
      );
    // Only a handler that has ended lets the update be confirmed.
    await ruled;
  }

  async function pressed(
    query: NonNullable<Context["callbackQuery"]>,
  ): Promise<{ text: string; isAlert: boolean }> {
    const { message, from } = query;
    const reason = message ? refusalOf({ chat: message.chat }, from, chat) : "inline";
    if (reason || !message) {
      refuse(reason ?? "inline", message?.chat.id, from.id);
      return { text: "Not here.", isAlert: true };
    }
    const person = await deps.resolvePerson(String(from.id));
    if (person && person.roles.length > 0)
      return await pressedBy(person, { data: query.data ?? "", from, message });
    refuse("unlisted", message.chat.id, from.id);
    return {
      text: "You have no role here. /whoami shows the id an owner needs to add you.",
      isAlert: true,
    };
  }

  async function pressedBy(
    person: Person,
    press: {
      data: string;
      from: { id: number };
      message: { chat: { id: number }; message_id: number };
    },
  ): Promise<PressAnswer> {
    const { data, from, message } = press;
    const messageId = String(message.message_id);
    const place = { channel: "telegram", chat: chat.name, messageId } as const;
    const outcome = await presses.press({ ...place, data, person, now: now() });
    if (outcome.refusal) refuse(outcome.refusal, message.chat.id, from.id);
    if (outcome.stray) retire(messageId, outcome.stray.liveMessageId);
    return outcome;
  }

  /** Behind the answer's back: nobody waits for it, and the next press tries again. */
  function retire(messageId: string, liveMessageId: string | null): void {
    cards
      .retire(messageId, liveMessageId)
      .catch((error: unknown) =>
        log.warn(
          { messageId, reason: rejectionOf(error).message },
          "an old copy keeps its buttons",
        ),
      );
  }

  async function onMembership(context: Context): Promise<void> {
    const where = context.myChatMember?.chat;
    const status = context.myChatMember?.new_chat_member.status;
    if (!where || where.id === chat.id || where.type === "private") return;
    refuse("other_chat", where.id, context.myChatMember?.from.id);
    if (status === "left" || status === "kicked") return;
    log.warn({ chat: where.id }, "somebody added the bot to a chat that is not ours: leaving it");
    await context.leaveChat();
  }

  const strangeChats = new Set<number>();

  function refuse(reason: RefusalReason, where?: number, accountId?: number): void {
    if (reason === "other_chat" && where !== undefined && strangeChats.size < 20) {
      if (!strangeChats.has(where)) {
        log.warn({ chat: where }, "refused: this chat is not TELEGRAM_CHAT_ID");
      }
      strangeChats.add(where);
    }
    observe.refused({
      reason,
      channel: "telegram",
      chat: String(where ?? "none"),
      accountId: accountId === undefined ? null : String(accountId),
    });
  }

  /** Said by nobody who could be answered for it, or not said anew: whatever the words are, they are no command. */
  function onEdited({ editedMessage: message }: Context): void {
    if (!message?.text?.startsWith("/")) return;
    const { from, chat: where } = message;
    refuse(refusalOf(message, from, chat) ?? "edited", where.id, from.id);
    if (refusalOf(message, from, chat)) return;
    const text = "An edited message is not a command: send it anew.";
    answer({ text }, { kind: "person", userId: from.id });
  }

  function onChannelPost({ chat: where }: Context): void {
    refuse(where?.id === chat.id ? "anonymous" : "other_chat", where?.id);
  }

  function onInline({ from }: Context): void {
    refuse("inline", undefined, from?.id);
  }

  /** After a crash Telegram delivers again what was not confirmed: what has had its effect has none again. */
  async function once(context: Context, next: () => Promise<void>): Promise<void> {
    const { callbackQuery, message, update } = context;
    const isAct = callbackQuery !== undefined || message?.text?.startsWith("/") === true;
    if (!isAct || deps.memory === undefined) return await next();
    if (await deps.memory.isHandled(update.update_id)) return;
    await next();
    await deps.memory.handled(update.update_id);
  }

  return { once, onText, onPress, onMembership, onEdited, onChannelPost, onInline };
}
