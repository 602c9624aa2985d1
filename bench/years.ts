import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { startFakeTelegram } from "../test/fakes/telegram.ts";
import { post, webhookBody } from "./alerts.ts";
import { databaseIn, startProgram } from "./contenders.ts";
import { arrival } from "./first-card.ts";
import { timeForgetting } from "./forgetting.ts";
import { fillHistory } from "./history.ts";
import { signIn, timeCommands, timePages } from "./pages.ts";
import { createFolder, removeFolder } from "./processes.ts";
import type { Bench, Row } from "./result.ts";
import { mid, spread, times } from "./result.ts";
import { median } from "./stats.ts";

const CHAT = 7;
const APART_MS = 1_350;
const QUARTER_HOUR_MS = 15 * 60_000;
const DAY_MS = 86_400_000;
const run = promisify(execFile);

/** What years of use leave behind, beside an empty database: is anything slower for it? */
export const years: Bench = {
  name: "years",
  async run({ quick }) {
    const [old, fresh] = [createFolder(), createFolder()];
    for (const folder of [old, fresh]) await (await startProgram(folder)).stop("SIGKILL");
    const incidents = quick ? 5_000 : 100_000;
    const more = { executions: incidents / 2, everyMs: QUARTER_HOUR_MS };
    fillHistory(databaseIn(old), { incidents, alertsEach: 10, entriesEach: 10, ...more });
    const { rows, raw } = await compare(old, fresh, { alerts: 10 * incidents, quick });
    // About a year of the full length goes.
    const keepDays = Math.round((incidents * QUARTER_HOUR_MS * 2) / 3 / DAY_MS);
    const forgetting = await timeForgetting(databaseIn(old), keepDays);
    for (const folder of [old, fresh]) removeFolder(folder);
    return { rows: [...rows, ...forgetting], raw };
  },
};

export async function compare(
  old: string,
  fresh: string,
  { alerts, quick }: { readonly alerts: number; readonly quick: boolean },
) {
  const what = `with ${alerts.toLocaleString("en")} alerts`;
  const bytes = statSync(databaseIn(old)).size / alerts;
  const size = `${Math.round(bytes)} bytes an alert, with all that belongs to it`;
  const rows: Row[] = [{ what: `database ${what}`, who: "Countersign", result: size }];
  rows.push(...(await timeAudit(old, what)));
  rows.push(...(await timeStarts(old, fresh, what, quick ? 2 : 5)));
  rows.push(...(await timeAlerts(old, fresh, what, quick ? 3 : 25)));

  const running = await startProgram(old);
  const rounds = quick ? 10 : 100;
  const console = await signIn(running, old);
  const pages = await timePages(running, console, { what: `page ${what}`, rounds });
  const commands = await timeCommands(running, console, { what: `command ${what}`, rounds });
  await running.stop("SIGKILL");
  rows.push(...pages.rows, ...commands.rows);
  return { rows, raw: { ...pages.raw, ...commands.raw } };
}

async function timeAudit(folder: string, what: string): Promise<Row[]> {
  const main = join(import.meta.dirname, "..", "dist", "main.js");
  const env = { DATABASE_URL: `sqlite:${databaseIn(folder)}` };
  const start = performance.now();
  const { stdout } = await run(process.execPath, [main, "audit", "verify", "--json"], { env });
  const took = performance.now() - start;
  const { entries } = JSON.parse(stdout) as { entries: number };
  const result = `${(took / 1000).toFixed(1)} s for ${entries.toLocaleString("en")} entries`;
  return [{ what: `audit verify ${what}`, who: "Countersign", result }];
}

async function timeStarts(old: string, fresh: string, what: string, rounds: number) {
  const took = { old: [] as number[], fresh: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, folder] of Object.entries({ fresh, old })) {
      const running = await startProgram(folder);
      took[name as keyof typeof took].push(running.readyMs);
      await running.stop("SIGKILL");
    }
  }
  return inTurns("start to healthy", what, took, mid);
}

/** One alert at a time to each in turns: until the webhook is answered, and until the card is in Telegram. */
async function timeAlerts(old: string, fresh: string, what: string, samples: number) {
  const sides = await Promise.all(
    [old, fresh].map(async (folder, i) => {
      const telegram = await startFakeTelegram({
        chats: [{ id: CHAT }],
        token: `4${i}:fake-token`,
      });
      return {
        telegram,
        program: await startProgram(folder, { telegram: { ...telegram, chat: CHAT } }),
      };
    }),
  );
  const card = { old: [] as number[], fresh: [] as number[] };
  const webhook = { old: [] as number[], fresh: [] as number[] };
  for (let i = -1; i < samples; i += 1) {
    for (const [at, { telegram, program }] of sides.entries()) {
      const side = at === 0 ? "old" : "fresh";
      const next = sleep(APART_MS);
      const labels = { alertname: "BenchAlert", instance: `bench-${i}`, severity: "critical" };
      let answered = 0;
      const shown = await arrival(telegram.token, async () => {
        const since = await post(`${program.url}/webhook`, webhookBody(labels));
        answered = performance.now() - since;
        return since;
      });
      if (i >= 0) card[side].push(shown);
      if (i >= 0) webhook[side].push(answered);
      await next;
    }
  }
  for (const { telegram, program } of sides) {
    await program.stop("SIGKILL");
    await telegram.stop();
  }
  return [
    ...inTurns("webhook answered", what, webhook, spread),
    ...inTurns("alert to card", what, card, spread),
  ];
}

function inTurns(
  what: string,
  history: string,
  took: { readonly old: readonly number[]; readonly fresh: readonly number[] },
  inWords: (values: readonly number[]) => string,
): Row[] {
  const countersign = times(median(took.old), median(took.fresh));
  return [
    { what, who: history, result: inWords(took.old) },
    { what, who: "with an empty database", result: inWords(took.fresh), countersign },
  ];
}
