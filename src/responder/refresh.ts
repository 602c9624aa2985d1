import { collect } from "../evidence/collect.ts";
import { keep } from "../evidence/keep.ts";
import type { Episode } from "../incident/alert.ts";
import { sightingOf } from "../incident/sighting.ts";
import { questionsAbout } from "./investigate.ts";
import type { Ports } from "./ports.ts";

const FRESH_MS = 5 * 60_000;

/**
 * Nobody decides on evidence that is older than five minutes: it is collected anew. What does not answer stays on the
 * card as it was.
 * @returns what to say of that, or null
 */
export async function refresh(
  ports: Ports,
  episode: Episode,
  withinMs: number,
): Promise<string | null> {
  const freshFrom = new Date(ports.now().getTime() - FRESH_MS);
  const isOld = ({ collectedAt }: { readonly collectedAt: Date }) => collectedAt < freshFrom;
  if (!(await ports.store.evidenceOf(episode)).some(isOld)) return null;
  const { questions, diagnosisOf } = questionsAbout(ports, episode, sightingOf(episode));
  const items = await collect(questions, { deadlineMs: withinMs, now: ports.now });
  const found = items.filter(({ status }) => status === "found");
  if (found.length > 0) await ports.store.refreshFindings(episode, keep(found), diagnosisOf);
  const isStillOld = (await ports.store.evidenceOf(episode)).some(isOld);
  return isStillOld ? "Some evidence is over 5 minutes old" : null;
}
