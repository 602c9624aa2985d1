import type { CrashPoint } from "../../src/crash-points.ts";
import { CRASH_POINTS } from "../../src/crash-points.ts";
import type { Options, Tortured } from "./torture.ts";
import { torture } from "./torture.ts";

/** Most of a life is spent waiting, so several are lived at a time: each program dies at its share of the points. */
const PROGRAMS = 3;

export async function tortureSideBySide(options: Omit<Options, "points">): Promise<Tortured> {
  const ends = await Promise.all(
    Array.from({ length: PROGRAMS }, (_, share) =>
      torture({
        ...options,
        seed: options.seed + share,
        points: CRASH_POINTS.filter((__, i) => i % PROGRAMS === share),
      }),
    ),
  );
  const sum = (numberOf: (end: Tortured) => number) =>
    ends.reduce((total, end) => total + numberOf(end), 0);
  const reached = new Map<CrashPoint, number>();
  for (const [point, times] of ends.flatMap(({ points }) => [...points])) {
    reached.set(point, (reached.get(point) ?? 0) + times);
  }
  return {
    rounds: Math.min(...ends.map(({ rounds }) => rounds)),
    kills: sum(({ kills }) => kills),
    alertsSent: sum(({ alertsSent }) => alertsSent),
    alertsLost: sum(({ alertsLost }) => alertsLost),
    executions: sum(({ executions }) => executions),
    doubleExecutions: sum(({ doubleExecutions }) => doubleExecutions),
    unapprovedExecutions: sum(({ unapprovedExecutions }) => unapprovedExecutions),
    recordsVerified: sum(({ recordsVerified }) => recordsVerified),
    points: reached,
    wrong: ends.flatMap(({ wrong }) => wrong),
  };
}
