import { alertsQuietUntil } from "./maintenance.ts";
import type { Ports, StepEnd, Telling } from "./ports.ts";
import { DONE } from "./ports.ts";

const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 5 * 60_000;
/** A few hours; what changes later is tried anew. */
const MOST_ATTEMPTS = 40;

/** Has a place outside the chats told what an incident has come to, where it does not know yet. */
export async function tellPlace(ports: Ports, subject: string, attempts: number): Promise<StepEnd> {
  const { store, now } = ports;
  const [incidentId = "", place = ""] = subject.split(" ");
  const found = await store.found(incidentId);
  const incident = await store.incident(incidentId);
  if (found === null || incident === null) return DONE;
  const event = eventOf(await store.lastTold(incidentId, place), incident.state);
  if (event === null) return DONE;
  const quiet = event === "firing" ? await alertsQuietUntil(ports, found.alerts) : null;
  if (quiet !== null) return { outcome: "again", at: quiet, why: "it is under maintenance" };
  const told = await ports.tell({ place, event, incident, alerts: found.alerts });
  if (told.outcome === "accepted") await store.told(incidentId, place, event);
  if (told.outcome !== "later" || attempts >= MOST_ATTEMPTS) return DONE;
  const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts - 1, 10));
  return { outcome: "again", at: new Date(now().getTime() + waitMs), why: told.why };
}

/** Nobody has to be told of the end of what they never heard of. */
function eventOf(
  last: string | null,
  state: "open" | "acknowledged" | "resolved",
): Telling["event"] | null {
  if (state === "resolved") return last === null || last === "resolved" ? null : "resolved";
  if (last === null || last === "resolved") return "firing";
  return state === "acknowledged" && last === "firing" ? "acknowledged" : null;
}
