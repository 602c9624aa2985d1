import type { BaselineName, Window } from "./measurement.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Nobody knows how long before its alert a fault began; `for` alone holds the alert back. */
const LEAD_MS = 10 * MINUTE_MS;
const LONGEST_MS = 6 * 60 * MINUTE_MS;
const POINTS_WANTED = 40;
const FINEST_STEP_MS = 15_000;
/** The hour of the day is not exact: what happens at 3:00 happens at 3:20 the next time. */
const SLACK_MS = 30 * MINUTE_MS;
/** The window before is longer than the one it is compared with: a normal that rests on few points is none. */
const BEFORE_TIMES = 4;

/** The window around an alert and what it is compared with; all in the clock of the source. */
export interface Frame {
  readonly alertAtMs: number;
  readonly now: Window;
  readonly baselines: Readonly<Record<BaselineName, Window>>;
  /** Two neighbours that one question covers. */
  readonly beforeAndNow: Window;
}

/**
 * From before the alert to now. What is long over or far in the future is brought back: a source may be asked about an
 * alert whose clock was wrong.
 */
export function frameAround(alertAt: Date, { forMs, now }: { forMs: number; now: Date }): Frame {
  const nowMs = floorTo(now.getTime(), 1_000);
  const alertAtMs = Math.min(floorTo(alertAt.getTime(), 1_000), nowMs);
  const lead = Math.min(LEAD_MS + forMs, LONGEST_MS);
  const until = Math.min(nowMs, alertAtMs - lead + LONGEST_MS);
  const spanMs = until - (alertAtMs - lead);
  const stepMs = Math.max(FINEST_STEP_MS, floorTo(spanMs / POINTS_WANTED, FINEST_STEP_MS));
  // All windows stand on one grid, so that a point of one never falls between two of another.
  const toMs = floorTo(until, stepMs);
  const fromMs = floorTo(alertAtMs - lead, stepMs);
  const beforeFromMs = fromMs - BEFORE_TIMES * (toMs - fromMs);
  const at = (days: number): Window => ({
    fromMs: floorTo(fromMs - SLACK_MS, stepMs) - days * DAY_MS,
    toMs: floorTo(toMs + SLACK_MS, stepMs) - days * DAY_MS,
    stepMs,
  });
  return {
    alertAtMs,
    now: { fromMs, toMs, stepMs },
    baselines: {
      before: { fromMs: beforeFromMs, toMs: fromMs - stepMs, stepMs },
      yesterday: at(1),
      last_week: at(7),
    },
    beforeAndNow: { fromMs: beforeFromMs, toMs, stepMs },
  };
}

/** The same windows with half the points: enough to compare, and half as much to fetch where there are hundreds. */
export function coarser({ alertAtMs, now, baselines, beforeAndNow }: Frame): Frame {
  const halved = ({ fromMs, toMs, stepMs }: Window): Window => ({
    fromMs: floorTo(fromMs, 2 * stepMs),
    toMs: floorTo(toMs, 2 * stepMs),
    stepMs: 2 * stepMs,
  });
  return {
    alertAtMs,
    now: halved(now),
    baselines: {
      before: halved(baselines.before),
      yesterday: halved(baselines.yesterday),
      last_week: halved(baselines.last_week),
    },
    beforeAndNow: halved(beforeAndNow),
  };
}

function floorTo(value: number, step: number): number {
  return Math.floor(value / step) * step;
}
