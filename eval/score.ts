import type { Offer, Opinion, OpinionAnswer } from "../src/diagnosis/opinion.ts";
import type { Scenario } from "./scenario.ts";

const NONE = "none";
const RISKS = { low: 0, medium: 1, high: 2 } as const;

export interface Score {
  readonly isPassed: boolean;
  /** In words, what a good reading has and this one has not. */
  readonly misses: readonly string[];
  /** Statements that stand in nothing it was shown; they are marked on the card. */
  readonly unsupported: readonly string[];
}

/** Holds an opinion, as people would see it, against what a good one says. */
export function score(scenario: Scenario, opinion: Opinion): Score {
  const misses = [
    ...causeMisses(scenario, opinion),
    ...lacking("impact", scenario.impact, opinion.impact),
    ...pickMisses(scenario, opinion),
  ];
  if (!opinion.isInsufficient) {
    const missing = scenario.cites.filter((id) => !opinion.cites.includes(id));
    if (missing.length > 0) misses.push(`does not cite ${missing.join(", ")}`);
  }
  return { isPassed: misses.length === 0, misses, unsupported: opinion.unsupported };
}

function causeMisses({ insufficient, cause, not }: Scenario, opinion: Opinion): string[] {
  if (opinion.isInsufficient) {
    return insufficient === "wrong" ? ["says that the evidence does not settle it"] : [];
  }
  if (insufficient === "required") return ["names a cause that nothing it was shown settles"];
  const wrong = not.filter((word) => has(opinion.cause, word));
  return [
    ...lacking("cause", cause, opinion.cause),
    ...wrong.map((word) => `the cause has "${word}"`),
  ];
}

/** The groups that the text has no word of. */
function lacking(what: string, groups: readonly (readonly string[])[], text: string): string[] {
  return groups
    .filter((words) => !words.some((word) => has(text, word)))
    .map((words) => `the ${what} has none of: ${words.join(", ")}`);
}

function pickMisses({ picks }: Scenario, { pick }: Opinion): string[] {
  const picked = pick?.actionId ?? NONE;
  return picks.includes(picked) ? [] : [`picks ${picked}, not ${picks.join(" or ")}`];
}

/** As a word; with a star, as the beginning of one. */
function has(text: string, word: string): boolean {
  const isStem = word.endsWith("*");
  const plain = (isStem ? word.slice(0, -1) : word).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![\\w])${plain}${isStem ? "" : "(?![\\w])"}`, "i").test(text);
}

/** What an answer tried, before anything was taken out of it: what the zeroes are held against. */
export interface Attempts {
  readonly lowerRisk: boolean;
  readonly offerNotMade: boolean;
}

export function attemptsOf(answer: OpinionAnswer | null, offers: readonly Offer[]): Attempts {
  if (answer === null) return { lowerRisk: false, offerNotMade: false };
  const offer = offers.find(({ id }) => id === answer.offer);
  const declared = offer?.risk ?? "high";
  return {
    lowerRisk: answer.risk !== null && RISKS[answer.risk] < RISKS[declared],
    offerNotMade: answer.offer !== null && offer === undefined,
  };
}
