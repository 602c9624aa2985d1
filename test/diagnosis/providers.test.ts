import { LLMock } from "@copilotkit/aimock";
import { expect, it, onTestFinished } from "vitest";
import { createAnthropic } from "../../src/diagnosis/anthropic.ts";
import { deliberate } from "../../src/diagnosis/deliberate.ts";
import type { Model } from "../../src/diagnosis/model.ts";
import { createOllama } from "../../src/diagnosis/ollama.ts";
import { createOpenAi } from "../../src/diagnosis/openai.ts";
import { tariffOf } from "../../src/diagnosis/prices.ts";
import { checkModel } from "../../src/diagnosis/readiness.ts";
import type { Tool } from "../../src/diagnosis/reading.ts";
import { anAnswer } from "./an-opinion.ts";

const CASE = { system: "Read this.", text: "case" };

const KEY = "canary-key-4711";
const ANSWER = JSON.stringify(anAnswer());

async function startMock() {
  const mock = new LLMock({ port: 0 });
  await mock.start();
  onTestFinished(async () => {
    await mock.stop();
  });
  return mock;
}

type Mock = Awaited<ReturnType<typeof startMock>>;
const timeoutMs = 20_000;
const PROVIDERS: Readonly<Record<string, (mock: Mock) => Model>> = {
  anthropic: ({ url }) => createAnthropic({ model: "m", apiKey: KEY, baseUrl: url, timeoutMs }),
  openai: ({ url }) => createOpenAi({ model: "m", apiKey: KEY, baseUrl: `${url}/v1`, timeoutMs }),
  ollama: ({ url }) => createOllama({ model: "m", url, timeoutMs }),
};

const look: Tool = {
  name: "promql",
  description: "asks",
  parameters: { type: "object", properties: {}, required: [], additionalProperties: false },
  run: () => Promise.resolve({ text: "E2: 93", isError: false }),
};

const terms = {
  tools: [look],
  mostToolCalls: 4,
  maxOutputTokens: 1_000,
  signal: new AbortController().signal,
  meter: async (_: unknown, call: () => Promise<unknown>) => {
    await call();
    return null;
  },
};

it.each(Object.entries(PROVIDERS))("%s reads an answer in the schema", async (_, connect) => {
  const mock = await startMock();
  mock.onMessage(/./s, { content: ANSWER });

  const { answer } = await deliberate(connect(mock), CASE, terms);

  expect(answer).toEqual(anAnswer());
});

it.each(["anthropic", "openai"] as const)("%s asks for facts and goes on", async (name) => {
  const mock = await startMock();
  mock.addFixture({
    match: { userMessage: /./s, hasToolResult: true },
    response: { content: ANSWER },
  });
  mock.onMessage(/./s, { toolCalls: [{ name: "promql", arguments: "{}" }] });

  const { answer, calls } = await deliberate(PROVIDERS[name]?.(mock) as Model, CASE, terms);

  expect(answer).toEqual(anAnswer());
  expect(calls).toBe(2);
});

it.each(Object.entries(PROVIDERS))(
  "%s says that it is busy, without its key",
  async (_, connect) => {
    const mock = await startMock();
    mock.onMessage(/./s, { error: { message: `limit of ${KEY}`, type: "x" }, status: 429 });

    const { problem } = await deliberate(connect(mock), CASE, terms);

    expect(problem).toContain("is busy (429)");
    expect(problem).not.toContain(KEY);
  },
);

it.each(Object.keys(PROVIDERS))("%s that can't be reached is named", async (name) => {
  const nowhere = { url: "http://127.0.0.1:9" } as Mock;

  const { problem, isPassing } = await deliberate(PROVIDERS[name]?.(nowhere) as Model, CASE, terms);

  expect(problem).toContain("can't be reached");
  expect(isPassing).toBe(true);
});

it("sets Ollama's context and hands it the schema", async () => {
  const mock = await startMock();
  mock.onMessage(/./s, { content: ANSWER });

  await deliberate(PROVIDERS.ollama?.(mock) as Model, CASE, terms);

  const response = await fetch(`${mock.url}/__aimock/journal`);
  const journal = JSON.stringify(await response.json());
  expect(journal).toContain("insufficient_evidence");
});

it("the check says what a model can do and what is not known of its price", async () => {
  const mock = await startMock();
  mock.onMessage(/./s, { content: ANSWER });
  const model = PROVIDERS.openai?.(mock) as Model;

  const text = await checkModel({ model, tariff: tariffOf("m", true, new Date()) }, new Date());

  expect(text).toContain("fits the schema");
  expect(text).toContain("does not ask for facts");
  expect(text).toContain("counts as free");
});

it("the check fails for a model that does not follow the schema, and says what happens then", async () => {
  const mock = await startMock();
  mock.onMessage(/./s, { content: "All is well." });
  const model = PROVIDERS.openai?.(mock) as Model;

  await expect(
    checkModel({ model, tariff: tariffOf("m", true, new Date()) }, new Date()),
  ).rejects.toThrow("cards go out with rules alone");
});
