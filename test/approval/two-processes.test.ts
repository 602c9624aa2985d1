import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { once } from "node:events";
import { expect, it, onTestFinished } from "vitest";
import { createProgram } from "../harness.ts";
import { createLab } from "../store/lab.ts";

const ROUNDS = 100;

async function startClaimer(path: string, now: Date): Promise<ChildProcess> {
  const child = fork("test/approval/claimer.ts", [path, now.toISOString()], {
    execArgv: ["--import", "tsx"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "message");
  return child;
}

it("P3 T49 T67 two processes on one database that claim the same request at the same time start it once", async () => {
  const lab = createLab();
  const claimers = await Promise.all([
    startClaimer(lab.path, lab.now()),
    startClaimer(lab.path, lab.now()),
  ]);
  await lab.store.switches.enable("ana");
  const wins = [0, 0];

  for (let round = 0; round < ROUNDS; round += 1) {
    const { id } = await lab.propose({ state: "approved" });
    const answers = claimers.map(async (one) => (await once(one, "message"))[0] as string);
    for (const one of claimers) one.send(id);
    const outcomes = await Promise.all(answers);

    expect([...outcomes].sort()).toEqual(["lost", "started"]);
    expect(lab.count("executions", `request_id = '${id}' AND started_at IS NOT NULL`)).toBe(1);
    const winner = outcomes.indexOf("started");
    wins[winner] = (wins[winner] ?? 0) + 1;
  }

  expect(lab.count("executions")).toBe(ROUNDS);
  // Had one of them won every time, they might never have met.
  expect(Math.min(...wins)).toBeGreaterThan(0);
}, 120_000);

it("T67 a second program on one database does not start, and says what to do", async () => {
  const program = await createProgram();
  await program.start();

  const second = await program.command(["serve"], { PROMETHEUS_WEBHOOK_PORT: "0" });

  expect(second.code).not.toBe(0);
  expect(second.stderr + second.stdout).toContain("is in use by another Countersign process");
  expect((await program.health()).status).not.toBe("failing");
});
