import type { IncidentView } from "./chat/card.ts";
import { createTurns } from "./turns.ts";

const TURN_MS = 2_000;
const ATTEMPTS = 3;
/** Beyond it the oldest wait in vain: in a storm a time line is no help. */
const MOST_WAITING = 200;
const MOST_REMEMBERED = 500;

/** One place that is told of incidents. */
export interface NoteTaker {
  readonly name: string;
  /** What it would be told, as a text: the same again is no news. */
  readonly newsOf: (view: IncidentView) => { readonly text: string; write(): Promise<void> };
}

interface Deps {
  readonly takers: readonly NoteTaker[];
  /** Those that are open, to begin with: what changed while nothing ran is told late, not never. */
  readonly open: () => Promise<readonly string[]>;
  readonly incident: (id: string) => Promise<IncidentView | null>;
  readonly log: { warn(fields: object, message: string): void };
}

/**
 * Tells other systems of incidents and fixes, beside the journey: one at a time, a few attempts each, and whatever fails
 * holds up nothing.
 */
export function createNoteTaking({ takers, open, incident, log }: Deps) {
  /** By incident: how often it was tried in vain. */
  const waiting = new Map<string, number>();
  const told = new Map<string, string>();
  const trouble = new Map<string, string>();
  const turns = createTurns({
    everyMs: TURN_MS,
    turn,
    onFailure: (err) => log.warn({ err }, "incidents can't be noted now"),
  });

  function look(id: string): void {
    if (takers.length === 0) return;
    waiting.delete(id);
    waiting.set(id, 0);
    forgetOldest(waiting, MOST_WAITING);
  }

  async function turn(): Promise<void> {
    for (const [id, attempts] of [...waiting]) {
      // What changes from here on is looked at anew.
      waiting.delete(id);
      const view = await incident(id);
      if (view === null) continue;
      const isTold = await Promise.all(takers.map((taker) => tell(taker, view)));
      const isTried = isTold.every(Boolean) || attempts + 1 >= ATTEMPTS;
      if (!isTried && !waiting.has(id)) waiting.set(id, attempts + 1);
    }
  }

  async function tell({ name, newsOf }: NoteTaker, view: IncidentView): Promise<boolean> {
    const key = `${name} ${view.incident.id}`;
    const { text, write } = newsOf(view);
    if (told.get(key) === text) return true;
    try {
      await write();
      told.delete(key);
      told.set(key, text);
      forgetOldest(told, MOST_REMEMBERED);
      trouble.delete(name);
      return true;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      trouble.set(name, why);
      log.warn({ to: name, incident: view.incident.id, why }, "an incident could not be noted");
      return false;
    }
  }

  return {
    look,
    turn,
    async start(): Promise<void> {
      if (takers.length === 0) return;
      for (const id of await open()) look(id);
      turns.start();
    },
    stop: turns.stop,
    /** For `/health`: a line for people, or an error that names who was not told. */
    check(): string {
      if (trouble.size > 0) throw new Error([...trouble.values()].join("; "));
      if (takers.length === 0) return "nobody is told (COUNTERSIGN_NOTES_TO)";
      return `told: ${takers.map(({ name }) => name).join(", ")}`;
    },
  };
}

function forgetOldest(kept: Map<string, unknown>, most: number): void {
  const [oldest] = kept.keys();
  if (kept.size > most && oldest !== undefined) kept.delete(oldest);
}
