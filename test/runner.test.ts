import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createCommandExecutor } from "../src/execution/command.ts";
import type { Executor } from "../src/execution/execution.ts";
import { InvalidAction } from "../src/execution/execution.ts";
import { remoteExecutors } from "../src/execution/remote.ts";
import { createCatalogue } from "../src/remediation/catalogue.ts";
import { createAnswers } from "../src/runner-answers.ts";
import { askOver, listenForQuestions } from "../src/runner-socket.ts";
import { servesTarget } from "../src/runner-targets.ts";

const RUNBOOK = `---
id: box
title: The box is stuck
match: {alertname: BoxStuck}
params: {file: {from: labels.file, pattern: '[a-z/]+'}}
evidence:
  - {id: there, title: Is it there, probe: {executor: command, with: {argv: [/usr/bin/test, -e, '{{params.file}}']}}}
actions:
  - {id: fix, title: Fix it, risk: low, executor: command, with: {argv: [/usr/bin/touch, '{{params.file}}']}, target: box, targets: [box]}
---
`;
const TARGET = { name: "box", host: "box", executor: "command", directory: "/" };

/** Both sides of it, with a real socket between them. */
async function createPair(answerWith: (executor: Executor) => Executor = (executor) => executor) {
  const folder = mkdtempSync(join(tmpdir(), "countersign-runner-"));
  writeFileSync(join(folder, "box.md"), RUNBOOK);
  writeFileSync(join(folder, "policy.yaml"), "targets:\n  box: {executor: command}\n");
  const own = new Map([["command", createCommandExecutor()]]);
  const surroundings = { dataDir: folder, adminIds: { telegram: [], slack: [] } };
  const catalogue = createCatalogue({ dir: folder, executors: own, ...surroundings });
  const executors = new Map([...own].map(([name, one]) => [name, answerWith(one)]));
  const socket = join(folder, "run.sock");
  const answer = createAnswers({ catalogue, executors, targets: ["box"], belowFloor: null });
  const listening = await listenForQuestions(socket, answer);
  onTestFinished(() => {
    listening.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const ask = (question: unknown, withinMs = 20_000) => askOver(socket, question, withinMs);
  return { socket, ask, remote: remoteExecutors(own, ask).get("command") as Executor };
}

it("looks for a process without rights at what the runbooks name", async () => {
  const { remote, ask } = await createPair();

  const look = await remote.probe({ argv: ["/usr/bin/test", "-e", "/etc"] }, TARGET);

  expect(look).toMatchObject({ status: "found", facts: { exit_code: "0" } });
  expect(await ask({ what: "who" })).toMatchObject({
    targets: ["box"],
    files: [
      ["box.md", expect.stringMatching(/^[0-9a-f]{64}$/)],
      ["policy.yaml", expect.stringMatching(/^[0-9a-f]{64}$/)],
    ],
  });
});

it("P1 looks at nothing else, tries nothing else out, and runs nothing it is told", async () => {
  const { remote, ask } = await createPair();
  const foreign = /none of the executor's own runbooks asks for this/;
  const fix = { argv: ["/usr/bin/touch", "/tmp/x"] };

  await expect(remote.probe({ argv: ["/usr/bin/id"] }, TARGET)).rejects.toThrow(foreign);
  await expect(remote.probe(fix, TARGET)).rejects.toThrow(foreign);
  await expect(
    remote.probe({ argv: ["/usr/bin/test", "-e", "/etc"] }, { ...TARGET, name: "db" }),
  ).rejects.toThrow(/own policy has no target db/);
  await expect(
    ask({ what: "pin", executor: "command", with: { argv: ["/usr/bin/id"] }, target: "box" }),
  ).rejects.toThrow(foreign);
  await expect(
    ask({ what: "run", executor: "command", with: fix, target: "box" }),
  ).rejects.toThrow();
  await expect(remote.run(remote.describe(fix, TARGET), { timeoutMs: 1_000 })).rejects.toThrow(
    InvalidAction,
  );
});

it("says what is wrong with a look, and that nobody answers", async () => {
  const { remote, ask } = await createPair((executor) => ({
    ...executor,
    probe: () => new Promise(() => undefined),
    check: () => Promise.reject(new Error("no engine here")),
  }));

  await expect(ask({ what: "check", executors: ["command"] })).rejects.toThrow("no engine here");
  await expect(
    ask(
      {
        what: "probe",
        executor: "command",
        with: { argv: ["/usr/bin/test", "-e", "/etc"] },
        target: "box",
      },
      50,
    ),
  ).rejects.toThrow("no answer within 0.05 s");
  await expect(askOver("/nowhere.sock", { what: "who" }, 1_000)).rejects.toThrow(/ENOENT/);
  expect(remote.dryRun).toBeUndefined();
});

it.each([
  ["no JSON", "hello\n"],
  ["a list", "[1]\n"],
  ["a question without an end", "x".repeat(40_000)],
])("survives somebody who says %s", async (_, text) => {
  const { socket, ask } = await createPair();

  const odd = connect(socket);
  odd.on("error", () => undefined);
  odd.write(text);
  await new Promise((done) => odd.once("close", done).resume());

  expect(await ask({ what: "who" })).toMatchObject({ targets: ["box"] });
});

it.each([
  [null, true],
  [["web"], true],
  [["db", "rack=a"], true],
  [["rack=b"], false],
  [["we"], false],
  [["role=web"], false],
])("serves by name or by label: %j", (wanted, expected) => {
  expect(servesTarget(wanted, { name: "web", labels: { rack: "a" } })).toBe(expected);
});
