import type { Model, Usage } from "./model.ts";

/** US dollars for a million tokens, from `since` on. */
interface Price {
  readonly model: RegExp;
  readonly since: string;
  readonly input: number;
  readonly output: number;
  readonly cacheWrite: number;
  readonly cacheRead: number;
}

/**
 * The newest that fits a model counts. Sources: the providers' price pages
 * (platform.claude.com/docs/en/about-claude/pricing, openai.com/api/pricing), read on 2026-11-20. Cache writes are
 * those for five minutes, which is what is asked for.
 */
const PRICES: readonly Price[] = [
  price(/^claude-(?:fable|mythos)-5-1/, "2026-08-01", 10, 50, 12.5, 0.25),
  price(/^claude-(?:fable|mythos)-5/, "2026-06-01", 10, 50, 12.5, 1),
  price(/^claude-opus-5-5/, "2026-09-01", 4, 20, 5, 0.2),
  price(/^claude-opus-(?:5|4-[5-9])/, "2025-11-01", 5, 25, 6.25, 0.5),
  price(/^claude-opus-4/, "2025-05-22", 15, 75, 18.75, 1.5),
  price(/^claude-sonnet-5-5/, "2026-10-07", 2, 10, 2.5, 0.1),
  price(/^claude-sonnet-5/, "2026-07-01", 2, 10, 2.5, 0.2),
  price(/^claude-sonnet-4/, "2025-05-22", 3, 15, 3.75, 0.3),
  // Up to 100,000 tokens of prompt, which is more than is ever sent.
  price(/^claude-haiku-5-5/, "2026-10-07", 0.1, 0.5, 0.125, 0.01),
  price(/^claude-haiku-4-5/, "2025-10-15", 1, 5, 1.25, 0.1),
  price(/^gpt-6-sol/, "2026-09-01", 2, 10, 2, 0.2),
  price(/^gpt-6-luna/, "2026-09-01", 0.1, 0.5, 0.1, 0.01),
  price(/^gpt-5(?:\.\d)?-mini/, "2025-08-07", 0.25, 2, 0.25, 0.025),
  price(/^gpt-5(?:\.\d)?-nano/, "2025-08-07", 0.05, 0.4, 0.05, 0.005),
  price(/^gpt-5/, "2025-08-07", 1.25, 10, 1.25, 0.125),
  price(/^gpt-4\.1-mini/, "2025-04-14", 0.4, 1.6, 0.4, 0.1),
  price(/^gpt-4\.1/, "2025-04-14", 2, 8, 2, 0.5),
  price(/^gpt-4o-mini/, "2024-07-18", 0.15, 0.6, 0.15, 0.075),
  price(/^gpt-4o/, "2024-08-06", 2.5, 10, 2.5, 1.25),
];

/** What is unknown counts as the dearest, so that a budget holds whatever the model is called. */
const DEAREST = price(/^/, "2025-01-01", 15, 75, 18.75, 1.5);
const FREE = price(/^/, "1970-01-01", 0, 0, 0, 0);

export interface Tariff {
  readonly source: "known" | "assumed" | "free";
  costUsd(usage: Usage): number;
}

/** A model and what it costs to ask it. */
export interface PricedModel {
  readonly model: Model;
  readonly tariff: Tariff;
}

/** @param isOwn the server is the owner's own: a model that no price is known for costs nothing there */
export function tariffOf(model: string, isOwn: boolean, at: Date): Tariff {
  const day = at.toISOString().slice(0, 10);
  // A proxy names the vendor in front: anthropic/claude-sonnet-5-5.
  const name = model.slice(model.lastIndexOf("/") + 1);
  const known = PRICES.find((one) => one.model.test(name) && one.since <= day);
  const source = known !== undefined ? "known" : isOwn ? "free" : "assumed";
  const rates = known ?? (isOwn ? FREE : DEAREST);
  return {
    source,
    costUsd: ({ input, output, cacheWrite, cacheRead }) =>
      (input * rates.input +
        output * rates.output +
        cacheWrite * rates.cacheWrite +
        cacheRead * rates.cacheRead) /
      1_000_000,
  };
}

function price(
  model: RegExp,
  since: string,
  input: number,
  output: number,
  cacheWrite: number,
  cacheRead: number,
): Price {
  return { model, since, input, output, cacheWrite, cacheRead };
}
