import { setTimeout as sleep } from "node:timers/promises";
import { startFakeTelegram } from "../test/fakes/telegram.ts";
import { post, webhookBody } from "./alerts.ts";
import { nextArrival } from "./arrivals.ts";
import {
  ALERTMANAGER_MISSING,
  haveAlertmanager,
  startAlertmanager,
  startProgram,
} from "./contenders.ts";
import { createFolder } from "./processes.ts";
import type { Bench } from "./result.ts";
import { spread, times } from "./result.ts";
import { median } from "./stats.ts";

const CHAT = 7;
const WAIT_MS = 20_000;
/** Critical ones have a card of their own however many there are. Countersign keeps 45 first cards a minute and chat; faster alerts would measure that pace and nothing else. */
const APART_MS = 1_350;

/** From the moment the alert is sent to the moment `sendMessage` reaches Telegram's server. */
export const firstCard: Bench = {
  name: "first-card",
  async run({ quick }) {
    const samples = quick ? 6 : 40;
    const ours = await startFakeTelegram({ chats: [{ id: CHAT }] });
    const theirs = await startFakeTelegram({ chats: [{ id: CHAT }], token: "43:fake-token-other" });
    const program = await startProgram(createFolder(), { telegram: { ...ours, chat: CHAT } });
    const alertmanager = haveAlertmanager()
      ? await startAlertmanager(createFolder(), { telegram: { ...theirs, chat: CHAT } })
      : null;
    const latencies: { countersign: number[]; alertmanager: number[] } = {
      countersign: [],
      alertmanager: [],
    };
    // The first of each opens connections and loads code: it is sent and not counted.
    for (let i = -1; i < samples; i += 1) {
      const next = sleep(APART_MS);
      const labels = { alertname: "BenchAlert", instance: `host-${i}`, severity: "critical" };
      const card = await arrival(ours.token, () =>
        post(`${program.url}/webhook`, webhookBody(labels)),
      );
      if (i >= 0) latencies.countersign.push(card);
      if (alertmanager !== null) {
        await sleep(APART_MS / 2);
        const message = await arrival(theirs.token, () =>
          post(`${alertmanager.url}/api/v2/alerts`, JSON.stringify([{ labels }])),
        );
        if (i >= 0) latencies.alertmanager.push(message);
      }
      await next;
    }
    const cards = ours.calls.filter((call) => call.method === "sendMessage" && call.status === 200);
    await Promise.all([program.stop("SIGKILL"), alertmanager?.stop()]);
    await Promise.all([ours.stop(), theirs.stop()]);
    if (cards.length !== samples + 1) {
      throw new Error(`${samples + 1} alerts brought ${cards.length} accepted messages`);
    }
    const what = "alert to first message in Telegram";
    return {
      rows: [
        {
          what,
          who: "Countersign",
          result: spread(latencies.countersign),
          goal: "p50 < 10 ms, p99 < 40 ms",
        },
        alertmanager === null
          ? { what, who: "Alertmanager", result: ALERTMANAGER_MISSING }
          : {
              what,
              who: "Alertmanager, group_wait 0s",
              result: spread(latencies.alertmanager),
              countersign: times(median(latencies.countersign), median(latencies.alertmanager)),
              goal: "≤ 1.00×",
            },
      ],
      raw: latencies,
    };
  },
};

/** From now until a message reaches the Telegram server of this token. */
export async function arrival(token: string, send: () => Promise<number>): Promise<number> {
  const arrived = nextArrival((url) => url === `/bot${token}/sendMessage`, WAIT_MS);
  const since = await send();
  return (await arrived) - since;
}
