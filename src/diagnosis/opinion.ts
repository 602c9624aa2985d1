import { z } from "zod";
import type { Usage } from "./model.ts";

const Sentence = z.string().max(600);
const Cites = z.array(z.string().max(12)).max(20);
const Confidence = z.enum(["low", "medium", "high"]);

/** What a model has to answer. Lengths are checked here: no server enforces them. */
export const OpinionAnswer = z.strictObject({
  insufficient_evidence: z
    .boolean()
    .describe("true when the evidence does not settle the cause; this is a full answer"),
  cause: Sentence.describe("the most probable cause, one or two sentences; empty if insufficient"),
  impact: Sentence.describe("what users or services notice; empty if the evidence does not say"),
  impact_cites: Cites.describe("ids of the evidence items that the impact rests on"),
  confidence: Confidence,
  cites: Cites.describe("ids of the evidence items that the cause rests on, such as E2"),
  hypotheses: z
    .array(
      z.strictObject({
        text: Sentence,
        verdict: z.enum(["likely", "possible", "ruled_out"]),
        cites: Cites,
      }),
    )
    .max(6),
  offer: z
    .string()
    .max(12)
    .nullable()
    .describe("the id of the one offer that fits the cause, such as O1, or null"),
  risk: z
    .enum(["low", "medium", "high"])
    .nullable()
    .describe("how risky that offer is right now, if riskier than declared; else null"),
  immediate_steps: z.array(Sentence).max(6),
  prevention: z.array(Sentence).max(4),
  commands: z
    .array(z.string().max(300))
    .max(6)
    .describe(
      "read-only commands that a person may copy to look further; none that changes anything",
    ),
});
export type OpinionAnswer = z.output<typeof OpinionAnswer>;

const LONGEST_SUMMARY = 1_000;

/** What each of two readers has to answer. */
export const SummaryAnswer = z.strictObject({
  summary: z
    .string()
    .min(1)
    .max(LONGEST_SUMMARY)
    .describe("what your evidence shows, in at most four short sentences"),
  cites: Cites.describe("ids of the evidence items that it rests on, such as E2"),
});

/** What one of two readers makes of its own evidence. */
export interface Summary {
  readonly by: "infrastructure" | "business";
  readonly text: string;
  readonly cites: readonly string[];
}

/** An opinion of a model, after everything in it that does not hold was taken out or marked. It decides nothing. */
export interface Opinion {
  readonly provider: string;
  readonly model: string;
  /** SHA-256 of the prompt and its settings: a change of either is seen (T35). */
  readonly promptHash: string;
  readonly isInsufficient: boolean;
  readonly cause: string;
  readonly impact: string;
  readonly impactCites: readonly string[];
  readonly confidence: "low" | "medium" | "high";
  readonly cites: readonly string[];
  readonly hypotheses: readonly {
    readonly text: string;
    readonly verdict: "likely" | "possible" | "ruled_out";
    readonly cites: readonly string[];
  }[];
  /** One of the offers that were made without it; only ever shown. */
  readonly pick: { readonly runbookId: string; readonly actionId: string } | null;
  /** Only where it is higher than the declared one. */
  readonly risk: "medium" | "high" | null;
  readonly steps: readonly string[];
  readonly prevention: readonly string[];
  readonly commands: readonly string[];
  /** Numbers, names and hosts it states that stand in no evidence. */
  readonly unsupported: readonly string[];
  /** What was dropped, in plain words. */
  readonly dropped: readonly string[];
  readonly usage: Usage;
  readonly costUsd: number;
  readonly calls: number;
  readonly tookMs: number;
  readonly at: Date;
  /** What two readers told the one who wrote it; null where one was enough. */
  readonly consultation:
    | { readonly outcome: "held"; readonly summaries: readonly Summary[] }
    | { readonly outcome: "failed"; readonly why: string }
    | null;
  /** Written for another incident of the same kind and shown again. */
  readonly recalledFrom: { readonly incidentId: string; readonly outcome: string } | null;
}

/** Why there is none. */
export interface NoOpinion {
  readonly why: string;
  readonly at: Date;
}

/** What may be picked; made from the runbooks before any model is asked. */
export interface Offer {
  readonly id: string;
  readonly runbookId: string;
  readonly actionId: string;
  readonly title: string;
  readonly target: string;
  readonly risk: "low" | "medium" | "high";
}
