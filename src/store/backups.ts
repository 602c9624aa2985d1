import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import type { Sqlite } from "./open.ts";

const NAME = /^countersign-(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)\.db$/;

/** Copies of the whole database beside it, made while it is in use. */
export function createBackups(sqlite: Sqlite, path: string) {
  const folder = join(dirname(path), "backups");

  function names(): string[] {
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => NAME.test(name))
      .sort();
  }

  /** Complete and readable, or not there; then the oldest go. */
  async function make(at: Date, keep: number): Promise<string> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const partial = join(folder, "partial.db");
    for (const end of ["", "-wal", "-shm", "-journal"]) rmSync(partial + end, { force: true });
    await sqlite.backup(partial);
    chmodSync(partial, 0o600);
    verify(partial);
    const file = join(folder, `countersign-${stamp(at)}.db`);
    renameSync(partial, file);
    for (const name of names().slice(0, -keep)) rmSync(join(folder, name), { force: true });
    return file;
  }

  return {
    make,
    list: names,
    newest(): Date | null {
      const [, at] = NAME.exec(names().at(-1) ?? "") ?? [];
      return at === undefined ? null : new Date(at.replace(/T(\d\d)-(\d\d)-/, "T$1:$2:"));
    },
  };
}

/** As a file of its own, without the log of writes that a database in use has beside it. */
function verify(file: string): void {
  const copy = new Database(file);
  try {
    copy.pragma("journal_mode = DELETE");
    const verdict = copy.pragma("quick_check(1)", { simple: true });
    if (verdict !== "ok") throw new Error(`the backup is damaged: ${String(verdict)}`);
  } finally {
    copy.close();
  }
}

/** To the second, and sorted by time. */
function stamp(at: Date): string {
  return `${at.toISOString().slice(0, 19).replaceAll(":", "-")}Z`;
}
