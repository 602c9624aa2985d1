import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Channel } from "../approval/approval.ts";
import type { Announcement } from "./announcements.ts";
import { announcementsOf } from "./announcements.ts";
import type { Card, CardContext, IncidentView } from "./card.ts";
import { cardOf } from "./card.ts";
import type { ButtonTokens, CardAdapter, ChatObserver, Log } from "./channel.ts";
import { ChatRejected } from "./channel.ts";
import type { Lane } from "./pace.ts";

/** An incident that has changed since the chat last showed it. */
export interface StaleCard {
  readonly view: IncidentView;
  readonly shown: {
    readonly messageId: string;
    /** Of the card as it was shown. */
    readonly hash: string | null;
    /** Opaque to the store: the announcements already made. */
    readonly state: string | null;
  } | null;
  /** Whether a person caused the newest change. */
  readonly isUrgent: boolean;
  /** Whether its message was lost once before. */
  readonly isReposted: boolean;
}

interface Place {
  readonly incidentId: string;
  readonly channel: Channel;
  readonly chat: string;
}

interface Shown extends Place {
  /** The incident's version that was shown: a later one leaves the card stale. */
  readonly version: number;
  readonly hash: string;
  readonly state: string;
}

/** What each chat shows, kept so that a restart forgets no card. */
export interface CardStore {
  /** Urgent ones first, then those never posted, then the rest; oldest first in each. */
  staleCards(channel: Channel, chat: string, limit: number): Promise<readonly StaleCard[]>;
  cardPosted(posted: Shown & { readonly messageId: string }): Promise<void>;
  /** Brought up to date, or on purpose left as it is. */
  cardShown(shown: Shown): Promise<void>;
  /** The message is gone: forget its id, remember the loss, and call the card stale. */
  cardLost(lost: Place): Promise<void>;
  /** One pair for each request and chat, the same each time. */
  tokensFor(wanted: Place & { readonly requestIds: readonly string[] }): Promise<ButtonTokens>;
}

export interface ProjectorSettings {
  /** How long changes made by the program gather before one edit shows them. */
  readonly machineDebounceMs: number;
  /** How long a first card waits for its proposal: one message with everything rings better than two. */
  readonly investigationMs: number;
  /** The safety net under `nudge`. */
  readonly pollMs: number;
  readonly firstBackoffMs: number;
  readonly longestBackoffMs: number;
}

export interface ProjectorDeps {
  readonly channel: Channel;
  readonly chat: string;
  readonly store: CardStore;
  readonly adapter: CardAdapter;
  readonly context: () => Promise<CardContext>;
  readonly log: Log;
  readonly observe: ChatObserver;
  readonly settings?: Partial<ProjectorSettings>;
}

interface Update {
  readonly shown: NonNullable<StaleCard["shown"]>;
  readonly card: Card;
  readonly now: Shown;
  readonly told: readonly Announcement[];
}

interface Job {
  readonly lane: Lane;
  readonly waitMs: number;
  run(): Promise<void>;
}

const DEFAULTS: ProjectorSettings = {
  machineDebounceMs: 1500,
  investigationMs: 300,
  pollMs: 2000,
  firstBackoffMs: 500,
  longestBackoffMs: 30_000,
};
const BATCH = 50;
/** More replies than this waiting means a storm: then only what people must know is said. */
const REPLIES_WAITING = 10;
const LANES: readonly Lane[] = ["person", "new", "machine"];

/** Keeps one chat showing what is stored: compares, posts, edits or leaves. It decides nothing. */
export function createProjector({ channel, chat, store, adapter, ...deps }: ProjectorDeps) {
  const settings = { ...DEFAULTS, ...deps.settings };
  const { log, observe } = deps;
  const firstSeen = new Map<string, number>();
  /** Posted, but the store could not keep it: said once, whatever the disk does. */
  const unsaved = new Map<string, Shown & { messageId: string }>();
  const failing = new Map<string, { failures: number; until: number }>();
  let replies: { messageId: string; incidentId: string; text: string }[] = [];
  let failures = 0;
  let stopping: AbortController | null = null;
  let running: Promise<void> | null = null;
  let wake = (): void => undefined;
  let isNudged = false;

  async function loop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      isNudged = false;
      const waitMs = await step().catch(outOfOrder);
      if (waitMs > 0 && !isNudged && !signal.aborted) await rest(waitMs, signal);
    }
  }

  async function rest(waitMs: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    wake = () => woken.abort();
    await sleep(waitMs, undefined, { signal: AbortSignal.any([signal, woken.signal]) }).catch(
      () => undefined,
    );
    wake = () => undefined;
  }

  /** Does the one most pressing thing; returns how long there is nothing to do. */
  async function step(): Promise<number> {
    const stale = await store.staleCards(channel, chat, BATCH);
    const jobs = [...replyJobs(), ...stale.filter(isNotFailing).map(cardJob)].sort(
      (a, b) => LANES.indexOf(a.lane) - LANES.indexOf(b.lane),
    );
    const job = jobs.find(({ waitMs }) => waitMs <= 0);
    if (!job) return Math.min(settings.pollMs, ...jobs.map(({ waitMs }) => waitMs));
    await job.run();
    return 0;
  }

  function isNotFailing({ view }: StaleCard): boolean {
    return (failing.get(view.incident.id)?.until ?? 0) <= Date.now();
  }

  function replyJobs(): Job[] {
    const next = replies[0];
    if (!next) return [];
    const waitMs = adapter.pace.waitMs("send", "person");
    return [{ lane: "person", waitMs, run: () => attempt(next.incidentId, () => sendReply(next)) }];
  }

  function cardJob(card: StaleCard): Job {
    const { id } = card.view.incident;
    const seen = firstSeen.get(id) ?? Date.now();
    firstSeen.set(id, seen);
    const lane = laneOf(card);
    const settled = seen + holdMs(lane, card.view) - Date.now();
    const waitMs = Math.max(settled, adapter.pace.waitMs(card.shown ? "edit" : "send", lane));
    return { lane, waitMs, run: () => attempt(id, () => project(card)) };
  }

  function holdMs(lane: Lane, { isInvestigating }: IncidentView): number {
    if (lane === "machine") return settings.machineDebounceMs;
    return lane === "new" && isInvestigating ? settings.investigationMs : 0;
  }

  function laneOf({ shown, isUrgent }: StaleCard): Lane {
    if (!shown) return "new";
    return isUrgent ? "person" : "machine";
  }

  async function project(stale: StaleCard): Promise<void> {
    const { incident } = stale.view;
    const context = await deps.context();
    const card = cardOf(stale.view, context);
    const told = announcementsOf(stale.view, context.now);
    const now: Shown = {
      incidentId: incident.id,
      channel,
      chat,
      version: incident.version,
      hash: hashOf(card),
      state: told.map(({ key }) => key).join("\n"),
    };
    if (stale.shown) await update(stale, { shown: stale.shown, card, now, told });
    // Nobody needs to be told of what is over.
    else if (incident.state === "resolved") await store.cardShown(now);
    else await post(stale, card, now);
    firstSeen.delete(incident.id);
  }

  async function post({ view }: StaleCard, card: Card, now: Shown): Promise<void> {
    if (!unsaved.has(now.incidentId)) {
      const tokens = await tokensOf(card);
      adapter.pace.spend("send");
      unsaved.set(now.incidentId, { ...now, messageId: await adapter.post(card, tokens) });
      tellShown("post", view);
    }
    const posted = unsaved.get(now.incidentId);
    if (posted !== undefined) await store.cardPosted(posted);
    unsaved.delete(now.incidentId);
  }

  async function update(
    { view, isReposted }: StaleCard,
    { shown, card, now, told }: Update,
  ): Promise<void> {
    if (shown.hash !== now.hash) {
      const tokens = await tokensOf(card);
      adapter.pace.spend("edit");
      const outcome = await adapter.edit(shown.messageId, card, tokens);
      // A card that somebody deletes a second time is not wanted.
      if (outcome === "gone" && !isReposted) return await store.cardLost(now);
      tellShown("edit", view);
    }
    await store.cardShown(now);
    announce(shown, view.incident.id, told);
  }

  function tellShown(kind: "post" | "edit", { incident: { id, openedAt } }: IncidentView): void {
    observe.shown({ channel, incidentId: id, kind, openedAt });
  }

  async function tokensOf({ incidentId, buttons }: Card): Promise<ButtonTokens> {
    const requestIds = [...new Set(buttons.map(({ requestId }) => requestId))];
    if (requestIds.length === 0) return {};
    return await store.tokensFor({ incidentId, channel, chat, requestIds });
  }

  function announce(
    { messageId, state }: NonNullable<StaleCard["shown"]>,
    incidentId: string,
    told: readonly Announcement[],
  ): void {
    const before = new Set((state ?? "").split("\n"));
    for (const { key, text, isOptional } of told) {
      if (before.has(key) || (isOptional && replies.length >= REPLIES_WAITING)) continue;
      replies.push({ messageId, incidentId, text });
    }
  }

  async function sendReply(reply: (typeof replies)[number]): Promise<void> {
    adapter.pace.spend("send");
    await adapter.reply(reply.messageId, reply.text);
    replies = replies.filter((each) => each !== reply);
  }

  /** A chat that must wait stops here; a card that can't be shown stands aside for the others. */
  async function attempt(incidentId: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
      failures = 0;
      failing.delete(incidentId);
    } catch (error) {
      if (!(error instanceof ChatRejected)) throw error;
      observe.failed({ channel, kind: error.kind });
      log.warn(
        { channel, incidentId, kind: error.kind, reason: error.message },
        "chat rejected a call",
      );
      if (error.kind === "paused") adapter.pace.pause(error.retryAfterMs);
      else if (error.kind === "unreachable") adapter.pace.pause(backoffMs(failures++));
      else standAside(incidentId);
    }
  }

  function standAside(incidentId: string): void {
    const before = failing.get(incidentId)?.failures ?? 0;
    const until = Date.now() + Math.max(1000, backoffMs(before));
    failing.set(incidentId, { failures: before + 1, until });
    replies = replies.filter((each) => each.incidentId !== incidentId);
  }

  function backoffMs(before: number): number {
    return Math.min(settings.longestBackoffMs, settings.firstBackoffMs * 2 ** before);
  }

  /** The store, or a mistake of ours: the chat goes on later, the cards stay stale until then. */
  function outOfOrder(error: unknown): number {
    log.error({ channel, err: error }, "cards can't be shown now");
    return backoffMs(failures++);
  }

  return {
    start(): void {
      if (running !== null) return;
      stopping = new AbortController();
      running = loop(stopping.signal);
    },
    /** Something changed: look now, not at the next poll. */
    nudge(): void {
      isNudged = true;
      wake();
    },
    async stop(): Promise<void> {
      stopping?.abort();
      await running;
      running = null;
    },
  };
}

export type Projector = ReturnType<typeof createProjector>;

function hashOf({ headline, sections, buttons }: Card): string {
  return createHash("sha256").update(JSON.stringify({ headline, sections, buttons })).digest("hex");
}
