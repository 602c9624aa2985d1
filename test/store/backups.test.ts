import { copyFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { redact } from "../../src/evidence/redact.ts";
import type { RunResult } from "../../src/execution/execution.ts";
import { admit } from "../../src/incident/admit.ts";
import { openStore } from "../../src/store/store.ts";
import { createUpkeep } from "../../src/upkeep.ts";
import type { Lab } from "./lab.ts";
import { aGroup, anIncoming, createFolder, createLab, HOUR, MINUTE } from "./lab.ts";

const DAY = 24 * HOUR;

function keep(lab: Lab, over: { keepDays?: number; maxBytes?: number } = {}) {
  const { backups, retention } = lab.store;
  const said: string[] = [];
  const log = {
    info: (_: object, message: string) => void said.push(message),
    error: (_: object, message: string) => void said.push(message),
  };
  const limits = { keepDays: 365, maxBytes: 1e9, ...over };
  return { said, ...createUpkeep({ backups, retention, ...limits, now: lab.now, log }) };
}

const send = (lab: Lab, n: number, status: "firing" | "resolved" = "firing") => {
  const alert = anIncoming({ status, startsAt: null }, { instance: `${n}` });
  return lab.accept(aGroup([alert], { groupKey: `${n}` }));
};
const beOver = async (lab: Lab, n: number) => {
  await send(lab, n);
  await send(lab, n, "resolved");
};

/** Something approved is claimed, starts and ends like this. */
async function run(lab: Lab, ended: Pick<RunResult, "exitCode" | "outcome">): Promise<void> {
  const { executions } = lab.store;
  const request = await lab.propose({ state: "approved" });
  const claim = await executions.claim(request, HOUR, () => null);
  if (claim.outcome !== "claimed") throw new Error(claim.outcome);
  await executions.start(claim.execution);
  const result = { ...ended, output: "", isTruncated: false, durationMs: 5 };
  await executions.finish(claim.execution, result, lab.now());
}

it("T70 is restored from a backup that was made while alerts came in", async () => {
  const lab = createLab();
  for (let i = 0; i < 200; i += 1) await send(lab, i);
  const made = lab.store.backups.make(lab.now(), 7);
  for (let i = 200; i < 260; i += 1) await send(lab, i);
  const file = await made;

  // As the README says: stopped, copied, the log of writes removed.
  const path = join(createFolder(), "countersign.db");
  writeFileSync(path, "something damaged");
  writeFileSync(`${path}-wal`, "of the damaged one");
  copyFileSync(file, path);
  for (const end of ["-wal", "-shm"]) rmSync(path + end, { force: true });
  const restored = openStore({
    path,
    isExclusive: true,
    dedupWindowMs: 5 * MINUTE,
    hasSource: true,
    chats: [],
    admit,
    now: lab.now,
    redact,
  });
  onTestFinished(() => restored.close());

  expect((await restored.views.openAlerts(null)).length).toBeGreaterThanOrEqual(200);
  expect(await restored.record.verify()).toMatchObject({ firstBroken: null, missed: [] });
  await restored.intake.accept([aGroup([anIncoming({}, { instance: "after" })])]);
  expect((await restored.record.verify()).firstBroken).toBeNull();
});

it("T80 is backed up once a day, for its owner's eyes only, and seven copies are kept", async () => {
  const lab = createLab();
  const upkeep = keep(lab);
  for (let day = 0; day < 10; day += 1) {
    await upkeep.turn();
    lab.pass(HOUR);
    await upkeep.turn();
    lab.pass(DAY - HOUR);
  }
  const folder = join(dirname(lab.path), "backups");

  expect(readdirSync(folder)).toHaveLength(7);
  expect(upkeep.said).toHaveLength(10);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(folder))
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  expect(await upkeep.check()).toBe("7 kept, the newest of 2026-03-10T03:00:00.000Z");
});

it("says that there is no room for a backup, and keeps those it has", async () => {
  const lab = createLab();
  const upkeep = keep(lab);
  await upkeep.turn();
  rmSync(join(dirname(lab.path), "backups"), { recursive: true });
  writeFileSync(join(dirname(lab.path), "backups"), "in the way");

  await upkeep.turn().catch(() => undefined);

  await expect(upkeep.check()).rejects.toThrow(/no backup could be made/);
});

it("P9 T71 forgets incidents that are long over, with all that hangs on them, and never cuts the record", async () => {
  const lab = createLab();
  await beOver(lab, 1);
  await run(lab, { exitCode: 0, outcome: "succeeded" });
  await lab.accept(
    aGroup([anIncoming({ status: "resolved", ...(await labelsOf(lab)), startsAt: null })]),
  );
  const before = lab.count("record");
  lab.pass(400 * DAY);
  await beOver(lab, 2);
  const { turn } = keep(lab);

  await turn();

  expect(lab.count("incidents")).toBe(1);
  expect(lab.count("alerts")).toBe(1);
  expect(lab.count("requests")).toBe(0);
  expect(lab.count("executions")).toBe(0);
  expect(lab.count("record")).toBeGreaterThan(before);
  expect(lab.kinds().at(-1)).toBe("history.forgotten");
  expect(await lab.store.record.verify()).toMatchObject({ firstBroken: null });
});

async function labelsOf(lab: Lab) {
  const fingerprint = lab.raw
    .prepare("SELECT fingerprint FROM alerts WHERE status = 'firing'")
    .pluck()
    .get() as string;
  return { fingerprint };
}

it("P3 keeps what still fires, and a run whose outcome nobody knows, however old", async () => {
  const lab = createLab();
  await send(lab, 1);
  await run(lab, { exitCode: null, outcome: "unknown" });
  lab.raw.exec("UPDATE alerts SET status = 'resolved' WHERE id = 2");
  lab.raw.exec("UPDATE incidents SET state = 'resolved', resolved_at = opened_at WHERE rowid = 2");
  lab.pass(400 * DAY);

  await keep(lab).turn();

  expect(lab.count("incidents")).toBe(2);
  expect(lab.count("executions", "state = 'unknown'")).toBe(1);
});

it("forgets a few at a time, and lets alerts come in between, however many are too old", async () => {
  const lab = createLab();
  for (let i = 0; i < 60; i += 1) await beOver(lab, i);
  lab.pass(400 * DAY);
  const forgotten = keep(lab).turn();
  const left: number[] = [];
  for (let i = 100; lab.count("incidents", "state = 'resolved'") > 0; i += 1) {
    await send(lab, i);
    left.push(lab.count("incidents", "state = 'resolved'"));
    await new Promise(setImmediate);
  }
  await forgotten;

  expect(new Set(left).size).toBeGreaterThan(2);
  expect(await lab.store.record.verify()).toMatchObject({ firstBroken: null, missed: [] });
});

it("forgets sooner where the database is too big, the oldest first, and never the last week", async () => {
  const lab = createLab();
  for (let i = 0; i < 150; i += 1) await beOver(lab, i);
  lab.pass(8 * DAY);
  for (let i = 150; i < 160; i += 1) await beOver(lab, i);
  const { said, turn } = keep(lab, { maxBytes: (await lab.store.retention.bytes()) - 1 });

  await turn();
  // No more than it takes, in portions.
  expect(lab.count("incidents")).toBeLessThan(160);
  expect(lab.count("incidents")).toBeGreaterThan(100);
  await keep(lab, { maxBytes: 1 }).turn();

  expect(lab.count("incidents")).toBe(10);
  expect(said).toContain("old incidents were forgotten");
});
