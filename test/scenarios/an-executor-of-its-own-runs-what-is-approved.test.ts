import { cpSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it, vi } from "vitest";
import type { Program } from "../harness.ts";
import { comesTrue, createProgram, sleep } from "../harness.ts";
import { boxStuck, GROUP, installBox, TWO_PEOPLE } from "./box.ts";

// Each of these stories takes two processes, and some wait for one of them to be missed.
vi.setConfig({ testTimeout: 120_000 });

const SEPARATE = { COUNTERSIGN_EXECUTOR: "separate" };
const TWO_TARGETS = TWO_PEOPLE.replace(
  "  box: {executor: command}\n",
  "  box: {executor: command, labels: {rack: a}}\n  crate: {executor: command, labels: {rack: b}}\n",
);

async function executorCheck(program: Program) {
  const { executor } = (await program.health()).checks;
  if (executor === undefined) throw new Error("no check named executor");
  return executor;
}

async function untilExecutor(program: Program, status: string, saying = /./): Promise<void> {
  const isSo = await comesTrue(async () => {
    const check = await executorCheck(program);
    return check.status === status && saying.test(check.detail);
  }, 20_000);
  if (!isSo) throw new Error(`not ${status}: ${JSON.stringify(await executorCheck(program))}`);
}

/** What nobody runs yet: there is no executor. */
async function startApproved() {
  const program = await createProgram({ policy: TWO_PEOPLE, env: SEPARATE });
  const box = installBox(program);
  await program.start();
  return { program, box, incident: await raiseApproved(program) };
}

/** An alert comes, and ana approves its fix. */
async function raiseApproved(program: Program): Promise<string> {
  const ana = await program.signIn("ana");
  const incident = await program.raise(boxStuck());
  await program.untilRequest(incident, "pending");
  await ana.approve(incident);
  return incident;
}

it("P3 runs what was approved, once, and serve runs nothing", async () => {
  const { program, box, incident } = await startApproved();
  await sleep(1_500);
  const before = await program.story(incident);
  await untilExecutor(program, "degraded", /no executor runs.*countersign executor/);

  const executor = await program.startExecutor();
  const story = await program.untilStory(incident, ({ verifications }) => verifications.length > 0);
  await untilExecutor(program, "ok", /run_\w+ for all targets: command: Commands run as/);
  const metrics = await program.metrics();
  const { code } = await executor.kill("SIGTERM");

  expect(before.requests).toMatchObject([{ state: "approved" }]);
  expect(box.runs()).toEqual(["ran"]);
  expect(story.requests).toMatchObject([{ state: "succeeded" }]);
  expect(story.verifications).toMatchObject([{ outcome: "verified" }]);
  expect(metrics).toContain('countersign_executions_total{outcome="succeeded"} 1');
  expect(code).toBe(0);
  expect(readdirSync(join(program.dataDir, "executors"))).toEqual([]);
  expect(await program.audit()).toMatchObject({ ok: true });
});

it("P3 two executors that race for the same requests run each of them once", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE, env: SEPARATE });
  const box = installBox(program);
  await program.start();
  await Promise.all([program.startExecutor(), program.startExecutor()]);
  await untilExecutor(program, "ok", /run_.*run_/s);
  const ana = await program.signIn("ana");
  const incidents = [];
  for (let number = 1; number <= 5; number += 1) {
    incidents.push(await program.raise(boxStuck(number)));
  }
  for (const incident of incidents) await program.untilRequest(incident, "pending");

  await Promise.all(incidents.map((incident) => ana.approve(incident)));
  for (const incident of incidents) await program.untilRequest(incident, "succeeded");
  await sleep(500);

  expect(box.runs()).toHaveLength(incidents.length);
  expect(await program.audit()).toMatchObject({ ok: true });
});

describe.each([
  ["before-claim", 0, "succeeded", 1],
  ["after-claim", 0, "succeeded", 1],
  ["after-start", 0, "unknown", 0],
  ["after-run", 1, "unknown", 1],
] as const)("an executor killed %s", (point, runsBefore, state, runsAfter) => {
  it(`P3 leaves a request that ends ${state}, without a second run`, async () => {
    const program = await createProgram({ policy: TWO_PEOPLE, env: SEPARATE });
    const box = installBox(program);
    await program.start();
    const dying = await program.startExecutor({ COUNTERSIGN_CRASH_POINT: point });
    const incident = await raiseApproved(program);
    const { signal } = await dying.ended;
    const whenItDied = box.runs().length;
    if (state === "unknown") await program.untilRequest(incident, "unknown");
    else await program.untilRequest(incident, "approved");

    await program.startExecutor();
    await program.untilRequest(incident, state);
    await sleep(1_500);

    expect(signal).toBe("SIGKILL");
    expect(whenItDied).toBe(runsBefore);
    expect(box.runs()).toHaveLength(runsAfter);
    expect((await program.story(incident)).executions).toHaveLength(1);
    expect(await program.audit()).toMatchObject({ ok: true });
  });
});

it("P3 a run goes on while serve is killed and started again, and is told after it", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE, env: SEPARATE });
  const go = join(program.folder, "go");
  const box = installBox(program, { script: `while [ ! -e ${go} ]; do sleep 0.1; done` });
  await program.start();
  await program.startExecutor();
  const incident = await raiseApproved(program);
  await program.untilRequest(incident, "executing");

  await program.kill9();
  await program.start();
  const meanwhile = await program.story(incident);
  writeFileSync(go, "");
  await program.untilRequest(incident, "succeeded");

  expect(meanwhile.requests).toMatchObject([{ state: "executing" }]);
  expect(box.runs()).toEqual(["ran"]);
});

it("P2 an executor with another runbook refuses in plain words, and health says which file", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE, env: SEPARATE });
  const box = installBox(program);
  const others = join(program.folder, "others");
  cpSync(program.runbooksDir, others, { recursive: true });
  box.writeRunbook({ more: "cooldown: 1m" });
  await program.start();
  await program.startExecutor({ RUNBOOKS_DIR: others });
  const incident = await raiseApproved(program);
  const { requests } = await program.untilStory(incident, (story) => story.requests.length > 1);

  await untilExecutor(program, "degraded", /another box\.md than this process.*same RUNBOOKS_DIR/);
  expect(requests[1]).toMatchObject({ state: "superseded" });
  expect(requests[1]?.endReason).toMatch(/^the executor found: runbooks\/box\.md was changed/);
  expect(box.runs()).toEqual([]);
});

it("P2 what was approved under another policy does not run", async () => {
  const { program, box, incident } = await startApproved();

  program.writeRunbook("policy.yaml", `${TWO_PEOPLE}protected: [pve]\n`);
  await program.startExecutor();
  const { requests } = await program.untilStory(incident, (story) => story.requests.length > 1);

  expect(requests[1]?.endReason).toMatch(/policy\.yaml was changed since this was shown/);
  expect(box.runs()).toEqual([]);
});

it("P2 what the executor finds changed on disk does not run", async () => {
  const { program, box, incident } = await startApproved();

  box.writeScript("echo more");
  await program.startExecutor();
  const { requests } = await program.untilStory(incident, (story) => story.requests.length > 1);

  expect(requests[1]?.endReason).toMatch(/^the executor found: .*fix\.sh was changed/);
  expect(box.runs()).toEqual([]);
});

it("P11 what policy approved does not run after auto-healing was turned off", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE, env: SEPARATE });
  const box = installBox(program, { risk: "low" });
  await program.start();
  const ana = await program.signIn("ana");
  const idle = await program.startExecutor();
  await untilExecutor(program, "ok");
  await ana.enableAutohealing();
  idle.send("SIGSTOP");
  const incident = await program.raise(boxStuck());
  await program.untilRequest(incident, "approved");
  const page = await ana.command("/disable_autohealing");
  idle.send("SIGCONT");
  await program.untilRequest(incident, "pending");
  await sleep(1_000);

  expect(page.text).toContain("Auto-healing is off");
  expect(box.runs()).toEqual([]);
});

it("each executor runs what its EXECUTOR_TARGETS name, and what nobody serves is said", async () => {
  const program = await createProgram({
    policy: TWO_TARGETS,
    env: SEPARATE,
    telegram: { chat: GROUP },
  });
  const box = installBox(program);
  await program.start();
  await program.startExecutor({ EXECUTOR_TARGETS: "rack=b" });
  const incident = await raiseApproved(program);
  await untilExecutor(program, "degraded", /no executor serves box: nothing can run there/);
  const card = await program.telegramCard(incident, "No executor is there for box");
  const before = box.runs();

  await program.startExecutor({ EXECUTOR_TARGETS: "box" });
  await program.untilRequest(incident, "succeeded");
  await untilExecutor(program, "ok", /rack=b.*box|box.*rack=b/);

  expect(card.text).toContain("nothing can run on it now");
  expect(before).toEqual([]);
  expect(box.runs()).toEqual(["ran"]);
});

it("P1 a plan that somebody wrote into the database is not what runs", async () => {
  const { program, box, incident } = await startApproved();
  const planted = join(program.folder, "planted");
  writeFileSync(`${planted}.sh`, `#!/bin/sh\necho ran >> ${planted}\n`, { mode: 0o755 });
  const raw = new Database(join(program.dataDir, "countersign.db"));
  raw
    .prepare("UPDATE requests SET plan = json_set(plan, '$.command.argv[0]', ?)")
    .run(`${planted}.sh`);
  raw.close();

  await program.startExecutor();
  await program.untilRequest(incident, "succeeded");

  expect(existsSync(planted)).toBe(false);
  expect(box.runs()).toEqual(["ran"]);
});

it("does not start where serve runs the fixes itself, and says so", async () => {
  const program = await createProgram();
  await program.start();

  const { code, stderr } = await program.command(["executor"]);

  expect(code).toBe(78);
  expect(stderr).toContain("COUNTERSIGN_EXECUTOR: must be separate");
});
