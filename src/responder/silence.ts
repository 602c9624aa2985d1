import type { Silence } from "../evidence/silence.ts";
import { markOf } from "../evidence/silence.ts";
import type { Episode } from "../incident/alert.ts";
import { lookAtAlert } from "./facts.ts";
import type { Ports, StepEnd } from "./ports.ts";
import { DONE } from "./ports.ts";

const LOOK_AGAIN_MS = 60_000;
const RETRY_MS = 10_000;
/** For so long after its end it is still tried to find out whether the alert is over. */
const ASKED_AFTER_MS = 3_600_000;
const MOST_ALERTS = 50;

export type Silenced =
  | { readonly outcome: "silenced"; readonly until: Date; readonly alerts: number }
  | { readonly outcome: "not_configured" | "nothing_fires" | "of_another_source" }
  | { readonly outcome: "too_many"; readonly most: number }
  | { readonly outcome: "failed"; readonly why: string };

/**
 * Asks Alertmanager to keep quiet about exactly these alerts. It is written down before, and Alertmanager ends it by
 * itself at its end: a crash in between leaves nothing behind that lasts longer.
 */
export async function silence(
  { store, alertmanager, now }: Ports,
  wanted: {
    readonly incidentId: string;
    readonly requestId: string | null;
    readonly person: string | null;
    readonly episodes: readonly Episode[];
    readonly forMs: number;
    /** What it is for, in words for whoever finds it in Alertmanager. */
    readonly comment: string;
  },
): Promise<Silenced> {
  const { incidentId, requestId, person, episodes, forMs, comment } = wanted;
  if (alertmanager === null) return { outcome: "not_configured" };
  const allFiring = episodes.filter(({ status }) => status === "firing");
  if (allFiring.length === 0) return { outcome: "nothing_fires" };
  const firing = allFiring.filter(({ source }) => source === "alertmanager");
  if (firing.length === 0) return { outcome: "of_another_source" };
  if (firing.length > MOST_ALERTS) return { outcome: "too_many", most: MOST_ALERTS };
  const from = now();
  const until = new Date(from.getTime() + forMs);
  const episodeIds = firing.map((episode) => episode.id);
  const id = await store.beginSilence({ incidentId, requestId, person, episodeIds, endsAt: until });
  try {
    for (const { labels } of firing) {
      const createdBy = person === null ? "countersign" : `countersign for ${person}`;
      const about = { createdBy, comment: `${comment} ${markOf(id)}` };
      await alertmanager.silence({ labels, from, until, ...about });
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    await store.silenceFailed(id, why);
    return { outcome: "failed", why };
  }
  return { outcome: "silenced", until, alerts: firing.length };
}

/**
 * A silenced alert sends no resolution, so somebody has to look: until the silence is over, and once more then. This
 * is also the step that lifts one early, and that tries again until it is lifted.
 */
export async function tendSilence(ports: Ports, id: string): Promise<StepEnd> {
  const { store } = ports;
  const found = await store.silence(id);
  if (found === null || found.endedAt !== null) return DONE;
  const episodes = (await Promise.all(found.episodeIds.map(store.episode))).filter(
    (episode) => episode !== null,
  );
  const isOver = ports.now() >= found.liftAt;
  if (isOver) {
    const why = await lift(ports, found, episodes);
    if (why !== null) return later(ports, RETRY_MS, why);
  }
  const isUnsure = await endThoseOver(ports, episodes);
  if (!isOver) {
    const left = found.liftAt.getTime() - ports.now().getTime();
    return later(ports, Math.max(1, Math.min(left, LOOK_AGAIN_MS)), "it is silenced");
  }
  if (isUnsure && ports.now().getTime() < found.endsAt.getTime() + ASKED_AFTER_MS) {
    return later(ports, RETRY_MS, "whether the alert is over can't be found out");
  }
  await store.silenceEnded(id);
  return DONE;
}

/** @returns why it could not be lifted; null where it is, or where Alertmanager has ended it by itself */
async function lift(
  { alertmanager, now }: Ports,
  { id, endsAt }: Silence,
  episodes: readonly Episode[],
): Promise<string | null> {
  if (alertmanager === null || now() >= endsAt) return null;
  try {
    for (const { labels } of episodes) await alertmanager.unsilence({ labels, mark: markOf(id) });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @returns whether the source could not be asked about one of them */
async function endThoseOver(ports: Ports, episodes: readonly Episode[]): Promise<boolean> {
  if (ports.alertmanager === null) return false;
  let isUnsure = false;
  for (const episode of episodes.filter(({ status }) => status === "firing")) {
    const { state } = await lookAtAlert(ports, episode, false);
    if (state === "holds") await ports.store.alertOver(episode.id);
    isUnsure ||= state === "unknown";
  }
  return isUnsure;
}

function later(ports: Ports, ms: number, why: string): StepEnd {
  return { outcome: "again", at: new Date(ports.now().getTime() + ms), why };
}
