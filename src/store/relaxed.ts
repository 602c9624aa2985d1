import type { Sqlite } from "./open.ts";

/**
 * For what is made again by running a step again: who works on it, that it is done, what an investigation found. Such a
 * write does not wait for the disk. A power cut may take it, and then the step with it; the order of commits is kept, so
 * that nothing that waits for the disk can be there without what was written before it.
 */
export function relaxed<T>(sqlite: Sqlite, write: () => T): T {
  sqlite.pragma("synchronous = NORMAL");
  try {
    return write();
  } finally {
    sqlite.pragma("synchronous = FULL");
  }
}
