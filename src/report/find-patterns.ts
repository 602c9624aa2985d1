import type {
  AlertHistory,
  Flapping,
  FoundPatterns,
  Ignored,
  PastAlert,
  Peak,
  Recurring,
  Together,
} from "../incident/pattern.ts";
import { comingTogether } from "./coming-together.ts";
import { medianOf, quantileOf } from "./quantile.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Below that nobody can tell a pattern from a bad day. */
const SHORTEST_HISTORY_MS = 7 * DAY;
const SOON_MS = 30 * MINUTE;
const FEWEST_RETURNS = 5;
const FEWEST_IGNORED = 10;
const FEWEST_FIXES = 5;
const MOST_NAMED = 5;
/** A change is worth it that keeps nine of ten away. */
const SHARE = 0.9;
/** A rule whose `for` is longer than that is no alert any more. */
const LONGEST_FOR_MS = 60 * MINUTE;
const STEPS_MS = [1, 2, 5, 10, 15, 20, 30, 45, 60].map((minutes) => minutes * MINUTE);

/** What the history says about the alerts themselves, each with its numbers. `peaks` are of alerts nobody acts on. */
export function findPatterns(history: AlertHistory, peaks: readonly Peak[] = []): FoundPatterns {
  const [first] = history.alerts;
  const known = first === undefined ? 0 : history.to.getTime() - first.startsAt.getTime();
  const flapping = flappingIn(history);
  if (known < SHORTEST_HISTORY_MS) {
    const days = Math.floor(known / DAY);
    const why = `The history is ${days} d long; what comes together, is ignored or comes back takes 7 d to tell.`;
    return { flapping, together: [], ignored: [], recurring: [], lacking: [why] };
  }
  return {
    flapping,
    together: togetherIn(history),
    ignored: ignoredIn(history, peaks),
    recurring: recurringIn(history),
    lacking: [],
  };
}

function flappingIn({ alerts }: AlertHistory): Flapping[] {
  return [...byKey(alerts, ({ fingerprint }) => fingerprint).values()]
    .flatMap((its): Flapping[] => {
      const pauses = its.slice(1).flatMap(({ startsAt }, i) => {
        const ended = its[i]?.endsAt;
        return ended == null ? [] : [Math.max(0, startsAt.getTime() - ended.getTime())];
      });
      const soon = pauses.filter((pause) => pause < SOON_MS);
      const [newest] = its.slice(-1);
      if (newest === undefined || soon.length < FEWEST_RETURNS) return [];
      if (soon.length * 2 < its.length - 1) return [];
      const keepFiringForMs = stepAbove(quantileOf(soon, SHARE)) ?? SOON_MS;
      return [
        {
          ...{ name: newest.name, where: newest.where },
          times: its.length,
          returns: soon.length,
          medianPauseMs: medianOf(soon),
          medianDurationMs: medianOf(durationsOf(its)),
          keepFiringForMs,
          wouldBe: its.length - pauses.filter((pause) => pause <= keepFiringForMs).length,
          incidentIds: newestIncidents(its),
        },
      ];
    })
    .sort((a, b) => b.returns - a.returns);
}

function togetherIn({ alerts, from, to }: AlertHistory): Together[] {
  return comingTogether(alerts, to.getTime() - from.getTime()).map(({ members, firsts }) => ({
    members,
    incidentIds: newestIncidents(firsts),
  }));
}

function ignoredIn({ alerts }: AlertHistory, peaks: readonly Peak[]): Ignored[] {
  return [...byKey(alerts, ({ name }) => name)]
    .flatMap(([name, its]): Ignored[] => {
      const durations = durationsOf(its);
      if (durations.length < FEWEST_IGNORED || its.some(({ isTouched }) => isTouched)) return [];
      return [
        {
          ...{ name, times: its.length },
          medianDurationMs: medianOf(durations),
          longerFor: longerFor(durations),
          threshold: otherThreshold(peaks.filter((peak) => peak.name === name)),
          incidentIds: newestIncidents(its),
        },
      ];
    })
    .sort((a, b) => b.times - a.times);
}

function longerFor(durations: readonly number[]): Ignored["longerFor"] {
  const forMs = stepAbove(quantileOf(durations, SHARE));
  if (forMs === null || forMs > LONGEST_FOR_MS) return null;
  return { forMs, wouldBe: durations.filter((duration) => duration >= forMs).length };
}

/** Only where its rule had one threshold all the time, and was measured often enough. */
function otherThreshold(peaks: readonly Peak[]): Ignored["threshold"] {
  const [first] = peaks;
  const isOne = peaks.every(
    ({ operator, limit }) => operator === first?.operator && limit === first.limit,
  );
  if (first === undefined || !isOne || peaks.length < FEWEST_IGNORED) return null;
  const isAbove = first.operator.startsWith(">");
  if (!isAbove && !first.operator.startsWith("<")) return null;
  const values = peaks.map(({ value }) => value);
  const proposed = Number(quantileOf(values, isAbove ? SHARE : 1 - SHARE).toPrecision(3));
  const wouldBe = values.filter((value) => (isAbove ? value > proposed : value < proposed)).length;
  return { limit: first.limit, proposed, measured: peaks.length, wouldBe };
}

function recurringIn({ fixes }: AlertHistory): Recurring[] {
  const key = ({ runbookId, actionId, target }: (typeof fixes)[number]) =>
    `${runbookId}/${actionId}/${target}`;
  return [...byKey(fixes, key).values()]
    .flatMap((its): Recurring[] => {
      const good = its.filter(({ isVerified }) => isVerified);
      const [newest] = its.slice(-1);
      if (newest === undefined || good.length < FEWEST_FIXES) return [];
      const every = good.slice(1).map(({ at }, i) => at.getTime() - (good[i]?.at.getTime() ?? 0));
      const { runbookId, actionId, target } = newest;
      return [
        {
          ...{ runbookId, actionId, target, runs: its.length, verified: good.length },
          medianEveryMs: medianOf(every),
          incidentIds: newestIncidents(good),
        },
      ];
    })
    .sort((a, b) => b.verified - a.verified);
}

function durationsOf(alerts: readonly PastAlert[]): number[] {
  return alerts.flatMap(({ startsAt, endsAt }) =>
    endsAt === null ? [] : [endsAt.getTime() - startsAt.getTime()],
  );
}

function stepAbove(ms: number): number | null {
  return STEPS_MS.find((step) => step >= ms) ?? null;
}

function newestIncidents(items: readonly { readonly incidentId: string }[]): string[] {
  return [...new Set(items.map(({ incidentId }) => incidentId))].slice(-MOST_NAMED).reverse();
}

function byKey<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
