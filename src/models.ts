import type { Config } from "./config.ts";
import { createAnthropic } from "./diagnosis/anthropic.ts";
import type { Model } from "./diagnosis/model.ts";
import { createOllama } from "./diagnosis/ollama.ts";
import { createOpenAi } from "./diagnosis/openai.ts";
import type { PricedModel } from "./diagnosis/prices.ts";
import { tariffOf } from "./diagnosis/prices.ts";

type Llm = NonNullable<Config["llm"]>;

/** The models that are set, with what they cost. */
export function createModels(
  llm: Llm,
  at: Date,
): { main: PricedModel; triage: PricedModel | null } {
  const priced = (name: string): PricedModel => ({
    model: modelOf(llm, name),
    tariff: tariffOf(name, llm.provider === "ollama" || llm.baseUrl !== null, at),
  });
  return {
    main: priced(llm.model),
    triage: llm.triageModel === null ? null : priced(llm.triageModel),
  };
}

function modelOf({ provider, apiKey, baseUrl, timeoutMs }: Llm, model: string): Model {
  switch (provider) {
    case "anthropic":
      return createAnthropic({ model, apiKey: apiKey ?? "none", baseUrl, timeoutMs });
    case "openai":
      return createOpenAi({ model, apiKey, baseUrl, timeoutMs });
    case "ollama":
      return createOllama({ model, url: baseUrl ?? "", timeoutMs });
  }
}
