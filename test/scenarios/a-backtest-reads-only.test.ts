import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Backtest } from "../../src/backtest.ts";
import type { Json, Program } from "../harness.ts";
import { createProgram, testAlert } from "../harness.ts";

type Answer = Json<Backtest> & { readonly ok: boolean; readonly failed: readonly string[] };

async function backtest(program: Program, ...args: string[]): Promise<Answer> {
  const { stdout, stderr } = await program.command(["backtest", "--json", ...args]);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as Answer;
}

function rulesBeside(program: Program, name: string, policy: string): string {
  const folder = join(program.folder, name);
  mkdirSync(folder, { mode: 0o755 });
  writeFileSync(join(folder, "policy.yaml"), policy, { mode: 0o644 });
  return folder;
}

it("replays what happened beside the running program, and says what would differ", async () => {
  const program = await createProgram();
  await program.start();
  const incident = await program.raise(testAlert("warning"));
  await program.untilRequest(incident, "pending");
  const entries = (await program.audit()).entries;
  const none = rulesBeside(program, "no-runbooks", "{}\n");

  const asItWas = await backtest(program);
  const ifOn = await backtest(program, "--autohealing", "on", "--fail-on", "auto");
  const ifNone = await backtest(program, "--runbooks", none, "--fail-on", "refused");
  const text = await program.command(["backtest", "--autohealing", "on", "--fail-on", "any"]);

  expect(asItWas).toMatchObject({ ok: true, changes: {}, would: { ask: 1 }, was: { ask: 1 } });
  expect(ifOn).toMatchObject({
    ...{ ok: false, failed: ["auto"], changes: { "ask -> run": 1 } },
    runs: [{ action: "test-alert/append-low", target: "sandbox", count: 1 }],
    alerts: [{ incident, isDifferent: true }],
  });
  expect(ifNone).toMatchObject({ ok: false, failed: ["refused"], would: { nothing: 1 } });
  expect(text.code).toBe(1);
  expect(text.stdout).toContain("TestAlert test-instance: ask test-alert/append-low on sandbox");
  expect(text.stdout).toContain("-> run test-alert/append-low on sandbox");
  expect(program.runs()).toEqual([]);
  expect((await program.audit()).entries).toBe(entries);
});

it("tries webhook bodies without any history, and compares two folders of rules for a CI", async () => {
  const program = await createProgram();
  const bodies = join(program.folder, "bodies");
  mkdirSync(bodies);
  const { labels } = testAlert("warning");
  const body = (status: string) => ({
    version: "4",
    status,
    groupKey: "g",
    alerts: [
      {
        ...{ status, labels, startsAt: "2026-01-01T10:00:00Z" },
        ...(status === "resolved" ? { endsAt: "2026-01-01T10:05:00Z" } : {}),
      },
    ],
  });
  writeFileSync(join(bodies, "2.json"), JSON.stringify(body("firing")));
  writeFileSync(join(bodies, "1.json"), JSON.stringify(body("resolved")));
  const none = rulesBeside(program, "no-runbooks", "{}\n");

  const alone = await backtest(program, bodies);
  const against = await backtest(program, bodies, "--against", none, "--fail-on", "auto");
  const misused = await program.command(["backtest", bodies, "--fail-on", "auto"]);
  writeFileSync(join(bodies, "3.json"), '{"alerts": [{}]}');
  const broken = await program.command(["backtest", bodies]);
  program.writeRunbook("policy.yaml", "people: nobody\n");
  const wrong = await program.command(["backtest", bodies]);

  expect(alone).toMatchObject({
    ...{ ok: true, was: null, would: { run: 1, ask: 0 } },
    alerts: [{ at: "2026-01-01T10:00:00.000Z", was: null, incident: null }],
  });
  expect(against).toMatchObject({ ok: false, changes: { "nothing -> run": 1 } });
  expect(misused).toMatchObject({ code: 2 });
  expect(broken).toMatchObject({ code: 1, stdout: "" });
  expect(broken.stderr).toContain("3.json: alerts[0].labels");
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain("policy.yaml:1:");
});
