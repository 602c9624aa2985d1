import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import { z } from "zod";
import * as schema from "./schema.ts";

export type Sqlite = Database.Database;
export type Drizzle = BetterSQLite3Database<typeof schema>;

export interface Opened {
  readonly sqlite: Sqlite;
  readonly drizzle: Drizzle;
}

/** The database can't be used as it is; the message names the file and the way out. */
export class DatabaseUnusable extends Error {
  override readonly name = "DatabaseUnusable";
}

const MIGRATIONS = fileURLToPath(new URL("../../migrations", import.meta.url));

/**
 * Opens (and creates) the file, brings its schema up to date and checks it.
 * Only one process may do the work on a file: `isExclusive` takes a lock that dies with the process.
 * @throws DatabaseUnusable
 */
export function openDatabase(path: string, options: { isExclusive: boolean }): Opened {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (options.isExclusive) lock(path);
    const sqlite = new Database(path);
    sqlite.pragma("busy_timeout = 5000");
    sqlite.pragma("journal_mode = WAL");
    // An approval and an acknowledged alert must survive a power cut.
    sqlite.pragma("synchronous = FULL");
    bringUpToDate(sqlite, path);
    sqlite.pragma("foreign_keys = ON");
    return { sqlite, drizzle: drizzle({ client: sqlite, schema, casing: "snake_case" }) };
  } catch (error) {
    if (error instanceof DatabaseUnusable) throw error;
    throw new DatabaseUnusable(`${path}: ${explain(error)}`, { cause: error });
  }
}

/** An open exclusive transaction on a file of its own: the system releases it whatever ends the process. */
function lock(path: string): void {
  const file = new Database(`${path}.lock`, { timeout: 0 });
  try {
    file.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    throw new DatabaseUnusable(
      `${path} is in use by another Countersign process: stop that one first, or give this one its own DATABASE_URL`,
      { cause: error },
    );
  }
  locks.push(file);
}

// A lock lives as long as its connection: kept from the garbage collector.
const locks: Sqlite[] = [];

const Journal = z.object({ entries: z.array(z.object({ when: z.number() })) });

function bringUpToDate(sqlite: Sqlite, path: string): void {
  const journal = Journal.parse(
    JSON.parse(readFileSync(join(MIGRATIONS, "meta/_journal.json"), "utf8")),
  );
  const newestKnown = Math.max(...journal.entries.map((entry) => entry.when));
  const applied = appliedMigrations(sqlite);
  if ((applied.at(-1) ?? 0) > newestKnown) {
    throw new DatabaseUnusable(
      `${path} was written by a newer version of Countersign: install that version, or restore a backup from before the upgrade`,
    );
  }
  if (applied.length === journal.entries.length) return;
  if (applied.length > 0) {
    sqlite.exec(`VACUUM INTO '${`${path}.before-${newestKnown}`.replaceAll("'", "''")}'`);
  }
  // With foreign keys on, a table rebuild in a migration deletes the rows that refer to it.
  sqlite.pragma("foreign_keys = OFF");
  migrate(drizzle({ client: sqlite }), { migrationsFolder: MIGRATIONS });
  const broken = sqlite.pragma("foreign_key_check") as unknown[];
  if (broken.length > 0) {
    throw new DatabaseUnusable(
      `${path}: ${broken.length} rows lost what they refer to in the upgrade; restore ${path}.before-${newestKnown} and report this`,
    );
  }
  // The migrator picks by time and would skip one that was added out of order without a word.
  if (appliedMigrations(sqlite).length !== journal.entries.length) {
    throw new DatabaseUnusable(`${path}: not every migration was applied; report this`);
  }
}

function appliedMigrations(sqlite: Sqlite): number[] {
  const table = sqlite
    .prepare("SELECT 1 FROM sqlite_master WHERE name = '__drizzle_migrations'")
    .get();
  if (table === undefined) return [];
  return sqlite
    .prepare<[], number>("SELECT created_at FROM __drizzle_migrations ORDER BY created_at")
    .pluck()
    .all();
}

function explain(error: unknown): string {
  const code = (error as { code?: string }).code ?? "";
  if (code === "SQLITE_FULL" || code === "ENOSPC")
    return "the disk is full: make room and start again";
  if (code === "SQLITE_CANTOPEN" || code === "EACCES" || code === "EPERM")
    return "can't be opened: check that the folder exists and belongs to the user Countersign runs as";
  if (code === "SQLITE_READONLY" || code === "EROFS")
    return "can't be written: check the owner of the file and that the disk is not mounted read-only";
  if (code === "SQLITE_NOTADB" || code === "SQLITE_CORRUPT")
    return "is not a usable SQLite database: restore a backup, or move the file away to begin anew";
  return error instanceof Error ? error.message : String(error);
}
