import type { EvidenceItem } from "../evidence/evidence.ts";
import type { Alert } from "../incident/alert.ts";
import { nameOf } from "../incident/alert.ts";
import type { Diagnosis } from "./diagnosis.ts";

/**
 * The reading without a model: what the alert itself says, what the matching runbook is about, and which evidence was
 * found. It claims no more than that.
 */
export function reason(
  alert: Pick<Alert, "labels" | "annotations">,
  runbook: { readonly title: string; readonly isFallback: boolean } | null,
  evidence: readonly EvidenceItem[],
): Diagnosis {
  const { summary, description, message } = alert.annotations;
  const told = summary ?? description ?? message ?? nameOf(alert.labels);
  const found = evidence.filter((item) => item.status === "found");
  const isKnown = runbook !== null && !runbook.isFallback;
  return {
    by: "rules",
    cause: isKnown
      ? `${runbook.title}. The alert says: ${told}`
      : `No runbook knows this alert. It says: ${told}`,
    confidence: isKnown && found.length > 0 ? "medium" : "low",
    cites: found.map((item) => item.id),
  };
}
