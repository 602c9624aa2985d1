import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import { newId } from "./ids.ts";
import { takeLock } from "./open.ts";

/** Its place among the executors, until it leaves. */
export interface Entered {
  readonly id: string;
  /** Where it can be asked. */
  readonly socket: string;
  leave(): void;
}

/**
 * The processes of `countersign executor` beside one database. Each holds a lock that dies with it: nobody has to tell
 * from a clock whether one is still at work.
 */
export function createRunners(
  databasePath: string,
  work: {
    readonly holders: () => string[];
    /** Gives up what it had in hand. */
    readonly lose: (id: string) => string[];
  },
) {
  const folder = join(dirname(databasePath), "executors");
  const lockOf = (id: string) => join(folder, `${id}.lock`);
  const socketOf = (id: string) => join(folder, `${id}.sock`);

  function enter(): Entered {
    mkdirSync(folder, { recursive: true, mode: 0o770 });
    const id = newId("run");
    const entering = join(folder, `${id}.entering`);
    const lock = takeLock(new Database(entering, { timeout: 0 }));
    if (lock === null) throw new Error(`${entering} is locked by another program`);
    chmodSync(entering, 0o660);
    // Nobody ever sees it without its lock, and takes it for dead.
    renameSync(entering, lockOf(id));
    return {
      id,
      socket: socketOf(id),
      leave() {
        clear(id);
        lock.close();
      },
    };
  }

  function clear(id: string): void {
    // The journal is SQLite's, of the file under its first name.
    const journal = join(folder, `${id}.entering-journal`);
    for (const file of [socketOf(id), journal, lockOf(id)]) rmSync(file, { force: true });
  }

  function known(): string[] {
    if (!existsSync(folder)) return [];
    return readdirSync(folder).flatMap((name) => /^(run_\w+)\.lock$/.exec(name)?.[1] ?? []);
  }

  function isAlive(id: string): boolean {
    if (!existsSync(lockOf(id))) return false;
    const free = takeLock(new Database(lockOf(id), { timeout: 0, fileMustExist: true }));
    free?.close();
    return free === null;
  }

  return {
    enter,
    socketOf,
    alive: (): string[] => known().filter(isAlive),
    /**
     * Ends what those that are gone left behind.
     * @returns the runs of which nobody knows the outcome
     */
    bury(): string[] {
      const dead = [...new Set([...known(), ...work.holders()])].filter((id) => !isAlive(id));
      return dead.flatMap((id) => {
        const lost = work.lose(id);
        clear(id);
        return lost;
      });
    },
  };
}
