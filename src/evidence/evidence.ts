import type { Measurement } from "./measurement.ts";

/** A fact collected for an incident, with its source and time. Ids (E1, E2, …) are made here, never by a reader. */
export interface EvidenceItem {
  readonly id: string;
  readonly kind: "alert" | "promql" | "logql" | "probe" | "change" | "history" | "kpi";
  readonly title: string;
  /** The finding in one or a few plain lines, numbers included; bounded and redacted. */
  readonly text: string;
  readonly collectedAt: Date;
  /** A source that failed is shown as missing, with the reason in `text`. */
  readonly status: "found" | "missing";
  /** The numbers behind the text, where it has any: what a ranking reads and a graph draws. */
  readonly measurements?: readonly Measurement[];
}
