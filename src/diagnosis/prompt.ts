import { createHash } from "node:crypto";
import { z } from "zod";
import type { Labels } from "../incident/alert.ts";
import type { Summary } from "./opinion.ts";
import { OpinionAnswer, SummaryAnswer } from "./opinion.ts";
import { BUSINESS } from "./prompts/business.ts";
import { COORDINATOR } from "./prompts/coordinator.ts";
import { INFRASTRUCTURE } from "./prompts/infrastructure.ts";
import { READER } from "./prompts/reader.ts";
import type { Case } from "./reading.ts";

export const SCHEMA = schemaOf(OpinionAnswer);
export const SUMMARY_SCHEMA = schemaOf(SummaryAnswer);

const LONGEST = { label: 300, annotation: 1_000, evidence: 2_000, prose: 6_000, summarised: 600 };
const MOST = { labels: 40, evidence: 40, topology: 60 };
const READERS = { infrastructure: INFRASTRUCTURE, business: BUSINESS };

/** What a model is told, and what it is shown. */
export interface Prompt {
  /** The same for every incident, so that a provider's cache holds it. */
  readonly system: string;
  readonly text: string;
}

export function promptOf(about: Case): Prompt {
  const texts = [READER.text, ...(about.summaries === undefined ? [] : [COORDINATOR.text])];
  return { system: withSchema(texts, SCHEMA), text: caseText(about) };
}

/** For one of two readers: its own part of the evidence, in short. */
export function summaryPromptOf(by: Summary["by"], about: Case): Prompt {
  const evidence = about.evidence
    .filter(({ kind }) => (kind === "kpi") === (by === "business"))
    .map((item) => ({ ...item, text: cut(item.text, LONGEST.summarised) }));
  return {
    system: withSchema([READERS[by].text], SUMMARY_SCHEMA),
    text: caseText({ ...about, evidence, offers: [], prose: [] }),
  };
}

/** What the other reader says, for whoever has read already. */
export function summaryText(summary: Summary): string {
  return part("What two readers say", [told(summary)]).join("\n");
}

function withSchema(texts: readonly string[], schema: object): string {
  return [...texts, `The schema:\n${JSON.stringify(schema)}`].join("\n\n");
}

/** What changes a model's answers, as one short hash (T35). */
export const promptHash: string = createHash("sha256")
  .update(
    JSON.stringify([READER, INFRASTRUCTURE, BUSINESS, COORDINATOR, SCHEMA, SUMMARY_SCHEMA]) +
      JSON.stringify([LONGEST, MOST]),
  )
  .digest("hex")
  .slice(0, 16);

/**
 * What rarely changes stands first. Each item is one line of JSON, so that no text from outside can end its line and
 * begin something that looks like another part (T26).
 */
export function caseText(about: Case): string {
  const { alert, evidence, offers, prose, topology, summaries } = about;
  return [
    ...part(
      "What stands in the inventory",
      topology
        .slice(0, MOST.topology)
        .map(({ name, labels }) => ({ name, labels: bounded(labels, LONGEST.label) })),
    ),
    ...part(
      "Runbook prose, written by the owner",
      prose.map(({ runbookId, text }) => ({ runbook: runbookId, text: cut(text, LONGEST.prose) })),
    ),
    ...part(
      "Offers",
      offers.map(({ id, title, target, risk }) => ({ id, title, target, declared_risk: risk })),
    ),
    ...part("The alert", [
      {
        labels: bounded(alert.labels, LONGEST.label),
        annotations: bounded(alert.annotations, LONGEST.annotation),
        since: alert.startsAt.toISOString(),
        status: alert.status,
      },
    ]),
    ...part(
      "Evidence",
      evidence.slice(0, MOST.evidence).map(({ id, kind, title, text, status, collectedAt }) => ({
        id,
        kind,
        title: cut(title, LONGEST.label),
        status,
        text: cut(text, LONGEST.evidence),
        at: collectedAt.toISOString(),
      })),
    ),
    ...(summaries === undefined ? [] : part("What two readers say", summaries.map(told))),
  ].join("\n");
}

function told({ by, text, cites }: Summary): object {
  return { reader: by, says: text, cites };
}

function part(title: string, items: readonly object[]): string[] {
  return [`# ${title}`, ...(items.length === 0 ? ["(none)"] : items.map(line)), ""];
}

function line(item: object): string {
  return withoutSeparators(JSON.stringify(item));
}

/** JSON leaves line separators as they are; to a model they would end the line. */
export function withoutSeparators(text: string): string {
  return text.replace(/[\u2028\u2029\u0085]/g, " ");
}

function bounded(labels: Labels, longest: number): Labels {
  return Object.fromEntries(
    Object.entries(labels)
      .slice(0, MOST.labels)
      .map(([name, value]) => [cut(name, LONGEST.label), cut(value, longest)]),
  );
}

function cut(text: string, longest: number): string {
  return text.length <= longest
    ? text
    : `${text.slice(0, longest).replace(/[\uD800-\uDBFF]$/, "")} … (cut)`;
}

/** Without lengths: not every server takes them, none enforces them, and the answer is checked here anyway. */
function schemaOf(Answer: z.ZodType): z.core.JSONSchema.JSONSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(Answer, {
    override: ({ jsonSchema }) => {
      delete jsonSchema.minLength;
      delete jsonSchema.maxLength;
      delete jsonSchema.maxItems;
    },
  });
  return schema;
}
