import { expect, it } from "vitest";
import { createAnthropic } from "../../src/diagnosis/anthropic.ts";
import { tariffOf } from "../../src/diagnosis/prices.ts";
import { createReader } from "../../src/diagnosis/reader.ts";
import { startAnthropic } from "../fakes/anthropic.ts";
import { anAnswer } from "./an-opinion.ts";

const AT = new Date("2026-11-20T03:00:00Z");

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
  const read = (signal: AbortSignal) =>
    reader.read({
      ...{ incidentId: "inc_1", tools: [], hosts: [], signal },
      about: {
        alert: { labels: { alertname: "A" }, annotations: {}, startsAt: AT, status: "firing" },
        ...{ evidence: [], offers: [], prose: [], topology: [] },
      },
      known: () => ({
        ...{ evidence: [], offers: [], words: [], linkBases: [] },
        isReadOnly: () => false,
      }),
    });
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
