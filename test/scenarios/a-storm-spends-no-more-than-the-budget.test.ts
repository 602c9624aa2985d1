import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, it, onTestFinished } from "vitest";
import { tariffOf } from "../../src/diagnosis/prices.ts";
import { anAnswer } from "../diagnosis/an-opinion.ts";
import { startAnthropic } from "../fakes/anthropic.ts";
import type { Program } from "../harness.ts";
import { anAlert, comesTrue, createProgram, testAlert } from "../harness.ts";

const MODEL = "claude-sonnet-5-5";
// biome-ignore lint/style/noProcessEnv: a switch of the tests, not a setting of the program
const ALERTS = Number(process.env.COUNTERSIGN_STORM_ALERTS ?? 1_000);
const HANDS = 20;
const MINUTE_MS = 60_000;
/** On a machine that others are busy with, too. */
const WITHIN_MS = 60_000 + ALERTS * 60;

it.each([
  { most: "$0.10 a day", dailyUsd: 0.1, callsPerMinute: 10_000, says: "LLM_DAILY_BUDGET_USD" },
  {
    most: "7 calls a minute",
    dailyUsd: 1_000,
    callsPerMinute: 7,
    says: "LLM_MAX_CALLS_PER_MINUTE",
  },
])(
  `T32 a storm of ${ALERTS} alerts spends at most $most, and every alert is stored`,
  { timeout: 2 * WITHIN_MS },
  async ({ dailyUsd, callsPerMinute, says }) => {
    const askedAt: number[] = [];
    const server = await startAnthropic();
    server.reply(() => {
      askedAt.push(Date.now());
      return { text: JSON.stringify(anAnswer()) };
    });
    const program = await createProgram({
      env: {
        ...{ LLM_PROVIDER: "anthropic", LLM_MODEL: MODEL, ANTHROPIC_API_KEY: "a-key-of-the-test" },
        ANTHROPIC_BASE_URL: server.url,
        LLM_DAILY_BUDGET_USD: String(dailyUsd),
        LLM_MAX_CALLS_PER_MINUTE: String(callsPerMinute),
        COUNTERSIGN_LOG_LEVEL: "error",
      },
    });
    await program.start();

    expect(await storm(program)).toEqual(new Map([[200, ALERTS]]));
    const after = await program.raise(testAlert("critical", { number: "after" }));
    const ana = await program.signIn();
    const isAsked = async () => {
      const { forms, text: page } = await ana.open(`/incidents/${after}`);
      return forms.some(({ button }) => button === "Approve") && page.includes("The alert says:");
    };
    expect(await comesTrue(isAsked, WITHIN_MS)).toBe(true);
    const { stored, refused } = await readOut(program, says);

    expect(stored).toBe(ALERTS + 1);
    expect(refused).toBeGreaterThan(0);

    const one = tariffOf(MODEL, false, new Date()).costUsd({
      ...{ input: 1_000, output: 200, cacheRead: 0, cacheWrite: 0 },
    });
    const calls = askedAt.length;
    expect(server.refusals).toEqual([]);
    expect(calls).toBeGreaterThan(0);
    expect(calls * one).toBeLessThanOrEqual(dailyUsd);
    expect(mostInAMinute(askedAt)).toBeLessThanOrEqual(callsPerMinute);
    const { text } = await ana.command("/cost");
    const [, spent] = /Today \(UTC\): \$([\d.]+) for/.exec(text) ?? [];
    expect(text).toContain(`, ${calls} calls, `);
    expect(Number(spent)).toBeCloseTo(calls * one, 2);
  },
);

/** Each of its own kind, also without its digits: none is answered from memory. How often each status was the answer. */
async function storm(program: Program): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  let next = 0;
  async function hand(): Promise<void> {
    while (next < ALERTS) {
      next += 1;
      const name = [...String(next)].map((digit) => "abcdefghij"[Number(digit)]).join("");
      const { status } = await program.fire(anAlert(`Storm_${name}`, { severity: "warning" }));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  }
  await Promise.all(Array.from({ length: HANDS }, hand));
  return statuses;
}

/** Once nothing of the storm is left to do: how many alerts there are, and for how many the model was not asked. */
async function readOut({ dataDir }: Program, why: string) {
  const database = new Database(join(dataDir, "countersign.db"), { readonly: true });
  onTestFinished(() => void database.close());
  const count = (from: string, ...values: string[]) =>
    database
      .prepare(`SELECT count(*) FROM ${from}`)
      .pluck()
      .get(...values) as number;
  const left = () => count("steps WHERE kind IN ('investigate', 'propose', 'opine')");
  if (!(await comesTrue(() => left() === 0, WITHIN_MS)))
    throw new Error(`${left()} steps are left`);
  return {
    stored: count("(SELECT DISTINCT labels FROM alerts)"),
    refused: count("opinions WHERE opinion IS NULL AND instr(note, ?) > 0", why),
  };
}

function mostInAMinute(times: readonly number[]): number {
  const inMinuteFrom = (from: number) =>
    times.filter((at) => at >= from && at < from + MINUTE_MS).length;
  return Math.max(0, ...times.map(inMinuteFrom));
}
