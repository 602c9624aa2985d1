import { createHash } from "node:crypto";
import type { Channel } from "../approval/approval.ts";
import type { Announcement } from "./announcements.ts";
import { announcementsOf } from "./announcements.ts";
import type { Card, CardContext, IncidentView } from "./card.ts";
import { cardOf } from "./card.ts";
import type { ButtonTokens, CardAdapter, ChatObserver, Log } from "./channel.ts";
import { ChatRejected } from "./channel.ts";
import type { Clock, Lane } from "./pace.ts";
import { CLOCK } from "./pace.ts";
import type { DigestStore } from "./storm.ts";
import { createStorms } from "./storm.ts";

/** An incident that has changed since the chat last showed it: enough to tell whose turn it is. */
export interface StaleCard {
  readonly incidentId: string;
  readonly shown: {
    readonly messageId: string;
    /** Of the card as it was shown. */
    readonly hash: string | null;
    /** Opaque to the store: the announcements already made. */
    readonly state: string | null;
  } | null;
  /** Whether a person caused the newest change. */
  readonly isUrgent: boolean;
  /** Whether the card itself is up to date and only lines under it are still to be said. */
  readonly isReplying: boolean;
  /** Before its first card: whether it is critical. */
  readonly isCritical: boolean;
  /** Before its first card: whether it needs one of its own also in a storm. */
  readonly isPressing: boolean;
  readonly isOver: boolean;
  /** Before its first card: whether its evidence is still being collected. */
  readonly isInvestigating: boolean;
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
  /** The announcements made. */
  readonly state: string;
}

/** What each chat shows, kept so that a restart forgets no card. */
export interface CardStore {
  /** Of each lane the first few; within new ones those first that people must see, else the oldest first. */
  staleCards(channel: Channel, chat: string, limit: number): Promise<readonly StaleCard[]>;
  view(incidentId: string): Promise<IncidentView>;
  cardPosted(posted: Shown & { readonly messageId: string }): Promise<void>;
  /** Brought up to date, or on purpose left as it is; `isReplying` while there is more to say under it. */
  cardShown(shown: Shown & { readonly isReplying?: boolean }): Promise<void>;
  /** The message is gone: forget its id, remember the loss, and call the card stale. */
  cardLost(lost: Place): Promise<void>;
  /** One pair for each request and chat, the same each time until new ones are wanted: then the old are dead. */
  tokensFor(
    wanted: Place & { readonly requestIds: readonly string[]; readonly isRenewed?: boolean },
  ): Promise<ButtonTokens>;
}

export interface ProjectorSettings {
  /** How long changes made by the program gather before one edit shows them. */
  readonly machineDebounceMs: number;
  /** Between two edits of one card that people wait for. */
  readonly personGapMs: number;
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
  /** Without it every incident gets a card of its own, whatever the weather. */
  readonly digests?: DigestStore;
  readonly adapter: CardAdapter;
  readonly context: () => Promise<CardContext>;
  readonly log: Log;
  readonly observe: ChatObserver;
  readonly settings?: Partial<ProjectorSettings>;
  readonly clock?: Clock;
}

interface Job {
  readonly lane: Lane;
  /** Within its lane; the lower goes first. */
  readonly rank: number;
  readonly waitMs: number;
  run(): Promise<void>;
}

type Posted = StaleCard & { readonly shown: NonNullable<StaleCard["shown"]> };

interface Telling {
  readonly base: Omit<Shown, "state">;
  readonly told: readonly Announcement[];
  /** Whether so much waits to be said that what may give way does. */
  readonly isCrowded: boolean;
  readonly isEdited: boolean;
}

const DEFAULTS: ProjectorSettings = {
  machineDebounceMs: 1500,
  personGapMs: 1000,
  investigationMs: 300,
  pollMs: 2000,
  firstBackoffMs: 500,
  longestBackoffMs: 30_000,
};
/** Of each lane. */
const BATCH = 20;
/** More replies than this waiting means a storm: then only what people must know is said. */
const REPLIES_WAITING = 10;
const LANES: readonly Lane[] = ["person", "new", "machine"];

/** Keeps one chat showing what is stored: compares, posts, edits or leaves. It decides nothing. */
export function createProjector({ channel, chat, store, adapter, ...deps }: ProjectorDeps) {
  const settings = { ...DEFAULTS, ...deps.settings };
  const { log, observe, context } = deps;
  const clock = deps.clock ?? CLOCK;
  const place = { channel, chat };
  const storms =
    deps.digests && createStorms({ place, store: deps.digests, adapter, context, hashOf, clock });
  const firstSeen = new Map<string, number>();
  /** Posted or said, but the store could not keep it: done once, whatever the disk does. */
  const unsaved = new Map<string, Shown & { messageId: string }>();
  const unsavedReplies = new Set<string>();
  /** When the card was edited last: one person's doing has several steps, which one edit can show. */
  const editedAt = new Map<string, number>();
  const failing = new Map<string, { failures: number; until: number }>();
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
    await clock.sleep(waitMs, AbortSignal.any([signal, woken.signal]));
    wake = () => undefined;
  }

  /** Does the one most pressing thing; returns how long there is nothing to do. */
  async function step(): Promise<number> {
    const digest = (await storms?.watch()) ?? null;
    const stale = await store.staleCards(channel, chat, BATCH);
    const talking = stale.filter(({ isReplying }) => isReplying).length;
    const jobs = stale.map((card) => cardJob(card, talking >= REPLIES_WAITING));
    if (storms && digest) {
      const [lane, waitMs, key] = [
        storms.laneOf(digest),
        storms.waitMs(digest),
        `digest ${digest.id}`,
      ];
      jobs.push(jobOf(key, { lane, rank: 1, waitMs }, () => storms.show(digest)));
    }
    const inOrder = jobs.sort(
      (a, b) => LANES.indexOf(a.lane) - LANES.indexOf(b.lane) || a.rank - b.rank,
    );
    const job = inOrder.find(({ waitMs }) => waitMs <= 0);
    if (!job) return Math.min(settings.pollMs, ...jobs.map(({ waitMs }) => waitMs));
    await job.run();
    return 0;
  }

  function jobOf(key: string, job: Omit<Job, "run">, act: () => Promise<void>): Job {
    const asideMs = (failing.get(key)?.until ?? 0) - clock.now();
    return { ...job, waitMs: Math.max(job.waitMs, asideMs), run: () => attempt(key, act) };
  }

  function cardJob(card: StaleCard, isCrowded: boolean): Job {
    const { incidentId: id } = card;
    const seen = firstSeen.get(id) ?? clock.now();
    firstSeen.set(id, seen);
    const lane = laneOf(card);
    const settled = seen + holdMs(lane, card) - clock.now();
    const gathered = (editedAt.get(id) ?? 0) + settings.personGapMs - clock.now();
    const waitMs = Math.max(settled, gathered, paceMs(card, lane));
    return jobOf(id, { lane, rank: rankOf(card), waitMs }, () => project(card, isCrowded));
  }

  function paceMs({ shown, isReplying, isOver }: StaleCard, lane: Lane): number {
    if (shown === null && isOver) return 0;
    return adapter.pace.waitMs(shown === null || isReplying ? "send" : "edit", lane);
  }

  function holdMs(lane: Lane, { isInvestigating }: StaleCard): number {
    if (lane === "machine") return settings.machineDebounceMs;
    return lane === "new" && isInvestigating ? settings.investigationMs : 0;
  }

  function laneOf({ shown, isUrgent, isReplying }: StaleCard): Lane {
    if (!shown) return "new";
    return isUrgent || isReplying ? "person" : "machine";
  }

  /** A decision is shown before anything is said about another; critical alerts come before a digest. */
  function rankOf({ shown, isReplying, isCritical, isPressing }: StaleCard): number {
    if (shown) return isReplying ? 1 : 0;
    if (isCritical) return 0;
    return isPressing ? 2 : 3;
  }

  async function project(stale: StaleCard, isCrowded: boolean): Promise<void> {
    const view = await store.view(stale.incidentId);
    const { incident } = view;
    const around = await context();
    const card = cardOf(view, around);
    const told = announcementsOf(view, around.now);
    const hash = hashOf(card);
    const base = { ...place, incidentId: incident.id, version: incident.version, hash };
    if (stale.shown) {
      const { shown } = stale;
      if (shown.hash !== hash && !(await edit(view, card, { ...stale, shown }, base))) return;
      await tell({ ...stale, shown }, { base, told, isCrowded, isEdited: shown.hash !== hash });
    } else {
      const now = { ...base, state: stateOf(told) };
      // Nobody needs to be told of what is over.
      if (incident.state === "resolved") await store.cardShown(now);
      else await post(view, card, now);
    }
    firstSeen.delete(incident.id);
  }

  async function post(view: IncidentView, card: Card, now: Shown): Promise<void> {
    if (!unsaved.has(now.incidentId)) {
      const tokens = await tokensOf(card, false);
      adapter.pace.spend("send");
      unsaved.set(now.incidentId, { ...now, messageId: await adapter.post(card, tokens) });
      adapter.pace.done("send");
      tellShown("post", view);
    }
    const posted = unsaved.get(now.incidentId);
    if (posted !== undefined) await store.cardPosted(posted);
    unsaved.delete(now.incidentId);
  }

  /** Whether the message is as it should be; not where it was lost and has to be posted again. */
  async function edit(
    view: IncidentView,
    card: Card,
    { shown, isReposted }: Posted,
    lost: Place,
  ): Promise<boolean> {
    const tokens = await tokensOf(card, shown.hash === null);
    adapter.pace.spend("edit");
    noteEdit(view.incident.id);
    const outcome = await adapter.edit(shown.messageId, card, tokens);
    // A card that somebody deletes a second time is not wanted.
    if (outcome === "gone" && !isReposted) {
      await store.cardLost(lost);
      return false;
    }
    tellShown("edit", view);
    return true;
  }

  function noteEdit(incidentId: string): void {
    const now = clock.now();
    for (const [id, at] of editedAt) if (at + settings.personGapMs <= now) editedAt.delete(id);
    editedAt.set(incidentId, now);
  }

  function tellShown(kind: "post" | "edit", { incident: { id, openedAt } }: IncidentView): void {
    observe.shown({ channel, incidentId: id, kind, openedAt });
  }

  async function tokensOf(
    { incidentId, buttons }: Card,
    isRenewed: boolean,
  ): Promise<ButtonTokens> {
    const requestIds = [...new Set(buttons.map(({ requestId }) => requestId))];
    if (requestIds.length === 0) return {};
    return await store.tokensFor({ ...place, incidentId, requestIds, isRenewed });
  }

  /** Keeps what was said with the card: a line is said in a turn of its own, after the edit is stored. */
  async function tell(
    { incidentId, shown, isReplying }: Posted,
    { base, told, isCrowded, isEdited }: Telling,
  ): Promise<void> {
    const before = new Set((shown.state ?? "").split("\n"));
    const isSaid = ({ key }: Announcement) =>
      before.has(key) || unsavedReplies.has(`${incidentId} ${key}`);
    const isDropped = ({ isOptional }: Announcement) => isOptional && isCrowded;
    const next = told.find((each) => !isSaid(each) && !isDropped(each));
    const isTurn = isReplying && !isEdited;
    if (isTurn && next) {
      await say(shown.messageId, next.text);
      unsavedReplies.add(`${incidentId} ${next.key}`);
    }
    const said = told.filter((each) => isSaid(each) || isDropped(each));
    const isMore = said.length < told.length;
    await store.cardShown({ ...base, state: stateOf(said), isReplying: isMore });
    for (const { key } of said) unsavedReplies.delete(`${incidentId} ${key}`);
  }

  async function say(messageId: string, text: string): Promise<void> {
    adapter.pace.spend("send");
    try {
      await adapter.reply(messageId, text);
      adapter.pace.done("send");
    } catch (error) {
      // What the chat will never take must not be said for ever.
      if (!(error instanceof ChatRejected) || isPassing(error)) throw error;
      noteRejected(error, { messageId });
    }
  }

  /** A chat that must wait stops here; a card that can't be shown stands aside for the others. */
  async function attempt(key: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
      failures = 0;
      failing.delete(key);
    } catch (error) {
      if (!(error instanceof ChatRejected)) throw error;
      noteRejected(error, { card: key });
      if (error.kind === "paused") adapter.pace.pause(error.retryAfterMs);
      else if (error.kind === "unreachable") adapter.pace.pause(backoffMs(failures++));
      else standAside(key);
    }
  }

  function noteRejected({ kind, message: reason }: ChatRejected, about: object): void {
    observe.failed({ channel, kind });
    log.warn({ channel, ...about, kind, reason }, "chat rejected a call");
  }

  function standAside(key: string): void {
    const before = failing.get(key)?.failures ?? 0;
    const until = clock.now() + Math.max(1000, backoffMs(before));
    failing.set(key, { failures: before + 1, until });
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

function stateOf(said: readonly Announcement[]): string {
  return said.map(({ key }) => key).join("\n");
}

function isPassing({ kind }: ChatRejected): boolean {
  return kind === "paused" || kind === "unreachable";
}
