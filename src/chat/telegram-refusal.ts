import type { RefusalReason } from "./channel.ts";
import type { TelegramChat } from "./telegram-api.ts";

/** Senders that stand for somebody else: anonymous admins, channels, Telegram's own service account. */
const STAND_INS = new Set([1087968824, 136817688, 777000]);

interface Origin {
  readonly chat: { readonly id: number };
  readonly sender_chat?: unknown;
  readonly via_bot?: unknown;
  readonly forward_origin?: unknown;
}

/** Why something from Telegram is not even looked at; null where a person of this chat sent it. */
export function refusalOf(
  origin: Origin,
  from: { readonly id: number; readonly is_bot: boolean } | undefined,
  { id }: TelegramChat,
): RefusalReason | null {
  if (origin.chat.id !== id) return "other_chat";
  if (origin.sender_chat || !from || STAND_INS.has(from.id)) return "anonymous";
  if (from.is_bot) return "bot";
  if (origin.via_bot) return "via_bot";
  return origin.forward_origin ? "forwarded" : null;
}
