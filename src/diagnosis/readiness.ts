import { deliberate } from "./deliberate.ts";
import type { PricedModel } from "./prices.ts";
import { promptOf } from "./prompt.ts";
import type { Case, Tool } from "./reading.ts";

const MAX_OUTPUT_TOKENS = 2_000;

/**
 * One small reading that costs next to nothing: does the model answer, in the schema, and does it ask for more facts
 * when it is told where they are?
 *
 * @throws where it gives no answer that can be used; the message says why and what happens then
 */
export async function checkModel({ model, tariff }: PricedModel, now: Date): Promise<string> {
  let asked = 0;
  const temperature: Tool = {
    name: "temperature",
    description:
      "Returns the temperature of the machine rack-7, in degrees. Ask it before you answer.",
    parameters: { type: "object", properties: {}, required: [], additionalProperties: false },
    run: () => {
      asked += 1;
      return Promise.resolve({
        text: '{"id":"E2","status":"found","text":"rack-7 81"}',
        isError: false,
      });
    },
  };
  const startedAt = performance.now();
  const { answer, problem, usage, calls } = await deliberate(model, promptOf(exampleAt(now)), {
    tools: [temperature],
    mostToolCalls: 2,
    maxOutputTokens: MAX_OUTPUT_TOKENS,
    signal: new AbortController().signal,
    async meter(_, call) {
      await call();
      return null;
    },
  });
  if (answer === null) throw new Error(`${model.name}: ${problem}; cards go out with rules alone`);
  const took = ((performance.now() - startedAt) / 1000).toFixed(1);
  const isRepaired = calls > 1 + (asked > 0 ? 1 : 0);
  const tools =
    model.callsTools && asked > 0
      ? "asks for facts"
      : "does not ask for facts, so it is shown what was collected and asked once";
  const price = {
    known: "",
    free: "; no price is known for it, and on a server of your own it counts as free",
    assumed: "; no price is known for it, so the budgets count it as the dearest there is",
  }[tariff.source];
  return `${model.name} answers in ${took} s for $${tariff.costUsd(usage).toFixed(4)}, ${isRepaired ? "fits the schema at the second try" : "fits the schema"}, ${tools}${price}`;
}

function exampleAt(now: Date): Case {
  return {
    alert: {
      labels: { alertname: "HighTemperature", instance: "rack-7" },
      annotations: { summary: "It is too hot" },
      startsAt: now,
      status: "firing",
    },
    evidence: [
      {
        id: "E1",
        kind: "promql",
        title: "Fan",
        text: "fan_rpm 0",
        status: "found",
        collectedAt: now,
      },
    ],
    offers: [],
    prose: [],
    topology: [],
  };
}
