import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { havePeer } from "../test/peers.ts";
import {
  ALERTMANAGER_MISSING,
  databaseIn,
  haveAlertmanager,
  startAlertmanager,
  startBareLoop,
  startProgram,
} from "./contenders.ts";
import type { Running } from "./processes.ts";
import { createFolder, processorNs, removeFolder } from "./processes.ts";
import type { Bench, Row } from "./result.ts";
import { ms, perSecond, times } from "./result.ts";
import { median } from "./stats.ts";

const WRK = "/usr/bin/wrk";
export const WRK_MISSING = "skipped: needs apt-get install wrk";
const SCRIPT = fileURLToPath(new URL("alerts.lua", import.meta.url));
const CONNECTIONS = [64, 8] as const;
const GOALS = { Countersign: "p99 < 100 ms", "bare loop": "≥ 0.60×", Alertmanager: "≥ 0.50×" };

interface Contender {
  readonly name: "Countersign" | "bare loop" | "Alertmanager";
  readonly path: string;
  readonly shape: "webhook" | "api";
  readonly isDurable: boolean;
  start(folder: string): Promise<Running>;
}

interface Load {
  readonly requests: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly refused: number;
  readonly broken: number;
}

interface Round extends Load {
  /** Of all its threads; steadier than the rate on a machine that has other things to do. */
  readonly processorMicros: number;
  readonly contender: Contender["name"];
  readonly connections: number;
}

export const COUNTERSIGN: Contender = {
  name: "Countersign",
  path: "/webhook",
  shape: "webhook",
  isDurable: true,
  start: (folder) => startProgram(folder),
};
export const BARE_LOOP: Contender = {
  name: "bare loop",
  path: "/webhook",
  shape: "webhook",
  isDurable: true,
  start: startBareLoop,
};
const ALERTMANAGER: Contender = {
  name: "Alertmanager",
  path: "/api/v2/alerts",
  shape: "api",
  isDurable: false,
  start: (folder) => startAlertmanager(folder),
};

export const intake: Bench = {
  name: "intake",
  async run({ quick }) {
    if (!havePeer("wrk")) return skipped(WRK_MISSING);
    const contenders = [COUNTERSIGN, BARE_LOOP, ...(haveAlertmanager() ? [ALERTMANAGER] : [])];
    const timing = quick
      ? { rounds: 1, warmSeconds: 1, seconds: 2 }
      : { rounds: 3, warmSeconds: 1, seconds: 4 };
    const rounds: Round[] = [];
    for (let i = 0; i < timing.rounds; i += 1) {
      for (const connections of CONNECTIONS) {
        for (const contender of contenders) {
          rounds.push(await measure(contender, connections, timing));
        }
      }
    }
    const rows = CONNECTIONS.flatMap((connections) => rowsOf(rounds, connections));
    if (!haveAlertmanager()) {
      rows.push({ what: "intake", who: "Alertmanager", result: ALERTMANAGER_MISSING });
    }
    return { rows, raw: rounds };
  },
};

function skipped(why: string) {
  return { rows: [{ what: "intake", who: "Countersign", result: why }], raw: null };
}

/** A new process and an empty database each time, so that no round pays for what an earlier one left. */
export async function measure(
  contender: Contender,
  connections: number,
  { warmSeconds, seconds }: { warmSeconds: number; seconds: number },
): Promise<Round> {
  const folder = createFolder();
  const running = await contender.start(folder);
  const warmUp = await load(running, contender, { connections, seconds: warmSeconds, from: 0 });
  const before = processorNs(running.pid);
  const measured = await load(running, contender, { connections, seconds, from: 25_000_000 });
  const processorMicros = (processorNs(running.pid) - before) / 1000 / measured.requests;
  if (contender.isDurable) {
    const acknowledged = [warmUp, measured].reduce(
      (sum, one) => sum + one.requests - one.refused,
      0,
    );
    countStored(databaseIn(folder), acknowledged, 2 * connections);
  }
  await running.stop("SIGKILL");
  removeFolder(folder);
  return { contender: contender.name, connections, processorMicros, ...measured };
}

export function load(
  { url }: Pick<Running, "url">,
  { path, shape }: Pick<Contender, "path" | "shape">,
  options: { connections: number; seconds: number; from: number },
): Promise<Load> {
  const { connections, seconds, from } = options;
  const size = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s"];
  const child = spawn(WRK, [...size, "-s", SCRIPT, `${url}${path}`, "--", shape, String(from)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once("close", () => {
      const line = /^\{.*\}$/m.exec(output)?.[0];
      if (line === undefined) reject(new Error(`wrk said:\n${output}`));
      else resolve(JSON.parse(line) as Load);
    });
  });
}

/** Every alert that was acknowledged is there; beyond these only what was on its way when the load ended. */
function countStored(path: string, acknowledged: number, mayBeMore: number): void {
  const database = new Database(path, { readonly: true });
  const stored = database.prepare<[], number>("SELECT count(*) FROM alerts").pluck().get() ?? 0;
  database.close();
  if (stored < acknowledged || stored > acknowledged + mayBeMore) {
    throw new Error(`${acknowledged} alerts were acknowledged, ${stored} are stored`);
  }
}

function rowsOf(rounds: readonly Round[], connections: number): Row[] {
  const names = ["Countersign", "bare loop", "Alertmanager"] as const;
  const rateOf = (name: string) => {
    const mine = rounds.filter((one) => one.contender === name && one.connections === connections);
    return {
      isMeasured: mine.length > 0,
      rate: median(mine.map(({ requests, seconds }) => requests / seconds)),
      p50: median(mine.map(({ p50 }) => p50)),
      p99: median(mine.map(({ p99 }) => p99)),
      bad: mine.reduce((sum, { refused, broken }) => sum + refused + broken, 0),
      micros: median(mine.map(({ processorMicros }) => processorMicros)),
    };
  };
  const ours = rateOf("Countersign");
  return names
    .map((name) => ({ name, ...rateOf(name) }))
    .filter(({ isMeasured }) => isMeasured)
    .map(({ name, rate, p50, p99, micros, bad }) => ({
      what: `intake, ${connections} connections`,
      who: name === "Alertmanager" ? "Alertmanager (memory only)" : name,
      result: `${perSecond(rate)}, p50 ${ms(p50)}, p99 ${ms(p99)}, ${Math.round(micros)} µs processor each${bad > 0 ? `, ${bad} REFUSED OR BROKEN` : ""}`,
      goal: GOALS[name],
      ...(name === "Countersign" ? {} : { countersign: `${times(ours.rate, rate)} the rate` }),
    }));
}
