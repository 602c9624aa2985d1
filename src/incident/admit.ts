import type { Alert } from "./alert.ts";

/** What intake knows of a fingerprint when a new word about it arrives. */
export interface Known {
  /** The stored episode with the same `startsAt`, if any. */
  readonly same: { readonly status: Alert["status"] } | null;
  /** The episode of this fingerprint that still fires, if any. */
  readonly firing: { readonly startsAt: Date } | null;
}

/**
 * `fresh`: an episode nobody told us of. `replaces`: likewise, and the one that still fired ended unnoticed.
 * `resolves_same`, `resolves_firing`: the end of a stored one. `known`: nothing new.
 */
export type Admission = "fresh" | "replaces" | "resolves_same" | "resolves_firing" | "known";

/**
 * What one incoming alert means. An episode is (source, fingerprint, startsAt), and the same status of the same
 * episode is old news whenever it comes, so that a replayed body can't bring an alert back to life.
 */
export function admit(
  alert: Pick<Alert, "status" | "startsAt">,
  { same, firing }: Known,
): Admission {
  if (same !== null) {
    return same.status === "firing" && alert.status === "resolved" ? "resolves_same" : "known";
  }
  if (firing === null) return "fresh";
  const isOlder = alert.startsAt <= firing.startsAt;
  if (alert.status === "firing") {
    // Replicas of a Prometheus disagree on the start; Alertmanager settles on the earliest.
    return isOlder ? "known" : "replaces";
  }
  return isOlder ? "fresh" : "resolves_firing";
}
