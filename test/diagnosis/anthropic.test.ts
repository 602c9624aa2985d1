import { expect, it } from "vitest";
import { createAnthropic } from "../../src/diagnosis/anthropic.ts";
import { deliberate } from "../../src/diagnosis/deliberate.ts";
import type { Tool } from "../../src/diagnosis/reading.ts";
import type { FakeAnthropic } from "../fakes/anthropic.ts";
import { startAnthropic } from "../fakes/anthropic.ts";
import { anAnswer } from "./an-opinion.ts";

const CASE = { system: "Read this.", text: "case" };

const KEY = "sk-ant-canary-4711";
const ANSWER = JSON.stringify(anAnswer());

function modelAt({ url }: FakeAnthropic, timeoutMs = 20_000) {
  return createAnthropic({ model: "claude-sonnet-5-5", apiKey: KEY, baseUrl: url, timeoutMs });
}

function terms(tools: readonly Tool[] = []) {
  return {
    tools,
    mostToolCalls: 4,
    maxOutputTokens: 4_000,
    signal: new AbortController().signal,
    meter: async (_: unknown, call: () => Promise<unknown>) => {
      await call();
      return null;
    },
  };
}

const promql = (asked: unknown[]): Tool => ({
  name: "promql",
  description: "asks",
  parameters: {
    type: "object",
    properties: { query: { type: "string" } },
    required: ["query"],
    additionalProperties: false,
  },
  run: (input) => {
    asked.push(input);
    return Promise.resolve({ text: "E2: 93", isError: false });
  },
});

it("asks in the schema and reads the answer", async () => {
  const server = await startAnthropic();
  server.reply(() => ({ text: ANSWER }));

  const { answer, usage } = await deliberate(modelAt(server), CASE, terms());

  expect(server.refusals).toEqual([]);
  expect(answer).toEqual(anAnswer());
  expect(usage).toEqual({ input: 1000, output: 200, cacheRead: 0, cacheWrite: 0 });
});

it("gives one chance to mend an answer, telling what was wrong", async () => {
  const server = await startAnthropic();
  server.reply((_, turn) => ({ text: turn === 0 ? '{"cause": "x"}' : ANSWER }));

  const { answer, calls } = await deliberate(modelAt(server), CASE, terms());

  expect(answer).toEqual(anAnswer());
  expect(calls).toBe(2);
  expect(JSON.stringify(server.requests[1]?.messages.at(-1))).toContain("insufficient_evidence");
});

it.each([
  ["text that is no JSON", { text: "The disk is full." }, "could not be read"],
  ["an answer cut short", { text: ANSWER.slice(0, 50), stop: "max_tokens" }, "cut short"],
  ["a refusal", { text: "no", stop: "refusal" }, "refused"],
  ["another schema", { text: '{"risk": "none"}' }, "could not be read"],
  ["nothing", { text: "" }, "could not be read"],
  ["a body that is no answer", { raw: "<html>" }, "can't be read"],
  ["too many requests", { status: 429 }, "busy (429)"],
  ["overload", { status: 529 }, "fault of its own (529)"],
  ["a wrong key", { status: 401 }, "is the key right"],
  ["an unknown model", { status: 404 }, "LLM_MODEL"],
] as const)("says why there is no answer: %s", async (_, reply, why) => {
  const server = await startAnthropic();
  server.reply(() => reply);

  const { answer, problem } = await deliberate(modelAt(server), CASE, terms());

  expect(answer).toBeNull();
  expect(problem).toContain(why);
  expect(problem).not.toContain(KEY);
});

it("does not wait for a model that is silent", async () => {
  const server = await startAnthropic();
  server.reply(() => "silence");

  const { problem } = await deliberate(modelAt(server, 200), CASE, terms());

  expect(problem).toContain("no answer within 0.2 s");
});

it("runs what it asks for, answers every call, and refuses the same question twice", async () => {
  const server = await startAnthropic();
  const same = { name: "promql", input: { query: "up or x" } };
  const spaced = { name: "promql", input: { query: "up  or\nx" } };
  server.reply((_, turn) => (turn < 2 ? { calls: [same, spaced] } : { text: ANSWER }));
  const asked: unknown[] = [];

  const { answer } = await deliberate(modelAt(server), CASE, terms([promql(asked)]));

  expect(answer).not.toBeNull();
  expect(server.refusals).toEqual([]);
  expect(asked).toEqual([{ query: "up or x" }]);
  expect(JSON.stringify(server.requests[1])).toContain("exactly this before");
});

it("T27 names the tools there are to one who asks for another", async () => {
  const server = await startAnthropic();
  server.reply((_, turn) =>
    turn === 0 ? { calls: [{ name: "run_shell", input: { cmd: "id" } }] } : { text: ANSWER },
  );

  await deliberate(modelAt(server), CASE, terms([promql([])]));

  expect(JSON.stringify(server.requests[1])).toContain("There is no tool run_shell");
});

it("ends the asking after a while", async () => {
  const server = await startAnthropic();
  server.reply((_, turn) => ({ calls: [{ name: "promql", input: { query: `up${turn}` } }] }));
  const asked: unknown[] = [];

  const { answer, problem } = await deliberate(modelAt(server), CASE, terms([promql(asked)]));

  expect(answer).toBeNull();
  expect(problem).toContain("kept asking");
  expect(asked).toHaveLength(4);
});
