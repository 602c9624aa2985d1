import { setTimeout as sleep } from "node:timers/promises";
import type { Channel, Person } from "../approval/approval.ts";
import type { CardAdapter, ChatObserver, Log, RefusalReason } from "./channel.ts";
import type { CommandContext, Reply } from "./command.ts";
import { wordsOf } from "./command.ts";
import type { CommandRegistry } from "./commands.ts";
import type { Desk } from "./desk.ts";
import type { Outbox } from "./outbox.ts";
import type { EditPress, PressAnswer, TypedAnswer, TypedPress, UseToken } from "./press.ts";
import { createPresses } from "./press.ts";
import { asTyped } from "./wording.ts";

/** What every chat needs of the rest of the program to take something in. */
export interface ChatDeps {
  readonly desk: Desk;
  readonly registry: CommandRegistry;
  /** By the platform's own id only: names are anybody's. */
  readonly resolvePerson: (account: string) => Promise<Person | null> | Person | null;
  readonly useToken: UseToken;
  /** The incident whose card this message is. */
  readonly incidentOn: (messageId: string) => Promise<string | null>;
  readonly log: Log;
  readonly observe: ChatObserver;
  readonly now?: () => Date;
}

export interface Sender {
  /** Null where nobody is named who could be answered for it. */
  readonly account: string | null;
  /** As the platform names it; not always ours. */
  readonly chat: string;
}

type Told<Press> = Omit<Press, "channel" | "chat" | "now">;

/** Each chat that is not ours is named in the log once, so that a setting can be mended, and a flood can't fill it. */
const STRANGE_CHATS = 20;
const FAILED = "That did not work, and nothing has changed. Try again.";

/** What comes in, the same on every platform once its sender is known to be one person of the chat. */
export function createReception({
  place,
  setting,
  cards,
  outbox,
  ...deps
}: ChatDeps & {
  readonly place: { readonly channel: Channel; readonly chat: string };
  /** Names our chat. */
  readonly setting: string;
  readonly cards: Pick<CardAdapter, "pace" | "retire" | "picture">;
  readonly outbox: Outbox;
}) {
  const { registry, log, observe } = deps;
  const now = deps.now ?? (() => new Date());
  const presses = createPresses(deps);
  const strange = new Set<string>();

  /** Null for whoever has no role, which is counted. */
  async function admit(sender: Sender): Promise<Person | null> {
    const person = sender.account === null ? null : await deps.resolvePerson(sender.account);
    if (person !== null && person.roles.length > 0) return person;
    refuse("unlisted", sender);
    return null;
  }

  async function press(
    { data, messageId }: { data: string; messageId: string },
    sender: Sender,
  ): Promise<PressAnswer> {
    return await unlessItFails("a press failed", async () => {
      const person = await admit(sender);
      if (person === null) return noRole();
      const answer = await presses.press({ ...place, data, messageId, person, now: now() });
      if (answer.refusal) refuse(answer.refusal, sender);
      if (answer.stray) retire(messageId, answer.stray.liveMessageId);
      return answer;
    });
  }

  function typed(told: Told<TypedPress>, sender: Sender): Promise<TypedAnswer> {
    return sent(() => presses.typed({ ...place, ...told, now: now() }), sender);
  }

  function edited(told: Told<EditPress>, sender: Sender): Promise<TypedAnswer> {
    return sent(() => presses.edited({ ...place, ...told, now: now() }), sender);
  }

  async function sent(act: () => Promise<TypedAnswer>, sender: Sender): Promise<TypedAnswer> {
    const answer = await unlessItFails("a form failed", async () => {
      const ruled = await act();
      if (ruled.refusal) refuse(ruled.refusal, sender);
      return ruled;
    });
    return { isWrong: true, ...answer };
  }

  async function unlessItFails<Answer extends PressAnswer>(
    what: string,
    act: () => Promise<Answer>,
  ): Promise<Answer | PressAnswer> {
    try {
      return await act();
    } catch (error) {
      log.error({ err: error }, what);
      return { text: FAILED, isAlert: true, refusal: null };
    }
  }

  /** Null for what is no command, or one for another bot. */
  function command(
    text: string,
    sender: Sender,
    options: { readonly botName?: string } = {},
  ): Promise<Reply | null> {
    return heed(sender, (context) => registry.handle(context, text, options));
  }

  /** What is written under a card, as `/note` takes it; null where it stands under anything else. */
  function note(
    { text, messageId }: { text: string; messageId: string },
    sender: Sender,
  ): Promise<Reply | null> {
    return heed(sender, async (context) => {
      const incidentId = await deps.incidentOn(messageId);
      if (incidentId === null) return null;
      const args = { words: [incidentId, ...wordsOf(text)], flags: {} };
      return await registry.run(context, { name: "note", args });
    });
  }

  async function heed(
    sender: Sender,
    act: (context: CommandContext) => Promise<Reply | null>,
  ): Promise<Reply | null> {
    const account = sender.account ?? "";
    try {
      const person = await deps.resolvePerson(account);
      const asking = { person, roles: person?.roles ?? [], accountId: account, now: now() };
      const { channel, chat: chatId } = place;
      const reply = await act({ ...asking, channel, chatId });
      if (reply?.isPrivate) refuse(person ? "no_role" : "unlisted", sender);
      return reply;
    } catch (error) {
      log.error({ err: error }, "a command failed");
      return { text: "That did not work; the reason is in the program's log." };
    }
  }

  /** For all of the chat to see, and the picture under it, without which it stands all the same. */
  function show({ picture }: Reply, send: () => Promise<string>): void {
    const { pace } = cards;
    const queue = (act: () => Promise<unknown>) => outbox.push(place.chat, { pace, send: act });
    queue(async () => {
      const messageId = await send();
      if (picture !== undefined) queue(async () => cards.picture(messageId, await picture()));
    });
  }

  /** Behind the answer's back: nobody waits for it, and the next press tries again. */
  function retire(messageId: string, liveMessageId: string | null): void {
    if (cards.pace.waitMs("edit", "person") > 0) return;
    cards.pace.spend("edit");
    cards
      .retire(messageId, liveMessageId)
      .catch(({ message: reason }: Error) =>
        log.warn({ messageId, reason }, "an old copy keeps its buttons"),
      );
  }

  function refuse(reason: RefusalReason, { chat, account: accountId }: Sender): void {
    if (reason === "other_chat" && strange.size < STRANGE_CHATS && !strange.has(chat)) {
      strange.add(chat);
      log.warn({ chat }, `refused: this chat is not ${setting}`);
    }
    observe.refused({ reason, channel: place.channel, chat, accountId });
  }

  function noRole(): PressAnswer {
    const whoami = asTyped("/whoami", place.channel);
    const text = `You have no role here. ${whoami} shows the id an owner needs to add you.`;
    return { text, isAlert: true, refusal: "unlisted" };
  }

  return { admit, press, typed, edited, command, note, show, refuse, noRole };
}

export type Reception = ReturnType<typeof createReception>;

/** Null where it takes longer than the platform waits. */
export async function inTime<T>(answer: Promise<T>, ms: number): Promise<T | null> {
  const done = new AbortController();
  const late = sleep(ms, null, { signal: done.signal }).catch(() => null);
  const first = await Promise.race([answer, late]);
  done.abort();
  return first;
}
