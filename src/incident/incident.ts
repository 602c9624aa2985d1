import type { Asker, Episode, Severity, Source } from "./alert.ts";
import type { Trust } from "./alert-group.ts";

/**
 * An incident is our record of one alert group from its first firing alert to its last resolved one:
 * `open -> acknowledged? -> resolved`. A member that fires anew within the dedup window of the
 * resolution re-opens it; later than that a new incident begins.
 */
export type IncidentState = "open" | "acknowledged" | "resolved";

export interface Incident {
  readonly id: string;
  /** An asker's incident has no alerts, and is over when what was asked for is. */
  readonly source: Source | Asker;
  /** The group's key, or `fingerprint:<f>` where the body had none. */
  readonly groupKey: string;
  readonly state: IncidentState;
  readonly title: string;
  readonly severity: Severity | null;
  readonly openedAt: Date;
  readonly acknowledgedBy: string | null;
  readonly resolvedAt: Date | null;
  readonly truncatedAlerts: number;
  readonly trust: Trust;
  /** Grows with every change a card could show; projections compare it with what they last showed. */
  readonly version: number;
}

export interface IncidentWithAlerts extends Incident {
  readonly alerts: readonly Episode[];
}

/** Whether it began with a person or a program that asked for an action, not with an alert. */
export function isAskedFor({ source }: Pick<Incident, "source">): boolean {
  return source === "person" || source === "api" || source === "autonomy";
}

/** Whether Countersign noticed it itself: a watch, or what does not come any more. */
export function isNoticed({ source }: Pick<Incident, "source">): boolean {
  return source === "countersign";
}

/** One line of an incident's story, taken from the record. */
export interface TimelineEntry {
  readonly seq: number;
  readonly at: Date;
  /** `{entity}.{verb}`, such as `request.approved`. */
  readonly kind: string;
  readonly actor: string;
  readonly text: string;
}
