import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, it, onTestFinished } from "vitest";
import type { Ended, Program } from "../harness.ts";
import { createProgram, testAlert } from "../harness.ts";

const SECRET = "42:this-is-a-secret-of-somebody";

/** What a person sees: a few plain lines, and no insides of the program. */
function expectPlain({ stderr, stdout }: Ended): void {
  expect(stderr + stdout).not.toMatch(/\n\s+at |node:internal|\.js:\d+/);
  expect(stderr + stdout).not.toContain(SECRET);
}

function serve(program: Program, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return program.command(["serve"], env);
}

it("names the port that is in use and the setting to change", async () => {
  const program = await createProgram();
  const other = createServer().listen(program.port, "127.0.0.1");
  onTestFinished(() => {
    other.close();
  });

  const end = await serve(program);

  expect(end.code).toBe(1);
  expect(end.stderr).toBe(
    `127.0.0.1:${program.port} is in use by another program: stop it, or set PROMETHEUS_WEBHOOK_PORT to a free port\n`,
  );
});

it("names the database that another Countersign works on", async () => {
  const program = await createProgram();
  await program.start();

  const end = await serve(program, { PROMETHEUS_WEBHOOK_PORT: "0" });

  expect(end.code).toBe(1);
  expect(end.stderr).toMatch(/countersign\.db is in use by another Countersign process: stop that/);
  expectPlain(end);
  expect(await program.health()).toMatchObject({ status: "ok" });
});

it("names the database that a newer version has written", async () => {
  const program = await createProgram();
  await program.command(["migrate"]);
  const database = new Database(join(program.dataDir, "countersign.db"));
  database
    .prepare("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('later', ?)")
    .run(Date.now() + 1e12);
  database.close();

  const end = await serve(program);

  expect(end.code).toBe(1);
  expect(end.stderr).toMatch(/countersign\.db was written by a newer version of Countersign: /);
  expectPlain(end);
});

it.each([
  ["is locked by another program", (file: string) => lock(file), /locked|in use/],
  [
    "is no database",
    (file: string) => writeFileSync(file, "x".repeat(5000)),
    /is not a usable SQLite database: restore a backup/,
  ],
  [
    "is a folder",
    (file: string) => mkdirSync(file),
    /can't be opened|unable to open|directory|folder/,
  ],
])(
  "names the database that %s",
  async (_, spoil, why) => {
    const program = await createProgram();
    const file = join(program.dataDir, "countersign.db");
    spoil(file);

    const end = await serve(program);

    expect(end.code).toBe(1);
    expect(end.stderr).toContain(file);
    expect(end.stderr).toMatch(why);
    expect(end.stderr.trim().split("\n")).toHaveLength(1);
    expectPlain(end);
  },
  20_000,
);

function lock(file: string): void {
  const database = new Database(file);
  database.exec("CREATE TABLE t (x); BEGIN EXCLUSIVE");
  onTestFinished(() => {
    database.close();
  });
}

it("names every wrong setting at once, with exit code 78", async () => {
  const program = await createProgram();

  const end = await serve(program, {
    PROMETHEUS_WEBHOOK_PORT: "eighty",
    TELEGRAM_BOT_TOKEN: SECRET,
    PROMETHEUS_URL: "localhost:9090",
    COUNTERSIGN_LOGLEVEL: "debug",
    ALERT_DEDUP_WINDOW: "-1",
  });

  expect(end.code).toBe(78);
  expect(end.stderr).toContain("PROMETHEUS_WEBHOOK_PORT");
  expect(end.stderr).toContain("PROMETHEUS_URL: must be an http:// or https:// address");
  expect(end.stderr).toContain("did you mean COUNTERSIGN_LOG_LEVEL?");
  expect(end.stderr).toContain("ALERT_DEDUP_WINDOW");
  expectPlain(end);
});

it.each([
  [{ TELEGRAM_BOT_TOKEN: SECRET }, /TELEGRAM_CHAT_ID: is needed with TELEGRAM_BOT_TOKEN/],
  [{ TELEGRAM_BOT_TOKEN: "not a token" }, /TELEGRAM_BOT_TOKEN: must look like/],
  [{ PROMETHEUS_WEBHOOK_HOST: "0.0.0.0" }, /PROMETHEUS_API_KEY/],
  [{ COUNTERSIGN_PUBLIC_URL: "https://alerts.example" }, /PROMETHEUS_API_KEY/],
])("refuses half a configuration: %o", async (env, why) => {
  const program = await createProgram();

  const end = await serve(program, env);

  expect(end.code).toBe(78);
  expect(end.stderr).toMatch(why);
  expectPlain(end);
});

it.each([
  [["servee"], /There is no command "servee"\. Did you mean "serve"\?/],
  [["history", "--nonsense"], /--nonsense[\s\S]*Usage: countersign history/],
  [["version", "twice"], /"twice" is one word too many/],
  [["sign-in", "nobody"], /lists nobody called "nobody"; the people are: owner/],
])("says how it is used after a wrong use: %j", async (words, why) => {
  const program = await createProgram();
  await program.start();

  const end = await program.command(words);

  expect(end.code).toBe(2);
  expect(end.stderr).toMatch(why);
  expectPlain(end);
});

const spoiled: readonly [string, (program: Program) => void, RegExp][] = [
  [
    "a runbook with a mistake",
    (program) => program.writeRunbook("broken.md", "---\nid: broken\ntitel: x\n---\n"),
    /broken\.md:\d+: .*titel/,
  ],
  [
    "a runbook that everybody may write to",
    (program) => {
      program.writeRunbook("open.md", "---\nid: open\ntitle: x\nmatch: {}\n---\n");
      chmodSync(join(program.runbooksDir, "open.md"), 0o666);
    },
    /open\.md:1: can be written by everybody; mend it with: chmod go-w /,
  ],
  [
    "a policy that names nobody we know",
    (program) => program.writeRunbook("policy.yaml", "approval:\n  medium: {approvers: zoe}\n"),
    /policy\.yaml:2: nobody is called "zoe"; roles are viewer, operator, approver, admin/,
  ],
];

it.each(spoiled)(
  "starts with %s, and says so in the log, in health and in check",
  async (_, spoil, why) => {
    const program = await createProgram();
    spoil(program);

    await program.start();
    const check = await program.command(["check"]);
    const lint = await program.command(["runbooks", "lint"]);
    const { status } = await program.fire(testAlert("critical"));

    expect(program.log().replaceAll("\\", "")).toMatch(why);
    expect((await program.health()).checks.runbooks).toMatchObject({ status: "degraded" });
    expect((await program.health()).checks.runbooks?.detail).toMatch(why);
    expect([check.code, lint.code]).toEqual([1, 1]);
    expect(check.stdout).toMatch(why);
    expect(lint.stdout).toMatch(why);
    expect(status).toBe(200);
    expectPlain(check);
  },
);
