import type { Admission, Alert, Known } from "./alert.ts";

/**
 * What one incoming alert means. An episode is (source, fingerprint, startsAt), and the same status of the same
 * episode is old news whenever it comes, so that a replayed body can't bring an alert back to life.
 */
export function admit(
  alert: Pick<Alert, "status" | "startsAt" | "endsAt">,
  { same, firing }: Known,
): Admission {
  if (same !== null) {
    return same.status === "firing" && alert.status === "resolved" && !isOverBefore(alert, same)
      ? "resolves"
      : "known";
  }
  if (firing === null) return "fresh";
  const isOlder = alert.startsAt <= firing.startsAt;
  if (alert.status === "firing") {
    // Replicas of a Prometheus disagree on the start; Alertmanager settles on the earliest.
    return isOlder ? "renames" : "replaces";
  }
  // An end that comes late belongs to an episode of its own; otherwise only the start was settled anew.
  return isOlder && (alert.endsAt === null || isOverBefore(alert, firing)) ? "fresh" : "resolves";
}

function isOverBefore(
  alert: Pick<Alert, "startsAt" | "endsAt">,
  { startsAt }: Pick<Alert, "startsAt">,
): boolean {
  return alert.startsAt < startsAt && alert.endsAt !== null && alert.endsAt < startsAt;
}
