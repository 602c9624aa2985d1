import type { EvidenceItem } from "./evidence.ts";

/** How a KPI stands against its own past. */
export type Standing = "worse" | "better" | "usual" | "unknown";

/** What the text of a KPI's item begins with. These words are ours, whatever a source answers. */
export const STANDING_WORDS: Readonly<Record<Standing, string>> = {
  worse: "Worse than usual",
  better: "Better than usual",
  usual: "As usual",
  unknown: "Not to be compared",
};

const STANDINGS = Object.keys(STANDING_WORDS) as Standing[];

/** Null of what is no KPI, or could not be asked. */
export function standingOf({
  kind,
  status,
  text,
}: Pick<EvidenceItem, "kind" | "status" | "text">): Standing | null {
  if (kind !== "kpi" || status !== "found") return null;
  return STANDINGS.find((standing) => text.startsWith(STANDING_WORDS[standing])) ?? null;
}
