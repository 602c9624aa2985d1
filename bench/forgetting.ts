import { statSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { redact } from "../src/evidence/redact.ts";
import { admit } from "../src/incident/admit.ts";
import { openStore } from "../src/store/store.ts";
import { createUpkeep } from "../src/upkeep.ts";
import type { Row } from "./result.ts";
import { ms } from "./result.ts";

const WRITE_EVERY_MS = 20;

/** As after a setting was changed: a long stretch of the history at once, with a durable write every 20 ms meanwhile. */
export async function timeForgetting(file: string, keepDays: number): Promise<Row[]> {
  const now = () => new Date();
  const store = openStore({
    path: file,
    isExclusive: false,
    dedupWindowMs: 5 * 60_000,
    hasSource: false,
    chats: [],
    ...{ admit, now, redact },
  });
  let forgotten = 0;
  const { turn } = createUpkeep({
    // A backup of today is there.
    backups: { ...store.backups, newest: async () => now() },
    retention: store.retention,
    ...{ keepDays, maxBytes: Number.POSITIVE_INFINITY, now },
    log: {
      info: (fields) => {
        forgotten = (fields as { incidents: number }).incidents;
      },
      error: () => undefined,
    },
  });
  const before = await store.retention.bytes();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const since = performance.now();
  const cpu = process.cpuUsage();
  delay.enable();
  const ended = turn();
  let isOver = false;
  void ended.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await store.ping();
    await sleep(WRITE_EVERY_MS);
  }
  await ended;
  delay.disable();
  const { user, system } = process.cpuUsage(cpu);
  const took = (performance.now() - since) / 1000;
  const freed = (before - (await store.retention.bytes())) / 2 ** 20;
  const { firstBroken, missed } = await store.record.verify();
  store.close();
  const chain = firstBroken === null && missed.length === 0 ? "whole" : "BROKEN";
  const what = `forgetting ${forgotten.toLocaleString("en")} incidents at once`;
  const p99 = `p99 ${ms(delay.percentile(99) / 1e6)}, at most ${ms(delay.max / 1e6)}`;
  const each = `${((user + system) / 1000 / forgotten).toFixed(2)} ms of processor an incident`;
  const room = `${Math.round(freed)} MiB to be used again, of a file of ${Math.round(statSync(file).size / 2 ** 20)} MiB`;
  return [
    { what, who: "event loop delay meanwhile", result: p99 },
    { what, who: "Countersign", result: `${took.toFixed(0)} s, ${each}, ${room}, chain ${chain}` },
  ];
}
