import { spawn } from "node:child_process";
import { mkdirSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { FakeMessage, FakeTelegram } from "../test/fakes/telegram.ts";
import { startFakeTelegram } from "../test/fakes/telegram.ts";
import { post, webhookBody } from "./alerts.ts";
import { startProgram } from "./contenders.ts";
import { createFolder } from "./processes.ts";
import type { Bench } from "./result.ts";
import { spread, times } from "./result.ts";
import { median } from "./stats.ts";

const OWNER = 7;
const APART_MS = 1_350;
const WAIT_MS = 120_000;

/** From a press on Approve to the first thing that the started process does: it makes a file. */
export const tap: Bench = {
  name: "tap",
  async run({ quick }) {
    const samples = quick ? 5 : 20;
    const marks = createFolder();
    const latencies = await tapThrough(samples, { marks });
    const bare: number[] = [];
    for (let i = 0; i < samples; i += 1) bare.push(await spawnBare(marks, `bare-${i}`));
    const what = "tap on Approve to started process";
    return {
      rows: [
        { what, who: "Countersign", result: spread(latencies), goal: "p99 < 25 ms" },
        {
          what,
          who: "the same process from Node, nothing else",
          result: spread(bare),
          countersign: times(median(latencies), median(bare)),
        },
      ],
      raw: { latencies, bare },
    };
  },
};

/** Alerts, their cards, and a press on Approve of each; how long each took to its process. */
export async function tapThrough(
  samples: number,
  { marks, nodeFlags = [] }: { readonly marks: string; readonly nodeFlags?: readonly string[] },
): Promise<number[]> {
  const folder = createFolder();
  const telegram = await startFakeTelegram({ chats: [{ id: OWNER }] });
  const program = await startProgram(folder, {
    telegram: { ...telegram, chat: OWNER },
    runbooks: writeRunbooks(folder, marks),
    nodeFlags,
  });
  for (let i = 0; i < samples; i += 1) {
    const labels = { alertname: "BenchTap", instance: `host-${i}`, mark: `m${i}` };
    await post(`${program.url}/webhook`, webhookBody(labels));
    await sleep(APART_MS);
  }
  const latencies: number[] = [];
  for (let i = 0; i < samples; i += 1) {
    const { messageId } = await telegram.waitFor(() => cardOf(telegram, i), WAIT_MS);
    const started = appears(marks, `m${i}`);
    const since = performance.now();
    telegram.press(messageId, { text: "Approve" }, { id: OWNER });
    latencies.push((await started) - since);
    // The next press comes when this one's answer is out and its process is gone.
    await sleep(150);
  }
  await program.stop();
  await telegram.stop();
  return latencies;
}

function cardOf(telegram: FakeTelegram, i: number): FakeMessage | undefined {
  return telegram
    .messages(OWNER)
    .find(
      ({ text, buttons, replyTo }) =>
        replyTo === null &&
        new RegExp(`host-${i}\\b`).test(text) &&
        buttons.some((button) => button.text.includes("Approve")),
    );
}

/** A target for each alert, so that no run waits for another one's verification. */
export function writeRunbooks(folder: string, marks: string): string {
  const runbooks = join(folder, "runbooks");
  mkdirSync(runbooks);
  writeFileSync(
    join(runbooks, "bench-tap.md"),
    `---
id: bench-tap
title: A process that makes a file
match: {alertname: BenchTap}
params:
  mark: {from: labels.mark, pattern: 'm[0-9]+'}
actions:
  - id: touch
    title: Make a file
    risk: medium
    executor: command
    with: {argv: [/usr/bin/touch, '${marks}/{{params.mark}}']}
    targets: all
    verify: {probe: {executor: command, with: {argv: [/usr/bin/test, -e, '${marks}/{{params.mark}}']}}, expect: {exit_code: '0'}, within: 10s}
---
`,
  );
  const targets = Object.fromEntries(
    Array.from({ length: 100 }, (_, i) => [`host-${i}`, { executor: "command" }]),
  );
  // YAML reads JSON.
  writeFileSync(join(runbooks, "policy.yaml"), JSON.stringify({ targets }));
  return runbooks;
}

function appears(folder: string, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const watcher = watch(folder, (_, file) => {
      if (file !== name) return;
      clearTimeout(timer);
      watcher.close();
      resolve(performance.now());
    });
    const timer = setTimeout(() => {
      watcher.close();
      reject(new Error(`${name} was not made within 20 s`));
    }, 20_000);
  });
}

async function spawnBare(folder: string, name: string): Promise<number> {
  const appeared = appears(folder, name);
  const since = performance.now();
  spawn("/usr/bin/touch", [join(folder, name)], { stdio: "ignore" });
  return (await appeared) - since;
}
