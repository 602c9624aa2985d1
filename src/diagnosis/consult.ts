import { standingOf } from "../evidence/standing.ts";
import type { Model, Usage } from "./model.ts";
import { addUsage } from "./model.ts";
import type { Opinion, Summary } from "./opinion.ts";
import { SummaryAnswer } from "./opinion.ts";
import { SUMMARY_SCHEMA, summaryPromptOf, summaryText } from "./prompt.ts";
import { readAnswer } from "./read-answer.ts";
import type { Case } from "./reading.ts";
import type { Bounds, Talk } from "./talk.ts";
import { openTalk, whyNoAnswer } from "./talk.ts";

/** What a model thinks before it writes counts, too. */
const MAX_OUTPUT_TOKENS = 1_500;

export interface Consulted {
  readonly consultation: NonNullable<Opinion["consultation"]>;
  readonly usage: Usage;
  readonly calls: number;
}

/** Two readers are worth their calls where the business notices something and there is something to explain it with. */
export function isWorthTwo({ evidence }: Case): boolean {
  const standings = evidence.map(standingOf);
  const hasOther = evidence.some(({ kind, status }) => kind !== "kpi" && status === "found");
  return hasOther && (standings.includes("worse") || standings.includes("better"));
}

/**
 * Two readers, each of its own part of the evidence, in three short calls: what the business notices; what the machines
 * say, and to that; and what the business makes of it. Without all three there is no consultation, and one reads alone.
 */
export async function consult(model: Model, about: Case, bounds: Bounds): Promise<Consulted> {
  const prompts = {
    business: summaryPromptOf("business", about),
    infrastructure: summaryPromptOf("infrastructure", about),
  };
  const talkWith = (by: Summary["by"]) => {
    const terms = { schema: SUMMARY_SCHEMA, tools: [], maxOutputTokens: MAX_OUTPUT_TOKENS };
    return openTalk(model, { system: prompts[by].system, ...terms }, bounds);
  };
  const business = talkWith("business");
  const infrastructure = talkWith("infrastructure");
  const used = () => ({
    usage: addUsage(business.used.usage, infrastructure.used.usage),
    calls: business.used.calls + infrastructure.used.calls,
  });
  try {
    const noticed = await summaryOf("business", business, prompts.business.text);
    const shown = `${prompts.infrastructure.text}\n${summaryText(noticed)}`;
    const explained = await summaryOf("infrastructure", infrastructure, shown);
    const weighed = await summaryOf("business", business, summaryText(explained));
    return { consultation: { outcome: "held", summaries: [explained, weighed] }, ...used() };
  } catch (error) {
    const why = error instanceof Unread ? error.message : whyNoAnswer(error).problem;
    return { consultation: { outcome: "failed", why }, ...used() };
  }
}

class Unread extends Error {}

async function summaryOf(by: Summary["by"], { say }: Talk, text: string): Promise<Summary> {
  const said = await say(text);
  if (said.stop === "refused") throw new Unread(`the ${by} reader refused to answer`);
  const read = readAnswer(said, SummaryAnswer);
  if (!read.ok) throw new Unread(`what the ${by} reader said could not be read: ${read.flaw}`);
  return { by, text: read.answer.summary, cites: read.answer.cites };
}
