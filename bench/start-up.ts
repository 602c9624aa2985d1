import { setTimeout as sleep } from "node:timers/promises";
import { startFakeTelegram } from "../test/fakes/telegram.ts";
import { post, webhookBody } from "./alerts.ts";
import {
  haveAlertmanager,
  startAlertmanager,
  startBareServer,
  startProgram,
} from "./contenders.ts";
import { createFolder, removeFolder } from "./processes.ts";
import type { Bench, Row } from "./result.ts";
import { mid, times } from "./result.ts";
import { median } from "./stats.ts";

const CHAT = 7;
const ALERTS_BEFORE = 100;

/** From the start of the process to the first 200 from `/health`, which asks every configured component. */
export const startUp: Bench = {
  name: "start",
  async run({ quick }) {
    const rounds = quick ? 3 : 10;
    const fake = await startFakeTelegram({ chats: [{ id: CHAT }] });
    const telegram = { ...fake, chat: CHAT };
    const before = createFolder();
    const filling = await startProgram(before);
    for (let i = 0; i < ALERTS_BEFORE; i += 1) {
      await post(
        `${filling.url}/webhook`,
        webhookBody({ alertname: "BenchAlert", instance: `host-${i}` }),
      );
    }
    // Time for what the alerts cause: the database is to be at rest.
    await sleep(1_000);
    await filling.stop("SIGKILL");
    const existing = [before, createFolder()] as const;
    await (await startProgram(existing[1], { telegram })).stop("SIGKILL");

    const variants: Readonly<Record<string, (folder: string) => ReturnType<typeof startProgram>>> =
      {
        "Countersign, new database": (folder) => startProgram(folder),
        "Countersign, existing database": () => startProgram(existing[0]),
        "Countersign with Telegram, new database": (folder) => startProgram(folder, { telegram }),
        "Countersign with Telegram, existing database": () =>
          startProgram(existing[1], { telegram }),
        "an HTTP server of Node alone": startBareServer,
        ...(haveAlertmanager() && { Alertmanager: (folder: string) => startAlertmanager(folder) }),
      };
    const measured: Record<string, number[]> = {};
    for (let i = 0; i < rounds; i += 1) {
      for (const [name, begin] of Object.entries(variants)) {
        const folder = createFolder();
        const running = await begin(folder);
        measured[name] = [...(measured[name] ?? []), running.readyMs];
        await running.stop("SIGKILL");
        removeFolder(folder);
      }
    }
    await fake.stop();
    const ours = median(measured["Countersign, new database"] ?? []);
    const rows = Object.entries(measured).map(
      ([who, values]): Row => ({
        what: "start to healthy",
        who,
        result: mid(values),
        ...(who.startsWith("Countersign")
          ? { goal: "< 700 ms" }
          : { countersign: times(ours, median(values)) }),
      }),
    );
    return { rows, raw: measured };
  },
};
