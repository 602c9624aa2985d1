import { confirm } from "./facts.ts";
import type { Ports, StepEnd } from "./ports.ts";
import { DONE } from "./ports.ts";

const RETRY_MS = 30_000;
/** Alertmanager repeats itself for as long as the alert fires: after this the next repetition asks anew. */
const MOST_ATTEMPTS = 20;

/**
 * An alert that is over fires again under its old start. It may be an old body replayed, or a Prometheus that was away
 * for so long that Alertmanager took its alerts for resolved. Only the source knows which.
 */
export async function askSource(
  ports: Ports,
  episodeId: number,
  attempts: number,
): Promise<StepEnd> {
  const episode = await ports.store.episode(episodeId);
  if (episode === null || episode.status === "firing") return DONE;
  const confirmation = await confirm(ports, episode);
  if (confirmation === "confirmed") await ports.store.fireAgain(episode.id);
  if (confirmation !== "unreachable" || attempts >= MOST_ATTEMPTS) return DONE;
  const at = new Date(ports.now().getTime() + RETRY_MS);
  return { outcome: "again", at, why: "Alertmanager can't be asked whether the alert fires again" };
}
