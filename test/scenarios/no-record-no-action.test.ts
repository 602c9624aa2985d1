import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, it, onTestFinished } from "vitest";
import type { Program } from "../harness.ts";
import { createProgram, sleep, testAlert } from "../harness.ts";

/** The running program's own database, as somebody with access to the file has it. */
function openDatabase(program: Program): Database.Database {
  const database = new Database(join(program.dataDir, "countersign.db"));
  onTestFinished(() => {
    database.close();
  });
  return database;
}

/** What keeps the record append-only for everybody but who owns the file. */
function triggersOn(database: Database.Database): string[] {
  return database
    .prepare<[], string>(
      "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'record'",
    )
    .pluck()
    .all();
}

const NO_MORE_RECORD =
  "CREATE TRIGGER no_more_record BEFORE INSERT ON record BEGIN SELECT RAISE(ABORT, 'disk full'); END";

it("P9 does nothing while the record can't be written, and goes on when it can", async () => {
  const program = await createProgram();
  await program.start();
  const owner = await program.signIn();
  const incident = await program.raise(testAlert("critical"));
  await program.untilRequest(incident, "pending");
  const database = openDatabase(program);

  database.exec(NO_MORE_RECORD);
  const refused = await owner.approve(incident);
  const { status } = await program.fire(testAlert("critical", { number: "2" }));
  await sleep(300);
  const ranWithout = program.runs();
  database.exec("DROP TRIGGER no_more_record");
  const stillPending = await program.untilRequest(incident, "pending");
  await owner.approve(incident);
  await program.untilRequest(incident, "succeeded");

  expect(refused.status).toBe(500);
  expect(status).toBe(503);
  expect(ranWithout).toEqual([]);
  expect(stillPending.votes).toEqual([]);
  expect(program.runs()).toHaveLength(1);
  expect(await program.audit()).toMatchObject({ ok: true });
});

it("P9 does not start what was approved when the start can't be recorded", async () => {
  const program = await createProgram();
  await program.start({ COUNTERSIGN_CRASH_POINT: "before-claim" });
  const owner = await program.signIn();
  const incident = await program.raise(testAlert("critical"));
  await program.untilRequest(incident, "pending");
  await program.crashBy(owner.approve(incident));
  const database = openDatabase(program);

  database.exec(NO_MORE_RECORD);
  await program.start({ COUNTERSIGN_CRASH_POINT: "" });
  await sleep(1_500);
  const ranWithout = program.runs();
  database.exec("DROP TRIGGER no_more_record");
  await program.untilRequest(incident, "succeeded");

  expect(ranWithout).toEqual([]);
  expect(program.runs()).toHaveLength(1);
});

it("P9 finds the entry of the record that somebody changed", async () => {
  const program = await createProgram();
  await program.start();
  const owner = await program.signIn();
  const incident = await program.raise(testAlert("critical"));
  await program.untilRequest(incident, "pending");
  await owner.approve(incident);
  await program.untilRequest(incident, "succeeded");
  const before = await program.audit();
  await program.stop();

  const database = openDatabase(program);
  for (const trigger of triggersOn(database)) database.exec(`DROP TRIGGER ${trigger}`);
  const changed = database
    .prepare<[], { seq: number }>(
      `UPDATE record SET event = replace(event, 'owner', 'nobody')
       WHERE kind = 'request.approved' RETURNING seq`,
    )
    .get();
  const after = await program.audit();

  expect(before).toMatchObject({ ok: true, firstBroken: null });
  expect(after).toMatchObject({ ok: false, firstBroken: changed?.seq });
});
