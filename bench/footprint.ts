import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { startFakeTelegram } from "../test/fakes/telegram.ts";
import {
  haveAlertmanager,
  startAlertmanager,
  startBareServer,
  startProgram,
} from "./contenders.ts";
import { createFolder, processorNs } from "./processes.ts";
import type { Bench, Row } from "./result.ts";
import { times } from "./result.ts";

const CHAT = 7;
const MIB = 1024;

/** What it costs to have it running: memory some seconds after the start, and the processor while nothing happens. */
export const footprint: Bench = {
  name: "footprint",
  async run({ quick }) {
    const [settleMs, idleMs] = quick ? [4_000, 5_000] : [10_000, 20_000];
    const fake = await startFakeTelegram({ chats: [{ id: CHAT }] });
    const running = {
      "Countersign, console only": await startProgram(createFolder()),
      "Countersign with Telegram": await startProgram(createFolder(), {
        telegram: { ...fake, chat: CHAT },
      }),
      "an HTTP server of Node alone": await startBareServer(createFolder()),
      ...(haveAlertmanager() && { Alertmanager: await startAlertmanager(createFolder()) }),
    };
    await sleep(settleMs);
    const found = Object.entries(running).map(([who, { pid }]) => ({
      who,
      pid,
      rss: residentKb(pid) / MIB,
      before: processorNs(pid),
    }));
    const since = performance.now();
    await sleep(idleMs);
    const measured = found.map(({ who, pid, rss, before }) => ({
      who,
      rss,
      percent: (100 * (processorNs(pid) - before)) / 1e6 / (performance.now() - since),
    }));
    await Promise.all(Object.values(running).map((one) => one.stop("SIGKILL")));
    await fake.stop();
    const ours = measured[0]?.rss ?? Number.NaN;
    const rows = measured.map(
      ({ who, rss, percent }): Row => ({
        what: "idle: resident memory, one core",
        who,
        result: `${Math.round(rss)} MiB, ${percent.toFixed(2)} %`,
        ...(who.startsWith("Countersign")
          ? { goal: "< 90 MiB, < 0.5 %" }
          : { countersign: `${times(ours, rss)} the memory` }),
      }),
    );
    return { rows, raw: measured };
  },
};

function residentKb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(?<kb>\d+)/m.exec(status)?.groups?.kb);
}
