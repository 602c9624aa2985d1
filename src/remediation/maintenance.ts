import { Cron } from "croner";
import type { Labels } from "../incident/alert.ts";
import { instanceOf } from "./find-target.ts";
import { isMatch } from "./matchers.ts";
import type { Maintenance, Policy, TimeWindow } from "./policy.ts";
import { namesOf } from "./policy.ts";

type Windows = Pick<Policy, "maintenance" | "targets">;

/** The window that an action on this target lies in, asked for by this alert or by none; of several the last to end. */
export function maintenanceOf(
  { maintenance }: Pick<Windows, "maintenance">,
  about: { readonly target: string; readonly labels: Labels | null },
  now: Date,
): Maintenance | null {
  return lastToEnd(maintenance, [about.target], about.labels, now);
}

/** The window that an alert lies in: one that matches it, or one for the target that its `instance` names. */
export function maintenanceOfAlert(policy: Windows, labels: Labels, now: Date): Maintenance | null {
  return lastToEnd(policy.maintenance, targetsOf(policy, labels), labels, now);
}

/** The entries of the inventory that an alert's `instance` names. */
export function targetsOf({ targets }: Pick<Windows, "targets">, labels: Labels): string[] {
  const instance = instanceOf(labels);
  return instance === null ? [] : namesOf(targets, instance);
}

function lastToEnd(
  windows: Windows["maintenance"],
  names: readonly string[],
  labels: Labels | null,
  now: Date,
): Maintenance | null {
  const open = windows.flatMap(({ title, when, targets, match }) => {
    const isMeant =
      match === null
        ? names.some((name) => targets.includes(name))
        : labels !== null && isMatch(match, labels);
    const until = isMeant ? openUntil(when, now) : null;
    return until === null ? [] : [{ title, until }];
  });
  return open.sort((a, b) => b.until.getTime() - a.until.getTime())[0] ?? null;
}

/** The end of a window that `now` lies in, or null. Cron times are this machine's local time. */
export function openUntil(window: TimeWindow, now: Date): Date | null {
  if ("from" in window) return window.from <= now && now < window.to ? window.to : null;
  const { cron, forMs } = window;
  const began = new Cron(cron).nextRun(new Date(now.getTime() - forMs));
  return began !== null && began <= now ? new Date(began.getTime() + forMs) : null;
}

/** Null where none is known. */
export function lastOf(ends: readonly (Date | null | undefined)[]): Date | null {
  const known = ends.filter((end) => end != null).map(Number);
  return known.length === 0 ? null : new Date(Math.max(...known));
}
