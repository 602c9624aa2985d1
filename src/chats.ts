import type { Channel } from "./approval/approval.ts";
import type { CardAdapter, ChatMemory, ChatObserver, Log } from "./chat/channel.ts";
import type { CommandRegistry } from "./chat/commands.ts";
import type { Desk } from "./chat/desk.ts";
import type { UseToken } from "./chat/press.ts";
import { createSlack } from "./chat/slack.ts";
import { createTelegram } from "./chat/telegram.ts";
import type { Config } from "./config.ts";
import { personFor } from "./desk.ts";
import type { Catalogue } from "./remediation/catalogue.ts";

/** A chat that shows cards and takes decisions, whatever its platform. */
export interface Chat {
  readonly channel: Channel;
  /** The name under which the store knows it. */
  readonly chat: string;
  readonly cards: CardAdapter;
  /** Whether what one person typed is answered for all to see. */
  readonly answersForAll: boolean;
  /** Where its platform calls us. */
  readonly route: {
    readonly path: string;
    readonly handle: (request: Request) => Promise<Response>;
  } | null;
  start(): void;
  stop(): Promise<void>;
  announce(text: string): void;
  check(): Promise<string>;
  /** Where it asks or keeps a connection itself: grows as long as it does, be it in vain. */
  readonly beats?: () => number;
}

/** The places whose cards the store keeps. */
export function chatsOf({ telegram, slack }: Config): { channel: Channel; chat: string }[] {
  return [
    ...(telegram === null ? [] : [{ channel: "telegram" as const, chat: telegram.chatId }]),
    ...(slack === null ? [] : [{ channel: "slack" as const, chat: slack.channel }]),
  ];
}

/** Every chat that is configured; adding a platform is an entry here. */
export function createChats(
  config: Config,
  deps: {
    readonly desk: Desk;
    readonly registry: CommandRegistry;
    readonly catalogue: Catalogue;
    readonly useToken: UseToken;
    readonly memoryOf: (place: { channel: Channel; chat: string }) => ChatMemory;
    readonly incidentOn: (
      channel: string,
      chat: string,
      messageId: string,
    ) => Promise<string | null>;
    readonly log: Log;
    readonly observe: ChatObserver;
    readonly onForged: (reason: string) => void;
  },
): Chat[] {
  const { telegram, slack, publicUrl } = config;
  const { catalogue, incidentOn, memoryOf, ...common } = deps;
  const chats: Chat[] = [];
  if (telegram !== null) {
    const resolvePerson = (account: string) => personFor(catalogue, "telegram", account);
    const memory = memoryOf({ channel: "telegram", chat: telegram.chatId });
    const chat = createTelegram({
      ...common,
      ...telegram,
      resolvePerson,
      incidentOn: (messageId) => incidentOn("telegram", telegram.chatId, messageId),
      memory,
    });
    chats.push({ ...chat, channel: "telegram", answersForAll: true, route: null });
  }
  if (slack !== null) {
    const { handle, ...chat } = createSlack({
      ...common,
      ...slack,
      publicUrl,
      resolvePerson: (account) => personFor(catalogue, "slack", account),
      incidentOn: (messageId) => incidentOn("slack", slack.channel, messageId),
      memory: memoryOf({ channel: "slack", chat: slack.channel }),
    });
    const route = handle === null ? null : { path: "/slack/events", handle };
    chats.push({ ...chat, channel: "slack", answersForAll: false, route });
  }
  return chats;
}
