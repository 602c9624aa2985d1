import { expect, it } from "vitest";
import { createAnthropic } from "../../src/diagnosis/anthropic.ts";
import type { Model } from "../../src/diagnosis/model.ts";
import { tariffOf } from "../../src/diagnosis/prices.ts";
import { createReader } from "../../src/diagnosis/reader.ts";
import type { ReadingOf } from "../../src/diagnosis/reading.ts";
import type { ModelCall } from "../../src/diagnosis/spending.ts";
import { startAnthropic } from "../fakes/anthropic.ts";
import { anAnswer } from "./an-opinion.ts";

const AT = new Date("2026-11-20T03:00:00Z");

function aWish(signal: AbortSignal): ReadingOf {
  return {
    ...{ incidentId: "inc_1", tools: [], hosts: [], signal },
    about: {
      alert: { labels: { alertname: "A" }, annotations: {}, startsAt: AT, status: "firing" },
      ...{ evidence: [], offers: [], prose: [], topology: [] },
    },
    known: () => ({
      ...{ evidence: [], offers: [], words: [], linkBases: [] },
      isReadOnly: () => false,
    }),
  };
}

async function aReader() {
  const server = await startAnthropic();
  const model = createAnthropic({
    ...{ model: "claude-sonnet-5-5", apiKey: "k", baseUrl: server.url, timeoutMs: 20_000 },
  });
  const reader = createReader({
    main: { model, tariff: tariffOf(model.name, false, AT) },
    triage: null,
    limits: { callsPerMinute: 100, dailyUsd: 100, incidentUsd: 100 },
    timeoutMs: 20_000,
    hidesHosts: false,
    ledger: {
      spent: () => Promise.resolve({ callsLastMinute: 0, todayUsd: 0, incidentUsd: 0 }),
      spend: () => Promise.resolve(),
      recall: () => Promise.resolve(null),
    },
    now: () => AT,
  });
  const read = (signal: AbortSignal) => reader.read(aWish(signal));
  return { server, read };
}

it("T32 whoever gives up waiting takes the model from nobody else", async () => {
  const { server, read } = await aReader();
  for (let i = 0; i < 4; i += 1) {
    const impatient = new AbortController();
    server.reply(() => {
      impatient.abort();
      return "silence";
    });
    expect(await read(impatient.signal)).toMatchObject({ outcome: "none" });
  }
  server.reply(() => ({ text: JSON.stringify(anAnswer()) }));

  expect(await read(new AbortController().signal)).toMatchObject({ outcome: "read" });
});

it("a provider that fails again and again is left alone", async () => {
  const { server, read } = await aReader();
  server.reply(() => ({ status: 529 }));
  for (let i = 0; i < 3; i += 1) await read(new AbortController().signal);

  expect(await read(new AbortController().signal)).toMatchObject({
    outcome: "none",
    why: expect.stringContaining("failed 3 times in a row"),
  });
  expect(server.requests).toHaveLength(3);
});

it("T32 of ten thousand readings at once no more are asked for than the budget pays", async () => {
  const calls: ModelCall[] = [];
  const usage = { input: 1_000, output: 200, cacheRead: 0, cacheWrite: 0 };
  const model: Model = {
    ...{ provider: "anthropic", name: "claude-sonnet-5-5", callsTools: false },
    open: () => ({
      say: () =>
        Promise.resolve({ text: JSON.stringify(anAnswer()), calls: [], stop: "end", usage }),
    }),
  };
  const spentUsd = () => calls.reduce((sum, { costUsd }) => sum + costUsd, 0);
  const reader = createReader({
    main: { model, tariff: tariffOf(model.name, false, AT) },
    triage: null,
    limits: { callsPerMinute: 100_000, dailyUsd: 1, incidentUsd: 0.15 },
    ...{ hidesHosts: false, timeoutMs: 20_000, now: () => AT },
    ledger: {
      spent: () => Promise.resolve({ callsLastMinute: 0, todayUsd: spentUsd(), incidentUsd: 0 }),
      spend: (call) => Promise.resolve(void calls.push(call)),
      recall: () => Promise.resolve(null),
    },
  });

  const readings = await Promise.all(
    Array.from({ length: 10_000 }, (_, i) =>
      reader.read({
        ...aWish(new AbortController().signal),
        incidentId: `inc_${i}`,
      }),
    ),
  );

  const read = readings.filter(({ outcome }) => outcome === "read");
  expect(read.length).toBe(calls.length);
  expect(calls.length).toBeGreaterThan(10);
  expect(spentUsd()).toBeLessThanOrEqual(1);
  expect(readings.find(({ outcome }) => outcome === "none")).toMatchObject({
    why: expect.stringContaining("LLM_DAILY_BUDGET_USD"),
  });
}, 60_000);
