import { ApiError } from "./telegram-wire.ts";

const MINUTE_MS = 60_000;

/** Telegram's published send limits: one message a second in a chat, 20 a minute (and edits) in a group. */
export function createLimits() {
  const sends = new Map<number, number[]>();
  const edits = new Map<number, number[]>();

  function spend(kind: "send" | "edit", chatId: number, now: number): void {
    const times = kind === "send" ? sends : edits;
    const recent = (times.get(chatId) ?? []).filter((at) => now - at < MINUTE_MS);
    const last = recent.at(-1);
    const oldest = recent[0];
    if (kind === "send" && last !== undefined && now - last < 1000) refuse(1000 - (now - last));
    if (chatId < 0 && recent.length >= 20 && oldest !== undefined)
      refuse(MINUTE_MS - (now - oldest));
    times.set(chatId, [...recent, now]);
  }

  return { spend };
}

function refuse(waitMs: number): never {
  const seconds = Math.ceil(waitMs / 1000);
  throw new ApiError(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });
}
