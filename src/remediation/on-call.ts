import type { Duty, Rota } from "./policy.ts";

const WEEK_DAYS = 7;
const WEEK_MS = WEEK_DAYS * 24 * 3_600_000;

/** Who is on call: one person at any moment. An override wins over the weeks that it lies in, and cuts them. */
export function onCall({ people, starts, overrides }: Rota, now: Date): Duty {
  const override = overrides.find(({ from, to }) => from <= now && now < to);
  if (override !== undefined) return override;
  const week = weekAt(starts, now);
  const turn = ((week % people.length) + people.length) % people.length;
  const before = overrides.map(({ to }) => to).filter((at) => at <= now);
  const after = overrides.map(({ from }) => from).filter((at) => at > now);
  return {
    person: people[turn] as string,
    from: latest([handover(starts, week), ...before]),
    to: earliest([handover(starts, week + 1), ...after]),
  };
}

/** The one that `now` lies in, and those that follow it. */
export function duties(rota: Rota, now: Date, count: number): Duty[] {
  const found = [onCall(rota, now)];
  for (let last = found[0]; last !== undefined && found.length < count; last = found.at(-1)) {
    found.push(onCall(rota, last.to));
  }
  return found;
}

/** The same time of the week by this machine's clock: with a change to summer time, a week is not 168 hours. */
function handover(starts: Date, week: number): Date {
  const [year, month, day] = [starts.getFullYear(), starts.getMonth(), starts.getDate()];
  return new Date(year, month, day + week * WEEK_DAYS, starts.getHours(), starts.getMinutes());
}

/** Counted from the first handover; negative before it. */
function weekAt(starts: Date, now: Date): number {
  const nearest = Math.round((now.getTime() - starts.getTime()) / WEEK_MS);
  return handover(starts, nearest) <= now ? nearest : nearest - 1;
}

function latest(dates: readonly Date[]): Date {
  return new Date(Math.max(...dates.map(Number)));
}

function earliest(dates: readonly Date[]): Date {
  return new Date(Math.min(...dates.map(Number)));
}
