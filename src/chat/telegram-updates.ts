import type { Context } from "grammy";
import type { Reply } from "./command.ts";
import type { Outbox } from "./outbox.ts";
import { createPace, PRIVATE_CHAT } from "./pace.ts";
import type { Sender } from "./reception.ts";
import { createReception, inTime } from "./reception.ts";
import type { TelegramDeps } from "./telegram.ts";
import type { AnswerTo, TelegramCards, TelegramChat } from "./telegram-api.ts";
import { GENERAL_TOPIC, rejectionOf } from "./telegram-api.ts";
import { refusalOf } from "./telegram-refusal.ts";

/** Clients show a spinner until a press is answered: an answer that is not there by then says so. */
const ANSWER_WITHIN_MS = 800;
const ANSWER_LIMIT = 200;
const WORKING = { text: "Working on it: the card will show what comes of it.", isAlert: false };

type Message = NonNullable<Context["message"]>;
type Press = NonNullable<Context["callbackQuery"]>;

/** What comes in: words, presses and invitations, each refused unless a person of the chat sent it. */
export function createTelegramUpdates(
  deps: TelegramDeps,
  { chat, cards, outbox }: { chat: TelegramChat; cards: TelegramCards; outbox: Outbox },
) {
  const { log } = deps;
  const place = { channel: "telegram", chat: chat.name } as const;
  const reception = createReception({ ...deps, place, setting: "TELEGRAM_CHAT_ID", cards, outbox });
  const { refuse } = reception;

  async function onText(context: Context): Promise<void> {
    const { message } = context;
    if (message?.text === undefined || !isAct(context)) return;
    const { from, message_id: messageId, text, reply_to_message: under } = message;
    const sender = senderOf(message.chat, from);
    const reason = refusalOf(message, from, chat) ?? topicRefusal(message);
    if (reason) return refuse(reason, sender);
    const reply = text.startsWith("/")
      ? await reception.command(text, sender, { botName: context.me.username })
      : await reception.note({ text, messageId: `${under?.message_id}` }, sender);
    if (reply) answerPerson(reply, from, messageId);
  }

  function answerPerson(reply: Reply, from: { readonly id: number }, messageId: number): void {
    const person = { kind: "person", userId: from.id } as const;
    if (reply.privately !== undefined) answer({ text: reply.privately }, person);
    // Told already, where the chat is this person's own.
    if (reply.privately !== undefined && chat.id === from.id) return;
    answer(reply, reply.isPrivate ? person : { kind: "chat", messageId });
  }

  function topicRefusal({ message_thread_id: thread = GENERAL_TOPIC }: Message) {
    return chat.topic === null || thread === chat.topic ? null : "other_chat";
  }

  function answer(reply: Reply, to: AnswerTo): void {
    const send = () => cards.answer(reply, to);
    if (to.kind === "chat") reception.show(reply, send);
    else outbox.push(`person ${to.userId}`, { pace: createPace(PRIVATE_CHAT), send });
  }

  async function onPress(context: Context): Promise<void> {
    const query = context.callbackQuery;
    if (!query) return;
    const ruled = pressed(query);
    const { text, isAlert } = (await inTime(ruled, ANSWER_WITHIN_MS)) ?? WORKING;
    await context
      .answerCallbackQuery({
        // It shows no markup.
        text: text.replaceAll("`", "").slice(0, ANSWER_LIMIT),
        show_alert: isAlert,
      })
      .catch((error: unknown) =>
        log.warn({ reason: rejectionOf(error).message }, "a press got no answer"),
      );
    // Only a handler that has ended lets the update be confirmed.
    await ruled;
  }

  async function pressed(query: Press): Promise<{ text: string; isAlert: boolean }> {
    const { message, from, data = "" } = query;
    const sender = senderOf(message?.chat, from);
    const reason = message ? refusalOf({ chat: message.chat }, from, chat) : "inline";
    if (message && reason === null)
      return await reception.press({ data, messageId: String(message.message_id) }, sender);
    refuse(reason ?? "inline", sender);
    return { text: "Not here.", isAlert: true };
  }

  async function onMembership(context: Context): Promise<void> {
    const where = context.myChatMember?.chat;
    const status = context.myChatMember?.new_chat_member.status;
    if (!where || where.id === chat.id || where.type === "private") return;
    refuse("other_chat", senderOf(where, context.myChatMember?.from));
    if (status === "left" || status === "kicked") return;
    log.warn({ chat: where.id }, "somebody added the bot to a chat that is not ours: leaving it");
    await context.leaveChat();
  }

  /** Said by nobody who could be answered for it, or not said anew: whatever the words are, they are no command. */
  function onEdited({ editedMessage: message }: Context): void {
    if (!message?.text?.startsWith("/")) return;
    const { from, chat: where } = message;
    const reason = refusalOf(message, from, chat);
    refuse(reason ?? "edited", senderOf(where, from));
    if (reason) return;
    const text = "An edited message is not a command: send it anew.";
    answer({ text }, { kind: "person", userId: from.id });
  }

  function onChannelPost({ chat: where }: Context): void {
    refuse(where?.id === chat.id ? "anonymous" : "other_chat", senderOf(where));
  }

  function onInline({ from }: Context): void {
    refuse("inline", senderOf(undefined, from));
  }

  /** After a crash Telegram delivers again what was not confirmed: what has had its effect has none again. */
  async function once(context: Context, next: () => Promise<void>): Promise<void> {
    const { update_id: update } = context.update;
    if (!isAct(context) || deps.memory === undefined) return await next();
    if (await deps.memory.isHandled(update)) return;
    await next();
    await deps.memory.handled(update);
  }

  return { once, onText, onPress, onMembership, onEdited, onChannelPost, onInline };
}

/** A press, a command, or words in reply to the bot; of all else people say in the chat nothing is wanted. */
function isAct({ callbackQuery, message, me }: Context): boolean {
  const isReply = message?.text !== undefined && message.reply_to_message?.from?.id === me.id;
  return callbackQuery !== undefined || message?.text?.startsWith("/") === true || isReply;
}

function senderOf(chat?: { readonly id: number }, from?: { readonly id: number }): Sender {
  return { chat: String(chat?.id ?? "none"), account: from === undefined ? null : `${from.id}` };
}
