import type { Channel } from "../approval/approval.ts";
import type { Card, CardContext } from "./card.ts";
import type { CardAdapter } from "./channel.ts";
import type { DigestSummary } from "./digest-card.ts";
import { digestCardOf } from "./digest-card.ts";
import type { Clock, Lane } from "./pace.ts";

/**
 * More new incidents a minute than this are a storm. A Telegram group takes 20 messages a minute; a quarter of them is
 * kept for people, and a phone that rings more often than every six seconds is put away.
 */
export const STORM_PER_MINUTE = 10;
/** Fewer than half of that for a minute, and it is over: a storm that ebbs and swells is one storm. */
const CALM_PER_MINUTE = STORM_PER_MINUTE / 2;
/** An edit of the digest rings nowhere, so that people look at it now and then: more often helps nobody. */
const EDIT_EVERY_MS = 10_000;
const MINUTE_MS = 60_000;

interface Place {
  readonly channel: Channel;
  readonly chat: string;
}

interface Digest {
  readonly id: number;
  readonly messageId: string | null;
  readonly openedAt: Date;
  readonly endedAt: Date | null;
  readonly hash: string | null;
  readonly shownAt: Date | null;
  readonly isReposted: boolean;
}

/** The storms of each chat, kept so that a restart neither forgets a digest nor posts it twice. */
export interface DigestStore {
  /** How many incidents came since, how many wait for a first card, and the digest that is not done with. */
  weather(asked: Place & { readonly since: Date }): Promise<{
    readonly came: number;
    readonly waiting: number;
    readonly digest: Digest | null;
  }>;
  begin(place: Place): Promise<void>;
  /** Takes what waits and needs no card of its own into the open digest. */
  gather(place: Place): Promise<void>;
  end(id: number): Promise<void>;
  summary(id: number): Promise<Omit<DigestSummary, "id" | "openedAt" | "endedAt">>;
  shown(digest: {
    readonly id: number;
    readonly messageId: string | null;
    readonly hash: string;
    readonly isDone: boolean;
  }): Promise<void>;
  /** Its message is gone: forget its id and remember the loss. */
  lost(id: number): Promise<void>;
}

/** Notices storms in one chat and keeps the card that stands for one up to date. */
export function createStorms(deps: {
  readonly place: Place;
  readonly store: DigestStore;
  readonly adapter: CardAdapter;
  readonly context: () => Promise<CardContext>;
  readonly hashOf: (card: Card) => string;
  readonly clock: Clock;
}) {
  const { place, store, adapter, clock } = deps;
  /** Posted, but the store could not keep it. */
  const unsaved = new Map<number, string>();

  /** Opens, fills and ends the digest; the one that has to be shown, if any. */
  async function watch(): Promise<Digest | null> {
    const since = new Date(clock.now() - MINUTE_MS);
    let { came, waiting, digest } = await store.weather({ ...place, since });
    const news = Math.max(came, waiting);
    if (digest === null && waiting > 0 && news > STORM_PER_MINUTE) {
      await store.begin(place);
      ({ digest } = await store.weather({ ...place, since }));
    }
    if (waiting > 0) await store.gather(place);
    if (digest === null || digest.endedAt !== null || news > CALM_PER_MINUTE) return digest;
    await store.end(digest.id);
    return (await store.weather({ ...place, since })).digest;
  }

  function laneOf({ messageId }: Digest): Lane {
    return messageId === null ? "new" : "machine";
  }

  function waitMs(digest: Digest): number {
    const next = digest.endedAt === null ? (digest.shownAt?.getTime() ?? 0) + EDIT_EVERY_MS : 0;
    const kind = digest.messageId === null ? "send" : "edit";
    return Math.max(next - clock.now(), adapter.pace.waitMs(kind, laneOf(digest)));
  }

  async function show(digest: Digest): Promise<void> {
    const { id, openedAt, endedAt } = digest;
    const summary = await store.summary(id);
    const card = digestCardOf({ ...summary, id, openedAt, endedAt }, await deps.context());
    const now = { id, hash: deps.hashOf(card), isDone: endedAt !== null };
    const messageId = digest.messageId ?? unsaved.get(id) ?? null;
    // Nobody needs to be told of a storm that was over before anybody saw it.
    const isNews = messageId !== null || summary.open > 0;
    if (digest.hash === now.hash || !isNews) return await store.shown({ ...now, messageId });
    if (messageId === null) return await post(card, now);
    adapter.pace.spend("edit");
    if ((await adapter.edit(messageId, card, {})) === "gone" && !digest.isReposted) {
      unsaved.delete(id);
      return await store.lost(id);
    }
    await store.shown({ ...now, messageId });
  }

  async function post(
    card: Card,
    now: { readonly id: number; readonly hash: string; readonly isDone: boolean },
  ): Promise<void> {
    adapter.pace.spend("send");
    unsaved.set(now.id, await adapter.post(card, {}));
    adapter.pace.done("send");
    await store.shown({ ...now, messageId: unsaved.get(now.id) ?? null });
    unsaved.delete(now.id);
  }

  return { watch, laneOf, waitMs, show };
}
