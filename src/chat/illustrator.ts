import type { Channel } from "../approval/approval.ts";
import type { IncidentView } from "./card.ts";
import type { CardAdapter, ChatObserver, Log, Picture } from "./channel.ts";
import { ChatRejected } from "./channel.ts";
import type { Clock } from "./pace.ts";
import { CLOCK } from "./pace.ts";

/** A picture that could be drawn of an incident as it is now. */
export interface Sketch extends Omit<Picture, "png"> {
  /** Names what it shows: the same again is not worth another picture. */
  readonly key: string;
  draw(): Promise<Uint8Array>;
}

interface Place {
  readonly incidentId: string;
  readonly channel: Channel;
  readonly chat: string;
}

interface Standing {
  /** The card's message. */
  readonly cardId: string;
  /** The key of the picture under it, which may not have arrived. */
  readonly shown: string | null;
  /** Where it can be replaced. */
  readonly pictureId: string | null;
}

export interface PictureStore {
  open(channel: Channel, chat: string): Promise<readonly string[]>;
  /** Null while there is no card. */
  find(place: Place): Promise<Standing | null>;
  /** Whether the chat has something to do that goes before any picture. */
  isBusy(channel: Channel, chat: string): Promise<boolean>;
  begun(picture: Place & { readonly cardId: string; readonly shown: string }): Promise<void>;
  sent(picture: Place & { readonly pictureId: string | null }): Promise<void>;
  /** It was certainly not sent: what stood there before still does. */
  unsent(before: Place & { readonly shown: string | null }): Promise<void>;
  view(incidentId: string): Promise<IncidentView>;
}

export interface IllustratorDeps {
  readonly channel: Channel;
  readonly chat: string;
  readonly store: PictureStore;
  readonly adapter: CardAdapter;
  /** Null where nothing was measured. */
  readonly sketch: (view: IncidentView) => Promise<Sketch | null>;
  readonly log: Log;
  readonly observe: Pick<ChatObserver, "failed">;
  readonly clock?: Clock;
  readonly settings?: { readonly pollMs?: number; readonly retryMs?: number };
}

const POLL_MS = 2000;
const RETRY_MS = 10_000;
const ATTEMPTS = 3;
/** Beyond it the oldest are forgotten: the cards of a storm need no pictures. */
const MOST_WAITING = 200;

/**
 * Puts one picture under each card, after the card and beside its work: whatever fails here holds up neither a card nor a
 * button. It is an aid, so one that may have arrived is not sent again, also after a crash.
 */
export function createIllustrator({ channel, chat, store, adapter, ...deps }: IllustratorDeps) {
  const { sketch, log, observe } = deps;
  const clock = deps.clock ?? CLOCK;
  const { pollMs = POLL_MS, retryMs = RETRY_MS } = deps.settings ?? {};
  const waiting = new Set<string>();
  const failing = new Map<string, { attempts: number; until: number }>();
  let stopping: AbortController | null = null;
  let running: Promise<void> | null = null;
  let wake = (): void => undefined;

  async function loop(signal: AbortSignal): Promise<void> {
    for (const id of await store.open(channel, chat).catch(() => [])) look(id);
    while (!signal.aborted) {
      const waitMs = await step().catch((error: unknown) => {
        log.error({ channel, err: error }, "pictures can't be kept now");
        return retryMs;
      });
      if (waitMs > 0 && !signal.aborted) await rest(waitMs, signal);
    }
  }

  async function rest(waitMs: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    wake = () => woken.abort();
    await clock.sleep(waitMs, AbortSignal.any([signal, woken.signal]));
    wake = () => undefined;
  }

  /** One picture at most; returns how long there is nothing to do. */
  async function step(): Promise<number> {
    const id = [...waiting].find((each) => (failing.get(each)?.until ?? 0) <= clock.now());
    if (id === undefined) return pollMs;
    const paceMs = adapter.pace.waitMs("send", "machine");
    if (paceMs > 0) return Math.min(pollMs, paceMs);
    if (await store.isBusy(channel, chat)) return pollMs;
    // What changes from here on is looked at anew.
    waiting.delete(id);
    const place = { incidentId: id, channel, chat };
    const standing = await store.find(place);
    if (standing === null) {
      // Its card is on its way.
      waiting.add(id);
      failing.set(id, { attempts: 0, until: clock.now() + pollMs });
      return 0;
    }
    await illustrate(place, standing).catch((error: unknown) => standAside(id, error));
    return 0;
  }

  async function illustrate(place: Place, standing: Standing): Promise<void> {
    const view = await store.view(place.incidentId);
    const { shown, cardId } = standing;
    // Nobody needs a first picture of what is over.
    if (view.incident.state === "resolved" && shown === null) return;
    const wanted = await sketch(view);
    if (wanted === null || wanted.key === shown) return;
    const { key, title, alt } = wanted;
    const png = await wanted.draw();
    await store.begun({ ...place, cardId, shown: key });
    await send(place, standing, { title, alt, png });
    failing.delete(place.incidentId);
  }

  async function send(place: Place, standing: Standing, picture: Picture): Promise<void> {
    const { cardId, pictureId, shown } = standing;
    try {
      if (await replaced(pictureId, picture)) return;
      adapter.pace.spend("send");
      const id = await adapter.picture(cardId, picture);
      adapter.pace.done("send");
      await store.sent({ ...place, pictureId: id });
    } catch (error) {
      if (!(error instanceof ChatRejected) || error.kind !== "paused") {
        giveUp(place.incidentId, error);
        return;
      }
      adapter.pace.pause(error.retryAfterMs);
      await store.unsent({ ...place, shown });
      throw error;
    }
  }

  async function replaced(pictureId: string | null, picture: Picture): Promise<boolean> {
    if (pictureId === null || adapter.replacePicture === undefined) return false;
    adapter.pace.spend("edit");
    return (await adapter.replacePicture(pictureId, picture)) === "edited";
  }

  /** Nobody knows whether it arrived, or the chat will never take it: either way once was enough. */
  function giveUp(incidentId: string, error: unknown): void {
    failing.delete(incidentId);
    if (error instanceof ChatRejected) observe.failed({ channel, kind: error.kind });
    log.warn({ channel, incidentId, reason: reasonOf(error) }, "a picture was not shown");
  }

  /** It certainly was not sent. */
  function standAside(incidentId: string, error: unknown): void {
    const attempts = (failing.get(incidentId)?.attempts ?? 0) + 1;
    if (attempts >= ATTEMPTS) {
      giveUp(incidentId, error);
      return;
    }
    log.warn({ channel, incidentId, reason: reasonOf(error) }, "a picture has to wait");
    failing.set(incidentId, { attempts, until: clock.now() + retryMs * attempts });
    waiting.add(incidentId);
  }

  /** The incident changed, or its card was posted. */
  function look(incidentId: string): void {
    waiting.delete(incidentId);
    waiting.add(incidentId);
    const [oldest] = waiting;
    if (waiting.size > MOST_WAITING && oldest !== undefined) waiting.delete(oldest);
    wake();
  }

  return {
    start(): void {
      if (running !== null) return;
      stopping = new AbortController();
      running = loop(stopping.signal);
    },
    look,
    async stop(): Promise<void> {
      stopping?.abort();
      await running;
      running = null;
    },
  };
}

export type Illustrator = ReturnType<typeof createIllustrator>;

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
