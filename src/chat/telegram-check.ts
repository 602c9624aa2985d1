import type { Api } from "grammy";
import type { TelegramChat } from "./telegram-api.ts";
import { migrationOf, parseChat, rejectionOf } from "./telegram-api.ts";

/** What is wrong and the way out, naming the setting and never its value where that is secret. */
export function problemOf(error: unknown, chat: TelegramChat): string {
  const { error_code: code, description = "" } = error as {
    error_code?: number;
    description?: string;
  };
  if (code === 401 || (code === 404 && /^not found$/i.test(description)))
    return "TELEGRAM_BOT_TOKEN is not accepted by Telegram: take the bot's current token from @BotFather (/mybots, API Token).";
  if (code === 409)
    return "Another program polls with the same TELEGRAM_BOT_TOKEN: stop it, or give each program a bot of its own.";
  const moved = migrationOf(error);
  if (moved !== undefined) return movedLine(chat, moved);
  if (code === 400 && /chat not found/i.test(description))
    return `TELEGRAM_CHAT_ID=${chat.name} is no chat this bot knows: add the bot to the chat and write /whoami there: the log names the chat it came from. In a private chat press Start first.`;
  if (code === 403)
    return `The bot may not write to TELEGRAM_CHAT_ID=${chat.name}: add it to the chat again, or unblock it.`;
  return rejectionOf(error).message;
}

/** It works without; what the setting names is a group that is no more. */
export function movedLine({ name, topic }: TelegramChat, id: number): string {
  const value = topic === null ? `${id}` : `${id}:${topic}`;
  return `TELEGRAM_CHAT_ID=${name} has become a supergroup with the id ${id}: set TELEGRAM_CHAT_ID=${value}.`;
}

/** Somebody who has the token may be reading along. */
export async function foreignWebhook(api: Api): Promise<string | null> {
  const { url } = await api.getWebhookInfo();
  if (!url) return null;
  return "A webhook is set on this bot; polling takes it away. If it was not you who set it, somebody else has the TELEGRAM_BOT_TOKEN: revoke it with @BotFather (/revoke) and set the new one.";
}

/** The bot and the chat as Telegram knows them: a line for people, or the error Telegram gave. */
export async function lookAround(api: Api, chat: TelegramChat): Promise<string> {
  const me = await api.getMe();
  await api.getChat(chat.id).catch((error: unknown) => {
    // A local Bot API server may not know the method; that says nothing about the chat.
    if ((error as { error_code?: number }).error_code !== 404) throw error;
  });
  const isMoved = chat.id !== parseChat(chat.name).id;
  return `@${me.username} in chat ${chat.name}${isMoved ? `; ${movedLine(chat, chat.id)}` : ""}`;
}

/** For `countersign check`: asks once, without taking any messages. Rejects with what is wrong and the way out. */
export async function checkTelegram(given: {
  readonly token: string;
  readonly chatId: string;
  readonly apiRoot: string;
}): Promise<string> {
  const { Api: GrammyApi } = await import("grammy");
  const api = new GrammyApi(given.token, { apiRoot: given.apiRoot, timeoutSeconds: 10 });
  const chat = parseChat(given.chatId);
  // What grammY throws may hold the address, and with it the token: only our own words leave.
  return await lookAround(api, chat).catch((error: unknown) => {
    throw new Error(problemOf(error, chat), { cause: rejectionOf(error) });
  });
}
