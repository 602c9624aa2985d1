import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import Database from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import { describe, expect, it, onTestFinished } from "vitest";
import { redact } from "../../src/evidence/redact.ts";
import { admit } from "../../src/incident/admit.ts";
import { findDamage } from "../../src/store/damage.ts";
import { DatabaseUnusable, openDatabase } from "../../src/store/open.ts";
import { openStore } from "../../src/store/store.ts";
import { isRoot } from "../peers.ts";
import { aGroup, anIncoming, createFolder, createLab } from "./lab.ts";

const freshPath = () => join(createFolder(), "data", "countersign.db");

function openWhole(path: string) {
  const now = () => new Date("2026-03-01T03:00:00Z");
  return openStore({
    path,
    isExclusive: true,
    dedupWindowMs: 1,
    hasSource: false,
    chats: [],
    admit,
    now,
    redact,
  });
}

/** A process of its own that holds the database until its input ends. */
async function openElsewhere(path: string): Promise<void> {
  const script = `
    import { openDatabase } from "./src/store/open.ts";
    openDatabase(process.argv[1], { isExclusive: true });
    process.stdout.write("open");
    process.stdin.resume().on("end", () => process.exit());`;
  const args = ["--import", "tsx", "--input-type=module", "--eval", script, path];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
}

describe("a database", () => {
  it("is made with its folder, for its owner's eyes only", () => {
    const path = freshPath();
    openDatabase(path, { isExclusive: true }).close();
    const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);

    expect(mode(join(path, ".."))).toBe("700");
    for (const file of readdirSync(join(path, "..")))
      expect(mode(join(path, "..", file))).toBe("600");
  });

  it("survives a power cut after each commit", () => {
    const { sqlite, close } = openDatabase(freshPath(), { isExclusive: false });
    onTestFinished(close);

    expect(sqlite.pragma("synchronous", { simple: true })).toBe(2);
    expect(sqlite.pragma("journal_mode", { simple: true })).toBe("wal");
    expect(sqlite.pragma("foreign_keys", { simple: true })).toBe(1);
  });

  it("T67 is worked on by one process only, and the other is told what to do", async () => {
    const path = freshPath();
    await openElsewhere(path);

    expect(() => openDatabase(path, { isExclusive: true })).toThrow(
      /is in use by another Countersign process: stop that one first/,
    );
    expect(() => openDatabase(path, { isExclusive: false }).close()).not.toThrow();
  });

  it("can be opened again as soon as it was closed", () => {
    const path = freshPath();
    openWhole(path).close();

    expect(() => openWhole(path).close()).not.toThrow();
  });

  it("T76 of a newer version is refused, with the way out", () => {
    const path = freshPath();
    const { sqlite, close } = openDatabase(path, { isExclusive: false });
    sqlite.exec("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 99999999999999)");
    close();

    expect(() => openDatabase(path, { isExclusive: false })).toThrow(
      /written by a newer version of Countersign: install that version, or restore a backup/,
    );
  });

  it("T70 that is no database is refused, with the way out, and left as it is", () => {
    const path = join(createFolder(), "countersign.db");
    writeFileSync(path, "This is a letter to my aunt, who is well. ".repeat(100));

    expect(() => openDatabase(path, { isExclusive: true })).toThrow(
      /is not a usable SQLite database: restore a backup, or move the file away/,
    );
    expect(statSync(path).size).toBe(4200);
  });

  it("T70 with flipped bytes is refused at the start", async () => {
    const path = await aDatabase();
    flipBytes(path);

    expect(() => openDatabase(path, { isExclusive: true })).toThrow(/restore a backup/);
  });

  it("T70 with flipped bytes, too large to be checked at once, is found out beside the work and not opened again", async () => {
    const path = await aDatabase("zeroblob(70000000)");
    const whole = readFileSync(path);
    const worker = pathToFileURL("dist/store/damage-worker.js");
    expect(await findDamage(path, worker)).toBeNull();
    flipBytes(path);

    openDatabase(path, { isExclusive: true }).close();
    const damage = await findDamage(path, worker);

    expect(damage).toBeInstanceOf(DatabaseUnusable);
    expect(damage?.message).toContain("restore a backup");
    expect(() => openDatabase(path, { isExclusive: true })).toThrow(/restore a backup/);
    writeFileSync(path, whole);
    openDatabase(path, { isExclusive: true }).close();
    expect(existsSync(`${path}.damaged`)).toBe(false);
  });

  it("in a place that is a file or a folder is refused, with the way out", () => {
    const folder = createFolder();
    writeFileSync(join(folder, "file"), "");
    mkdirSync(join(folder, "folder"));
    const inFile = join(folder, "file", "countersign.db");

    expect(() => openDatabase(join(folder, "folder"), { isExclusive: true })).toThrow(
      /can't be opened: check/,
    );
    expect(() => openDatabase(inFile, { isExclusive: true })).toThrow(DatabaseUnusable);
  });

  it.skipIf(isRoot())("in a folder that can't be written is refused, with the way out", () => {
    const folder = createFolder();
    chmodSync(folder, 0o500);

    expect(() => openDatabase(join(folder, "x.db"), { isExclusive: true })).toThrow(
      /can't be opened: check that the folder exists and belongs to the user/,
    );
  });
});

/** A database as the first version left it: only the oldest migrations are in it. */
function anOldOne(path = freshPath()): string {
  const folder = join(createFolder(), "migrations");
  cpSync("migrations", folder, { recursive: true });
  const journal = join(folder, "meta", "_journal.json");
  const { entries, ...rest } = JSON.parse(readFileSync(journal, "utf8")) as { entries: object[] };
  writeFileSync(journal, JSON.stringify({ ...rest, entries: entries.slice(0, 2) }));

  mkdirSync(join(path, ".."), { recursive: true });
  for (const end of ["", "-wal", "-shm"]) rmSync(path + end, { force: true });
  const raw = new Database(path);
  migrate(drizzle({ client: raw }), { migrationsFolder: folder });
  raw.exec(`
    INSERT INTO incidents (id, source, group_key, state, title, opened_at, truncated_alerts, trust, group_labels, version)
    VALUES ('inc_1', 'alertmanager', 'g', 'open', 'WebDown', 1, 0, 'key', '{}', 1);
    INSERT INTO alerts (source, fingerprint, starts_at, status, labels, annotations, incident_id, received_at)
    VALUES ('alertmanager', 'f', 1, 'firing', '{}', '{}', 'inc_1', 1)`);
  raw.close();
  return path;
}

describe("T76 an upgrade", () => {
  it("keeps every row, and a backup from before", () => {
    const path = anOldOne();
    openWhole(path).close();
    const files = readdirSync(join(path, "..")).filter((file) => file.includes(".before-"));
    const rows = (file: string) => {
      const raw = new Database(file, { readonly: true });
      const found = raw.prepare("SELECT fingerprint, incident_id FROM alerts").all();
      raw.close();
      return found;
    };

    expect(files).toHaveLength(1);
    expect(rows(path)).toHaveLength(1);
    expect(rows(join(path, "..", files[0] ?? ""))).toEqual(rows(path));
    expect(statSync(join(path, "..", files[0] ?? "")).mode & 0o777).toBe(0o600);
  });

  it("can be tried again after it was cut short", () => {
    const path = anOldOne();
    openWhole(path).close();
    anOldOne(path);

    expect(() => openWhole(path).close()).not.toThrow();
  });

  it("is not done by a command while an older program works on the file", () => {
    const path = anOldOne();
    const raw = new Database(`${path}.lock`);
    raw.exec("BEGIN EXCLUSIVE");
    onTestFinished(() => {
      raw.close();
    });

    expect(() => openDatabase(path, { isExclusive: false })).toThrow(/in use by another/);
  });
});

describe.skipIf(!isRoot())("T69 a full disk (a tmpfs of its own, which takes root)", () => {
  it("keeps what was accepted, takes nothing it can't keep, and goes on when there is room", async () => {
    const folder = createFolder();
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]);
    onTestFinished(() => {
      execFileSync("/bin/umount", ["-l", folder]);
    });
    const path = join(folder, "countersign.db");
    const store = openWhole(path);
    const filler = join(folder, "filler");
    const send = (n: number) =>
      store.intake.accept([
        aGroup([anIncoming({}, { instance: `${n}`, pad: "x".repeat(20_000) })]),
      ]);
    let accepted = 0;
    for (; accepted < 1000; accepted += 1) {
      const failure = await send(accepted).then(
        () => null,
        (error: { code?: string }) => error,
      );
      if (failure !== null) break;
      if (accepted === 5) fill(filler);
    }

    await expect(send(accepted)).rejects.toThrow(/full/);
    await expect(store.ping()).rejects.toThrow(/full/);
    expect(accepted).toBeGreaterThan(5);
    expect((await store.views.openAlerts(null)).length).toBe(accepted);
    expect((await store.record.verify()).firstBroken).toBeNull();

    execFileSync("/bin/rm", [filler]);
    await send(accepted);

    expect((await store.views.openAlerts(null)).length).toBe(accepted + 1);
    store.close();
  });
});

/** Takes all the room that is left. */
function fill(file: string): void {
  try {
    execFileSync("/bin/dd", ["if=/dev/zero", `of=${file}`, "bs=4096", "status=none"], {
      stdio: "ignore",
    });
  } catch {
    // That is how it ends: no space left on device.
  }
}

/** A file with some alerts, and as much more as is wanted. */
async function aDatabase(filling = "'0'"): Promise<string> {
  const lab = createLab();
  const alerts = Array.from({ length: 500 }, (_, i) => anIncoming({}, { instance: String(i) }));
  await lab.accept(aGroup(alerts));
  lab.raw.exec(`INSERT INTO switches (name, value) VALUES ('filling', ${filling})`);
  const path = join(createFolder(), "copy.db");
  lab.raw.exec(`VACUUM INTO '${path}'`);
  return path;
}

function flipBytes(path: string): void {
  const pages = new Database(path);
  const root = pages
    .prepare("SELECT rootpage FROM sqlite_master WHERE name = 'alerts'")
    .pluck()
    .get() as number;
  pages.close();
  execFileSync("/bin/dd", [
    "if=/dev/urandom",
    `of=${path}`,
    "bs=4096",
    `seek=${root - 1}`,
    "count=1",
    "conv=notrunc",
    "status=none",
  ]);
}
