import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { redact } from "../src/evidence/redact.ts";
import { admit } from "../src/incident/admit.ts";
import { openStore } from "../src/store/store.ts";
import type { FakeTelegram } from "../test/fakes/telegram.ts";
import { startFakeTelegram } from "../test/fakes/telegram.ts";
import type { ConsoleClient } from "../test/scenarios/console-client.ts";
import { post, webhookBody } from "./alerts.ts";
import { databaseIn, startProgram } from "./contenders.ts";
import { arrival } from "./first-card.ts";
import type { Curve } from "./growth-graph.ts";
import { growthGraph } from "./growth-graph.ts";
import { fillHistory } from "./history.ts";
import { signIn } from "./pages.ts";
import type { Running } from "./processes.ts";
import { createFolder, removeFolder } from "./processes.ts";
import type { Bench, Row } from "./result.ts";
import { ms } from "./result.ts";
import { exponentOf, median } from "./stats.ts";

const SIZES = [1_000, 5_000, 20_000, 60_000, 100_000];
const QUARTER_HOUR_MS = 15 * 60_000;
const CHAT = 7;
/** Telegram's pace, shared among the programs: each gets an alert as often as `first-card` sends one. */
const APART_MS = 1_350 / SIZES.length;
const SEARCHES = ["host-4711", "ServiceDown", "DiskFull host-42", "nothing-like-it"];
/** Beside the flame graphs, out of the way of what is kept. */
const GRAPH = join("profiles", "growth.svg");

interface Grown {
  readonly size: number;
  readonly folder: string;
  readonly telegram: FakeTelegram;
  readonly program: Running;
  readonly console: ConsoleClient;
}

/** The same work with five lengths of history, in turns, so that whatever else the machine does is shared by all. */
export const growth: Bench = {
  name: "growth",
  async run({ quick }) {
    const sizes = quick ? SIZES.map((size) => size / 10) : SIZES;
    const grown: Grown[] = [];
    for (const size of sizes) grown.push(await grow(size));
    // The cards first: what the webhooks leave to be shown would come before them.
    const curves: Curve[] = [
      { name: "alert to card", points: await inTurns(grown, quick ? 2 : 10, timeCard) },
      { name: "webhook answered", points: await inTurns(grown, quick ? 20 : 100, timeWebhook) },
      { name: "search", points: await inTurns(grown, quick ? 8 : 40, timeSearch) },
    ];
    for (const { program, telegram } of grown) {
      await program.stop("SIGKILL");
      await telegram.stop();
    }
    const verified = await inTurns(grown, quick ? 1 : 3, timeVerification);
    curves.push({ name: "verification", points: verified });
    for (const { folder } of grown) removeFolder(folder);
    if (!quick) {
      mkdirSync("profiles", { recursive: true });
      writeFileSync(GRAPH, growthGraph(curves));
    }
    return { rows: curves.map(rowOf), raw: curves };
  },
};

async function grow(size: number): Promise<Grown> {
  const folder = createFolder();
  // Its tables are made by the program itself.
  await (await startProgram(folder)).stop("SIGKILL");
  const each = { alertsEach: 1, entriesEach: 5, everyMs: QUARTER_HOUR_MS };
  fillHistory(databaseIn(folder), { incidents: size, executions: size / 2, ...each });
  const telegram = await startFakeTelegram({ chats: [{ id: CHAT }], token: `${size}:fake-token` });
  const program = await startProgram(folder, { telegram: { ...telegram, chat: CHAT } });
  return { size, folder, telegram, program, console: await signIn(program, folder) };
}

/** The median of each; the first round is not counted. */
async function inTurns(
  grown: readonly Grown[],
  rounds: number,
  time: (one: Grown, round: number) => Promise<number>,
): Promise<Curve["points"]> {
  const took = grown.map((): number[] => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [i, one] of grown.entries()) {
      const lasted = await time(one, round);
      if (round > 0) took[i]?.push(lasted);
    }
  }
  return grown.map(({ size }, i) => [size, median(took[i] ?? [])]);
}

async function timeWebhook({ program }: Grown, round: number): Promise<number> {
  const labels = { alertname: "BenchGrowth", instance: `grown-${round}`, severity: "warning" };
  const since = await post(`${program.url}/webhook`, webhookBody(labels));
  return performance.now() - since;
}

async function timeCard({ program, telegram }: Grown, round: number): Promise<number> {
  const next = sleep(APART_MS);
  const labels = { alertname: "BenchCard", instance: `card-${round}`, severity: "critical" };
  const took = await arrival(telegram.token, () =>
    post(`${program.url}/webhook`, webhookBody(labels)),
  );
  await next;
  return took;
}

async function timeSearch({ program, console }: Grown, round: number): Promise<number> {
  const words = encodeURIComponent(SEARCHES[round % SEARCHES.length] ?? "");
  const since = performance.now();
  const answer = await fetch(`${program.url}/history?words=${words}`, {
    headers: { cookie: console.cookie() },
  });
  await answer.text();
  return performance.now() - since;
}

/** Without the start of a process, which would hide what a short record takes. */
async function timeVerification({ folder }: Grown): Promise<number> {
  const now = () => new Date();
  const store = openStore({
    path: databaseIn(folder),
    isExclusive: false,
    isReadOnly: true,
    dedupWindowMs: 0,
    hasSource: false,
    chats: [],
    ...{ admit, now, redact },
  });
  const since = performance.now();
  await store.record.verify();
  const took = performance.now() - since;
  store.close();
  return took;
}

function rowOf({ name, points }: Curve): Row {
  const sizes = points.map(([size]) => size.toLocaleString("en")).join(" · ");
  const times = points.map(([, took]) => ms(took)).join(" · ");
  const result = `${times}; as the size to the power of ${exponentOf(points).toFixed(2)}`;
  return { what: `${name}, against the history`, who: `${sizes} incidents`, result };
}
