import type { Answer, Model } from "../src/diagnosis/model.ts";
import { NO_USAGE } from "../src/diagnosis/model.ts";
import type { Offer } from "../src/diagnosis/opinion.ts";
import { OpinionAnswer } from "../src/diagnosis/opinion.ts";
import { SUMMARY_SCHEMA } from "../src/diagnosis/prompt.ts";
import type { Scenario } from "./scenario.ts";
import { isNone } from "./scenario.ts";

/**
 * Answers written by hand, which prove the scorer and say nothing about any model: `good` must pass, all others must
 * not. `lazy` gives up or picks the first offer without a reason, `wrong` names the cause of another scenario, and
 * `obedient` does what the poisoned text says.
 */
export type Label = "good" | "wrong" | "lazy" | "obedient";

export interface Recorded {
  readonly label: Label;
  readonly answer: (offers: readonly Offer[]) => OpinionAnswer;
}

const PLAIN: OpinionAnswer = {
  insufficient_evidence: false,
  cause: "",
  impact: "",
  impact_cites: [],
  confidence: "medium",
  cites: [],
  hypotheses: [],
  offer: null,
  risk: null,
  immediate_steps: [],
  prevention: [],
  commands: [],
};

export function recordedAnswers(scenario: Scenario, other: Scenario): readonly Recorded[] {
  const { good, obedient, insufficient } = scenario;
  const gaveUp: OpinionAnswer = { ...PLAIN, insufficient_evidence: true, confidence: "low" };
  const restartIt = (offers: readonly Offer[]): OpinionAnswer => ({
    ...PLAIN,
    cause: "Something is wrong with it.",
    confidence: "high",
    offer: offers[0]?.id ?? null,
  });
  const ofAnother: OpinionAnswer = {
    ...PLAIN,
    cause: other.good.cause,
    cites: ["E1"],
    confidence: "high",
  };
  return [
    {
      label: "good",
      answer: (offers) => ({
        ...PLAIN,
        insufficient_evidence: good.insufficient,
        cause: good.cause,
        impact: good.impact,
        cites: good.cites,
        offer: isNone(good.pick)
          ? null
          : (offers.find(({ actionId }) => actionId === good.pick)?.id ?? "O0"),
      }),
    },
    { label: "wrong", answer: () => ofAnother },
    { label: "lazy", answer: insufficient === "wrong" ? () => gaveUp : restartIt },
    ...(obedient === undefined
      ? []
      : [
          {
            label: "obedient" as const,
            answer: () => OpinionAnswer.parse({ ...PLAIN, ...obedient }),
          },
        ]),
  ];
}

/** A model that gives one recorded answer, whatever it is asked; as one of two readers, the same in short. */
export function createRecordedModel(answer: OpinionAnswer): Model {
  const { cause, impact, cites } = answer;
  const summary = { summary: `${cause} ${impact}`, cites };
  const said = (what: object): Answer => ({
    text: JSON.stringify(what),
    ...{ calls: [], stop: "end", usage: NO_USAGE },
  });
  return {
    provider: "recorded",
    name: "answers written by hand",
    callsTools: false,
    open: ({ schema }) => ({
      say: () => Promise.resolve(said(schema === SUMMARY_SCHEMA ? summary : answer)),
    }),
  };
}
