import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import { z } from "zod";
import { codeOf } from "./disk.ts";

export type Sqlite = Database.Database;
type Drizzle = BetterSQLite3Database;

export interface Opened {
  readonly sqlite: Sqlite;
  readonly drizzle: Drizzle;
  /** Closes the file and gives the lock back. */
  close(): void;
}

/** The database can't be used as it is; the message names the file and the way out. */
export class DatabaseUnusable extends Error {
  override readonly name = "DatabaseUnusable";
}

/** Takes about half a second of a processor. */
const CHECKED_AT_ONCE_BYTES = 64 * 1024 * 1024;
const MIGRATIONS = fileURLToPath(new URL("../../migrations", import.meta.url));

interface OpenOptions {
  readonly isExclusive: boolean;
  readonly isReadOnly?: boolean;
  /** Whether an executor that runs as another user of our group has to get at it. */
  readonly isShared?: boolean;
}

/**
 * Opens (and creates) the file, brings its schema up to date and checks it.
 * Only one process may do the work on a file: `isExclusive` takes a lock that dies with the process.
 * @throws DatabaseUnusable
 */
export function openDatabase(path: string, options: OpenOptions): Opened {
  const opened: Sqlite[] = [];
  try {
    if (options.isReadOnly === true) return openToRead(path);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (options.isExclusive) opened.push(lock(path));
    const sqlite = openFile(path);
    if (options.isExclusive && options.isShared) letGroupIn(path);
    opened.unshift(sqlite);
    sqlite.pragma("busy_timeout = 5000");
    sqlite.pragma("journal_mode = WAL");
    // An approval and an acknowledged alert must survive a power cut.
    sqlite.pragma("synchronous = FULL");
    if (options.isExclusive && isCheckedAtOnce(path)) check(sqlite, path);
    bringUpToDate(sqlite, path, options);
    sqlite.pragma("foreign_keys = ON");
    return {
      sqlite,
      drizzle: drizzle({ client: sqlite, casing: "snake_case" }),
      close: () => closeAll(opened),
    };
  } catch (error) {
    closeAll(opened);
    if (error instanceof DatabaseUnusable) throw error;
    throw new DatabaseUnusable(`${path}: ${explain(error)}`, { cause: error });
  }
}

/** As it is: it is neither made, nor upgraded, nor changed. */
function openToRead(path: string): Opened {
  const sqlite = new Database(path, { readonly: true, fileMustExist: true });
  const { length } = readJournal().entries;
  if (appliedMigrations(sqlite).length !== length) {
    sqlite.close();
    throw new DatabaseUnusable(
      `${path} is of another version of Countersign: "countersign migrate" brings an older one up to date`,
    );
  }
  return {
    sqlite,
    drizzle: drizzle({ client: sqlite, casing: "snake_case" }),
    close: () => sqlite.close(),
  };
}

function closeAll(files: readonly Sqlite[]): void {
  for (const file of files) file.close();
}

/** What is stored is for us alone, whoever may look into the folder; SQLite gives its other files the same mode. */
function openFile(path: string, options: Database.Options = {}): Sqlite {
  if (path !== ":memory:") closeSync(openSync(path, "a", 0o600));
  return new Database(path, options);
}

/** SQLite gives files that it makes later the mode of the first; those of an earlier start have theirs. */
function letGroupIn(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    if (existsSync(file)) chmodSync(file, 0o660);
  }
}

function lock(path: string): Sqlite {
  const held = takeLock(openFile(path === ":memory:" ? path : `${path}.lock`, { timeout: 0 }));
  if (held !== null) return held;
  throw new DatabaseUnusable(
    `${path} is in use by another Countersign process: stop that one first, or give this one its own DATABASE_URL`,
  );
}

/**
 * An open exclusive transaction on a file of its own: the system releases it whatever ends the process. Null, and the
 * file closed, where another process has it.
 */
export function takeLock(file: Sqlite): Sqlite | null {
  try {
    file.exec("BEGIN EXCLUSIVE");
    return file;
  } catch (error) {
    file.close();
    if (codeOf(error) !== "SQLITE_BUSY") throw error;
    return null;
  }
}

function check(sqlite: Sqlite, path: string): void {
  const verdict = quickCheck(sqlite);
  if (verdict !== null) throw damaged(path, verdict);
  rmSync(markOf(path), { force: true });
}

/** What is wrong with the file, whole pages and indexes; null where nothing is. */
export function quickCheck(sqlite: Sqlite): string | null {
  const [verdict] = sqlite.pragma("quick_check(1)") as { quick_check: string }[];
  return verdict?.quick_check === "ok" ? null : String(verdict?.quick_check);
}

/** What a start has no time for is looked through beside the work; what was found damaged then is not opened again. */
export function isCheckedAtOnce(path: string): boolean {
  if (path === ":memory:" || existsSync(markOf(path))) return true;
  return statSync(path).size <= CHECKED_AT_ONCE_BYTES;
}

/** Stands beside a file that was found damaged while it was in use, until it is whole or away. */
export function markOf(path: string): string {
  return `${path}.damaged`;
}

export function damaged(path: string, verdict: string): DatabaseUnusable {
  return new DatabaseUnusable(`${path} ${DAMAGED} (${verdict})`);
}

const Journal = z.object({ entries: z.array(z.object({ when: z.number() })) });

function readJournal() {
  return Journal.parse(JSON.parse(readFileSync(join(MIGRATIONS, "meta/_journal.json"), "utf8")));
}

function bringUpToDate(sqlite: Sqlite, path: string, options: { isExclusive: boolean }): void {
  const journal = readJournal();
  const newestKnown = Math.max(...journal.entries.map((entry) => entry.when));
  const applied = appliedMigrations(sqlite);
  if ((applied.at(-1) ?? 0) > newestKnown) {
    throw new DatabaseUnusable(
      `${path} was written by a newer version of Countersign: install that version, or restore a backup from before the upgrade`,
    );
  }
  if (applied.length === journal.entries.length) return;
  if (options.isExclusive) {
    upgrade(sqlite, path, { from: applied, to: newestKnown, count: journal.entries.length });
    return;
  }
  // A command beside a running program of an older version must not change the schema under it.
  const ours = lock(path);
  try {
    upgrade(sqlite, path, { from: applied, to: newestKnown, count: journal.entries.length });
  } finally {
    ours.close();
  }
}

function upgrade(
  sqlite: Sqlite,
  path: string,
  { from, to, count }: { from: readonly number[]; to: number; count: number },
): void {
  const backup = `${path}.before-${to}`;
  if (from.length > 0) backUp(sqlite, backup);
  // With foreign keys on, a table rebuild in a migration deletes the rows that refer to it.
  sqlite.pragma("foreign_keys = OFF");
  migrate(drizzle({ client: sqlite }), { migrationsFolder: MIGRATIONS });
  const broken = sqlite.pragma("foreign_key_check") as unknown[];
  if (broken.length > 0) {
    throw new DatabaseUnusable(
      `${path}: ${broken.length} rows lost what they refer to in the upgrade; restore ${backup} and report this`,
    );
  }
  // The migrator picks by time and would skip one that was added out of order without a word.
  if (appliedMigrations(sqlite).length !== count) {
    throw new DatabaseUnusable(`${path}: not every migration was applied; report this`);
  }
}

/** Complete or not there: one that was cut short is made anew. */
function backUp(sqlite: Sqlite, file: string): void {
  const partial = `${file}.partial`;
  rmSync(partial, { force: true });
  closeSync(openSync(partial, "wx", 0o600));
  sqlite.exec(`VACUUM INTO '${partial.replaceAll("'", "''")}'`);
  renameSync(partial, file);
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

const DAMAGED =
  "is not a usable SQLite database: restore a backup, or move the file away to begin anew";

function explain(error: unknown): string {
  const code = codeOf(error);
  if (code === "SQLITE_FULL" || code === "ENOSPC")
    return "the disk is full: make room and start again";
  if (code.startsWith("SQLITE_CANTOPEN") || ["EACCES", "EPERM", "EISDIR", "ENOTDIR"].includes(code))
    return "can't be opened: check that the folder exists and belongs to the user Countersign runs as";
  if (code.startsWith("SQLITE_READONLY") || code === "EROFS")
    return "can't be written: check the owner of the file and that the disk is not mounted read-only";
  if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT")) return DAMAGED;
  if (code === "SQLITE_BUSY") return "is locked by another program: stop that one first";
  return error instanceof Error ? error.message : String(error);
}
