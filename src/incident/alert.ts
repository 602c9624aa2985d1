import { createHash } from "node:crypto";

/**
 * Where an alert came from; `countersign` is what it notices itself, `drill` what it only rehearses. Identity never
 * crosses sources: two of them may use the same fingerprint.
 */
export type Source = "alertmanager" | "grafana" | "countersign" | "drill";

/** What opens an incident without any alert: who asks for an action, or `autonomy` for leave to run one unasked. */
export type Asker = "person" | "api" | "autonomy";

export type Labels = Readonly<Record<string, string>>;

export type Severity = "critical" | "warning" | "info";

/** One alert as its source described it; `startsAt` tells one episode of a fingerprint from the next. */
export interface Alert {
  readonly fingerprint: string;
  readonly status: "firing" | "resolved";
  readonly startsAt: Date;
  readonly endsAt: Date | null;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly generatorUrl: string | null;
  /** Keys the source sent that we do not know, kept as they came. */
  readonly extra: Readonly<Record<string, unknown>> | null;
}

/** What one is asked about by; who sent it is left out where that is not known, and then it was Alertmanager. */
export type AskedAbout = Pick<Alert, "fingerprint" | "labels" | "startsAt"> & {
  readonly source?: Source;
};

/** An alert on its way in: a sender may leave `startsAt` to us, and then it is the open episode's or the receipt's. */
export type IncomingAlert = Omit<Alert, "startsAt"> & { readonly startsAt: Date | null };

/** A stored alert: one episode (source, fingerprint, startsAt) with the incident it belongs to. */
export interface Episode extends Alert {
  readonly id: number;
  readonly source: Source;
  readonly incidentId: string;
  readonly receivedAt: Date;
}

/** What intake knows of a fingerprint when a new word about it arrives. */
export interface Known {
  /** The stored episode that has, or was also given, the same `startsAt`, if any. */
  readonly same: { readonly status: Alert["status"]; readonly startsAt: Date } | null;
  /** The episode of this fingerprint that still fires, if any. */
  readonly firing: { readonly startsAt: Date } | null;
}

/**
 * `fresh`: an episode nobody told us of. `replaces`: likewise, and the one that still fired ended unnoticed.
 * `resolves`: the end of a stored one. `renames`: another start of the one that fires. `known`: nothing new.
 */
export type Admission = "fresh" | "replaces" | "resolves" | "renames" | "known";

/** Whether it is a rehearsal: nothing may run for it, and nobody can approve anything. */
export function isDrill({ source }: { readonly source: Source | Asker }): boolean {
  return source === "drill";
}

/** Whether a drill is to get along without the model, or without a chat, by its name. */
export function isWithout(alert: { source: Source; labels: Labels }, part: string): boolean {
  return isDrill(alert) && (alert.labels.without?.split(",").includes(part) ?? false);
}

/** The severity as the cards and the policy understand it; anything else is `null` and never runs unasked. */
export function severityOf(labels: Labels): Severity | null {
  const word = labels.severity?.toLowerCase();
  return word === "critical" || word === "warning" || word === "info" ? word : null;
}

/** The name people call the alert by; bodies without `alertname` exist. */
export function nameOf(labels: Labels): string {
  return labels.alertname || labels.alert_name || labels.rule_name || "Alert without a name";
}

/** What the alert is about, as people call it; empty where no label says so. */
export function placeOf(labels: Labels): string {
  return labels.instance ?? labels.name ?? labels.container ?? labels.host ?? labels.job ?? "";
}

/** Where a body carries no fingerprint: a stable hash of the label set, 16 hex digits like Alertmanager's own. */
export function fingerprintOf(labels: Labels): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return createHash("sha256").update(JSON.stringify(pairs)).digest("hex").slice(0, 16);
}
