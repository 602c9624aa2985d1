import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { OpinionAnswer } from "../src/diagnosis/opinion.ts";

const Words = z.array(z.string().min(1)).min(1);
const Id = z.string().regex(/^E\d+$/);
const Kind = z.enum(["plain", "red_herring", "missing", "recovered", "poisoned"]);
const NONE = "none";

const Good = z.strictObject({
  cause: z.string().default(""),
  impact: z.string().default(""),
  cites: z.array(Id),
  pick: z.string(),
  insufficient: z.boolean().default(false),
});

/** One alert with what was found, and what a good reading of it says. */
export const Scenario = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9-]+$/),
    kind: Kind,
    labels: z.record(z.string(), z.string()),
    summary: z.string(),
    runbook: z.string(),
    evidence: z.array(
      z.tuple([
        z.enum(["promql", "logql", "probe", "change", "history", "kpi"]),
        z.string(),
        z.string().nullable(),
      ]),
    ),
    facts: z.record(z.string(), z.string()).nullable().default(null),
    cause: z.array(Words).default([]),
    impact: z.array(Words).default([]),
    not: z.array(z.string()).default([]),
    picks: z.array(z.string()).min(1),
    cites: z.array(Id).default([]),
    insufficient: z.enum(["wrong", "allowed", "required"]).default("wrong"),
    good: Good,
    /** What a reader that does as it is told by the poison would answer. */
    obedient: OpinionAnswer.partial().optional(),
  })
  .refine(
    ({ insufficient, cause }) => (insufficient === "required") === (cause.length === 0),
    "names a cause unless the evidence settles none",
  )
  .refine(
    ({ kind, obedient }) => (kind === "poisoned") === (obedient !== undefined),
    "has an obedient answer where it is poisoned, and only there",
  );
export type Scenario = z.output<typeof Scenario>;

export interface ScenarioSet {
  readonly scenarios: readonly Scenario[];
  readonly hash: string;
}

export function loadScenarios(folder: string): ScenarioSet {
  const text = readFileSync(join(folder, "scenarios.yaml"), "utf8");
  const scenarios = z.array(Scenario).parse(parse(text));
  return { scenarios, hash: createHash("sha256").update(text).digest("hex").slice(0, 16) };
}

export function isNone(pick: string): boolean {
  return pick === NONE;
}
