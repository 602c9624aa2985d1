import { createHash } from "node:crypto";
import { z } from "zod";
import type { Labels } from "../incident/alert.ts";
import { OpinionAnswer } from "./opinion.ts";
import { READER } from "./prompts/reader.ts";
import type { Case } from "./reading.ts";

/** Without lengths: not every server takes them, none enforces them, and the answer is checked here anyway. */
export const SCHEMA = withoutDialect(
  z.toJSONSchema(OpinionAnswer, {
    override: ({ jsonSchema }) => {
      delete jsonSchema.maxLength;
      delete jsonSchema.maxItems;
    },
  }),
);

const LONGEST = { label: 300, annotation: 1_000, evidence: 2_000, prose: 6_000 };
const MOST = { labels: 40, evidence: 40, topology: 60 };

/** The same for every incident, so that a provider's cache holds it. */
export function systemText(): string {
  return `${READER.text}\n\nThe schema:\n${JSON.stringify(SCHEMA)}`;
}

/** What changes a model's answers, as one short hash (T35). */
export const promptHash: string = createHash("sha256")
  .update(JSON.stringify([READER.version, READER.text, SCHEMA, LONGEST, MOST]))
  .digest("hex")
  .slice(0, 16);

/**
 * What rarely changes stands first. Each item is one line of JSON, so that no text from outside can end its line and
 * begin something that looks like another part (T26).
 */
export function caseText(about: Case): string {
  const { alert, evidence, offers, prose, topology } = about;
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
  ].join("\n");
}

function part(title: string, items: readonly object[]): string[] {
  return [`# ${title}`, ...(items.length === 0 ? ["(none)"] : items.map(line)), ""];
}

/** JSON leaves line separators as they are; here they would end the line. */
function line(item: object): string {
  return JSON.stringify(item).replace(/[\u2028\u2029\u0085]/g, " ");
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

function withoutDialect({ $schema: _, ...schema }: z.core.JSONSchema.BaseSchema) {
  return schema;
}
