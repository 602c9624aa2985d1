import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import {
  ALERTMANAGER_MISSING,
  databaseIn,
  haveAlertmanager,
  startAlertmanager,
  startProgram,
  startSink,
} from "./contenders.ts";
import type { Running } from "./processes.ts";
import { createFolder, processorNs, removeFolder } from "./processes.ts";
import type { Bench, Row } from "./result.ts";
import { ms, perSecond, times } from "./result.ts";
import { median } from "./stats.ts";

const WHAT = "one-alert webhooks from Alertmanager";
const ALERTS_A_POST = 500;
const LOOK_EVERY_MS = 100;
const DONE_WITHIN_MS = 300_000;

type Name = "Countersign" | "sink";

interface Round {
  readonly receiver: Name;
  readonly alerts: number;
  /** From the first alert given to Alertmanager to the last webhook that was answered with 200. */
  readonly seconds: number;
  /** What Alertmanager waits for an answer, on average. */
  readonly latencyMs: number;
  /** Requests that got no answer or a 5xx, and were repeated. */
  readonly repeated: number;
  /** Alerts that were answered with a 4xx: Alertmanager gives those up, so each is a lost one. */
  readonly lost: number;
  readonly processorMicros: number;
  /** Answered with 200. */
  readonly done: number;
}

interface Sent {
  readonly done: number;
  readonly lost: number;
  readonly repeated: number;
  readonly latencySum: number;
}

/** Real webhooks at the pace of a real sender: each alert is a group of its own that is sent at once. */
export const webhooks: Bench = {
  name: "webhooks",
  async run({ quick }) {
    if (!haveAlertmanager()) {
      const row = { what: WHAT, who: "Countersign", result: ALERTMANAGER_MISSING };
      return { rows: [row], raw: null };
    }
    const { pairs, alerts } = quick ? { pairs: 1, alerts: 2_000 } : { pairs: 3, alerts: 10_000 };
    const rounds: Round[] = [];
    for (let i = 0; i < pairs; i += 1) {
      // In turns, so that neither is always the one on a warm machine.
      const order: readonly Name[] =
        i % 2 === 0 ? ["Countersign", "sink"] : ["sink", "Countersign"];
      for (const name of order) rounds.push(await measure(name, alerts));
    }
    return { rows: rowsOf(rounds), raw: rounds };
  },
};

/** A new receiver and a new Alertmanager each time: both keep what they have seen. */
async function measure(name: Name, alerts: number): Promise<Round> {
  const folders = { receiver: createFolder(), sender: createFolder() };
  const receiver = await (name === "Countersign" ? startProgram : startSink)(folders.receiver);
  const sender = await startAlertmanager(folders.sender, { webhook: `${receiver.url}/webhook` });
  const before = processorNs(receiver.pid);
  const since = performance.now();
  const [, sent] = await Promise.all([give(sender, alerts), untilSent(sender, alerts)]);
  const seconds = (performance.now() - since) / 1000;
  const processorMicros = (processorNs(receiver.pid) - before) / 1000 / alerts;
  if (name === "Countersign") countStored(databaseIn(folders.receiver), sent.done);
  await Promise.all([sender.stop("SIGKILL"), receiver.stop("SIGKILL")]);
  for (const folder of Object.values(folders)) removeFolder(folder);
  const latencyMs = (sent.latencySum / (sent.done + sent.lost + sent.repeated)) * 1000;
  return { receiver: name, alerts, seconds, latencyMs, processorMicros, ...sent };
}

async function give({ url }: Running, alerts: number): Promise<void> {
  for (let from = 0; from < alerts; from += ALERTS_A_POST) {
    const body = Array.from({ length: Math.min(ALERTS_A_POST, alerts - from) }, (_, i) => ({
      labels: { alertname: "Storm", severity: "warning", instance: `host-${from + i}:9100` },
      annotations: { summary: `Alert ${from + i} of a storm` },
    }));
    const response = await fetch(`${url}/api/v2/alerts`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`Alertmanager answers ${response.status}`);
  }
}

/** Alertmanager's own count: the same measure for whoever receives. */
async function untilSent({ url }: Running, alerts: number): Promise<Sent> {
  const deadline = performance.now() + DONE_WITHIN_MS;
  for (;;) {
    const text = await (await fetch(`${url}/metrics`)).text();
    const of = (metric: string) =>
      Number(new RegExp(`^${metric}{integration="webhook"} (.+)$`, "m").exec(text)?.[1] ?? 0);
    const requests = of("alertmanager_notification_requests_total");
    const failed = of("alertmanager_notification_requests_failed_total");
    const done = requests - failed;
    const lost = of("alertmanager_notifications_failed_total");
    if (done + lost >= alerts) {
      const latencySum = of("alertmanager_notification_latency_seconds_sum");
      return { done, lost, repeated: failed - lost, latencySum };
    }
    if (performance.now() > deadline) throw new Error(`only ${done} of ${alerts} were sent`);
    await sleep(LOOK_EVERY_MS);
  }
}

function countStored(path: string, sent: number): void {
  const database = new Database(path, { readonly: true });
  const stored = database.prepare<[], number>("SELECT count(*) FROM alerts").pluck().get();
  database.close();
  if (stored === undefined || stored < sent)
    throw new Error(`${sent} alerts were answered with 200, ${stored} are stored`);
}

function rowsOf(rounds: readonly Round[]): Row[] {
  const of = (name: Name) => {
    const mine = rounds.filter(({ receiver }) => receiver === name);
    return {
      rate: median(mine.map(({ done, seconds }) => done / seconds)),
      seconds: median(mine.map(({ seconds }) => seconds)),
      latencyMs: median(mine.map(({ latencyMs }) => latencyMs)),
      micros: median(mine.map(({ processorMicros }) => processorMicros)),
      repeated: mine.reduce((sum, one) => sum + one.repeated, 0),
      lost: mine.reduce((sum, one) => sum + one.lost, 0),
    };
  };
  const [ours, sink] = [of("Countersign"), of("sink")];
  const textOf = ({ rate, seconds, latencyMs, micros, repeated, lost }: typeof ours) =>
    `${perSecond(rate)} (${seconds.toFixed(1)} s), ${ms(latencyMs)} to an answer, ${Math.round(micros)} µs processor each, ${repeated} repeated${lost > 0 ? `, ${lost} LOST` : ""}`;
  const what = `${WHAT}, ${rounds[0]?.alerts.toLocaleString("en")}`;
  return [
    { what, who: "Countersign", result: textOf(ours) },
    {
      what,
      who: "a sink that answers 200",
      result: textOf(sink),
      countersign: `${times(ours.rate, sink.rate)} the rate`,
      goal: "≥ 0.91×, none lost",
    },
  ];
}
