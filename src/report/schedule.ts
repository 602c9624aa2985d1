import { Cron } from "croner";
import type { Period } from "../incident/report.ts";
import type { Policy } from "../remediation/policy.ts";

/** After that nobody waits for it any more: the program was away. */
const LATE_MS = 12 * 3_600_000;

export interface Due {
  readonly period: Period;
  readonly at: Date;
  /** The same for every time within one day, week or month: only one report of it is ever sent. */
  readonly name: string;
}

/** The reports whose hour has come since then; the times are this machine's own, as those of a freeze. */
export function dueReports(times: Policy["reports"], since: Date, now: Date): Due[] {
  const from = new Date(Math.max(since.getTime(), now.getTime() - LATE_MS));
  return (Object.entries(times) as [Period, string | null][]).flatMap(([period, cron]) => {
    const at = cron === null ? null : new Cron(cron).nextRun(from);
    if (at === null || at > now) return [];
    return [{ period, at, name: `${period} ${nameOf[period](at)}` }];
  });
}

const nameOf: Readonly<Record<Period, (at: Date) => string>> = {
  day: localDate,
  week: (at) => localDate(new Date(at.getFullYear(), at.getMonth(), at.getDate() - daysInWeek(at))),
  month: (at) => localDate(at).slice(0, 7),
};

function localDate(at: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Since its Monday. */
function daysInWeek(at: Date): number {
  return (at.getDay() + 6) % 7;
}
