import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { FakeTelegram } from "../test/fakes/telegram.ts";
import { startFakeTelegram } from "../test/fakes/telegram.ts";
import { post, webhookBody } from "./alerts.ts";
import { startProgram } from "./contenders.ts";
import { createFolder } from "./processes.ts";
import type { Bench } from "./result.ts";
import { ms } from "./result.ts";
import { percentile } from "./stats.ts";
import { writeRunbooks } from "./tap.ts";

const GROUP = -100;
const OWNER = 7;
const ALERTS = 500;
const MINUTE_MS = 60_000;
const WAIT_MS = 60_000;

/** 500 alerts in a minute for one group, and approvals meanwhile, against a Telegram that refuses what is too much. */
export const storm: Bench = {
  name: "storm",
  async run({ quick }) {
    const decisions = quick ? 3 : 6;
    const seconds = quick ? 20 : 60;
    const folder = createFolder();
    const marks = join(folder, "marks");
    mkdirSync(marks);
    const telegram = await startFakeTelegram({ chats: [{ id: GROUP }] });
    telegram.enforceLimits();
    const program = await startProgram(folder, {
      telegram: { url: telegram.url, token: telegram.token, chat: GROUP, owner: OWNER },
      runbooks: writeRunbooks(folder, marks),
    });
    for (let i = 0; i < decisions; i += 1) {
      const labels = { alertname: "BenchTap", instance: `host-${i}`, mark: `m${i}` };
      await post(`${program.url}/webhook`, webhookBody(labels));
    }
    const waiting = await telegram.waitFor(() => {
      const cards = telegram.messages(GROUP).filter(({ buttons }) => buttons.length === 2);
      return cards.length === decisions && cards;
    }, WAIT_MS);
    const latencies: number[] = [];
    const shown: Promise<void>[] = [];
    const alerts = (ALERTS * seconds) / 60;
    const since = Date.now();
    for (let i = 0; i < alerts; i += 1) {
      await sleep(Math.max(0, since + (i * seconds * 1000) / alerts - Date.now()));
      const labels = { alertname: `BenchStorm${i % 7}`, instance: `web-${i}`, severity: "warning" };
      await post(`${program.url}/webhook`, webhookBody(labels));
      if (i % Math.floor(alerts / decisions) !== 10) continue;
      const card = waiting.shift();
      if (card)
        shown.push(decide(telegram, card.messageId).then((took) => void latencies.push(took)));
    }
    await Promise.all(shown);
    await program.stop("SIGKILL");
    await telegram.stop();
    const sent = telegram.calls.filter(({ method }) => method === "sendMessage");
    const most = mostInAMinute(sent.map(({ at }) => at));
    const refused = telegram.calls.filter(({ status }) => status === 429).length;
    const [p50, p95] = [percentile(latencies, 50), percentile(latencies, 95)];
    if (latencies.length !== decisions) throw new Error("a decision was not shown");
    return {
      rows: [
        {
          what: `${alerts} alerts in ${seconds} s: messages to the group`,
          who: "Countersign",
          result: `at most ${most} in a minute, ${refused} refused (429)`,
        },
        {
          what: "press on Approve to the edited card, meanwhile",
          who: "Countersign",
          result: `p50 ${ms(p50)}, p95 ${ms(p95)} (n=${latencies.length})`,
        },
      ],
      raw: { latencies, most, refused },
    };
  },
};

async function decide(telegram: FakeTelegram, messageId: number): Promise<number> {
  const edits = () => telegram.messages(GROUP).find((each) => each.messageId === messageId)?.edits;
  const before = edits() ?? 0;
  const since = performance.now();
  telegram.press(messageId, { text: "Approve" }, { id: OWNER });
  await telegram.waitFor(() => (edits() ?? 0) > before, WAIT_MS);
  return performance.now() - since;
}

function mostInAMinute(times: readonly number[]): number {
  return Math.max(
    ...times.map((from) => times.filter((at) => at >= from && at < from + MINUTE_MS).length),
  );
}
