import type { Sqlite } from "./open.ts";
import type { Steps } from "./steps.ts";

export type Listener = (incidentId: string) => void;

/**
 * What a transaction touched, told to those who show it once the transaction is on disk. `touch` also marks the
 * cards as stale, and has the places outside the chats told, in the same transaction, so that a restart forgets none.
 */
export function createChanges(sqlite: Sqlite, steps: Steps, now: () => Date) {
  const bump = sqlite.prepare<[string]>("UPDATE incidents SET version = version + 1 WHERE id = ?");
  const markCards = sqlite.prepare<[number, string]>(
    "UPDATE cards SET is_stale = 1, is_replying = 0, is_urgent = max(is_urgent, ?) WHERE incident_id = ?",
  );
  const placesOf = sqlite
    .prepare<[string], string>(
      "SELECT value FROM incidents i, json_each(i.route) WHERE i.id = ? AND value NOT IN ('telegram', 'slack', 'console')",
    )
    .pluck();
  const listeners = new Set<Listener>();
  let touched = new Set<string>();
  let isOpen = false;

  function touch(incidentId: string, { isUrgent }: { isUrgent: boolean }): void {
    bump.run(incidentId);
    markCards.run(isUrgent ? 1 : 0, incidentId);
    for (const place of placesOf.all(incidentId)) {
      steps.enqueue("tell", `${incidentId} ${place}`, now());
    }
    touched.add(incidentId);
  }

  /**
   * Runs a transaction and tells the listeners what it touched; tells nothing when it throws. One inside another is
   * part of it: nothing is on disk before the outer one is.
   */
  function commit<T>(transaction: () => T): T {
    if (isOpen) return transaction();
    isOpen = true;
    touched = new Set();
    let result: T;
    try {
      result = transaction();
    } finally {
      isOpen = false;
    }
    tell(touched);
    return result;
  }

  function tell(incidentIds: ReadonlySet<string>): void {
    for (const id of incidentIds) for (const listener of listeners) tellOne(listener, id);
  }

  /** The change is on disk: who can't hear of it must not make it look as if it were not. */
  function tellOne(listener: Listener, incidentId: string): void {
    try {
      listener(incidentId);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  function subscribe(listener: Listener): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  return { touch, commit, tell, subscribe };
}

export type Changes = ReturnType<typeof createChanges>;
