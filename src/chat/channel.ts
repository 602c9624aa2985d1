import type { Channel } from "../approval/approval.ts";
import type { Card } from "./card.ts";
import type { Pace } from "./pace.ts";

export type ButtonTokens = Readonly<
  Record<string, { readonly approve: string; readonly reject: string }>
>;

/** How a platform shows cards. Every method throws only `ChatRejected`. */
export interface CardAdapter {
  /** The message's id. */
  post(card: Card, tokens: ButtonTokens): Promise<string>;
  /** `gone` where somebody deleted the message. No change at all counts as `edited`. */
  edit(messageId: string, card: Card, tokens: ButtonTokens): Promise<"edited" | "gone">;
  /** One line under the card; it rings a phone, which an edit does not. */
  reply(messageId: string, text: string): Promise<void>;
  /** A copy left over loses its buttons and, where it can, points to the card that counts. */
  retire(messageId: string, liveMessageId: string | null): Promise<void>;
  /** A picture under the card, which rings nothing; its id, where it can be replaced. */
  picture(messageId: string, picture: Picture): Promise<string | null>;
  /** Puts another in the place of one, where the platform can do that. */
  replacePicture?(pictureId: string, picture: Picture): Promise<"edited" | "gone">;
  readonly pace: Pace;
}

export interface Picture {
  readonly png: Uint8Array;
  readonly title: string;
  /** What it shows, for whoever can't see it. */
  readonly alt: string;
}

/**
 * `paused`: the platform asked to wait. `unreachable`: nobody knows whether it arrived. `gone`: the message is no more.
 * `unchanged`: it already says so. `markup`: the text as such is fine. `refused`: trying again does not help.
 */
export type RejectedKind = "paused" | "unreachable" | "gone" | "unchanged" | "markup" | "refused";

/** A call that the platform did not carry out. The message names the way out and never carries a token. */
export class ChatRejected extends Error {
  override readonly name = "ChatRejected";
  readonly kind: RejectedKind;
  readonly retryAfterMs: number;

  constructor(kind: RejectedKind, message: string, retryAfterMs = 0) {
    super(message);
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }
}

/** What `retire` leaves. */
export const OLD_COPY = "♻️ An old copy of a card: nothing can be decided here.";

/** A platform that can't read our markup still shows the words. */
export async function orPlainly<T>(
  send: () => Promise<T>,
  sendPlainly: () => Promise<T>,
): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof ChatRejected && error.kind === "markup") return await sendPlainly();
    throw error;
  }
}

/** What an adapter keeps about its chat, so that a restart forgets neither where the chat is nor what was handled. */
export interface ChatMemory {
  recall(): Promise<{ readonly movedTo: string | null; readonly heardAt: Date | null }>;
  /** The platform answered: presses made until now arrived. */
  heard(at: Date): Promise<void>;
  /** The platform gave the chat another id; the messages of the old one can't be edited any more. */
  moved(to: string): Promise<void>;
  /** Gives every card that waits for a decision new buttons, in its turn; how many there are. */
  renewButtons(): Promise<number>;
  isHandled(update: number): Promise<boolean>;
  handled(update: number): Promise<void>;
}

/** Why a chat's words or presses were not heeded: counted, recorded, and told to nobody else. */
export type RefusalReason =
  | "unlisted"
  | "no_role"
  | "other_chat"
  | "anonymous"
  | "bot"
  | "via_bot"
  | "forwarded"
  | "edited"
  | "inline"
  | "old_button"
  | "other_workspace"
  | "unknown_token"
  | "wrong_code"
  | "other_person";

export interface Refusal {
  readonly reason: RefusalReason;
  readonly channel: Channel;
  readonly chat: string;
  readonly accountId: string | null;
}

/** What the rest of the program counts and records; it never throws. */
export interface ChatObserver {
  refused(refusal: Refusal): void;
  shown(shown: {
    readonly channel: Channel;
    readonly incidentId: string;
    readonly kind: "post" | "edit";
    readonly openedAt: Date;
  }): void;
  failed(failure: { readonly channel: Channel; readonly kind: RejectedKind }): void;
}

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
