import type { PastAlert, Together } from "../incident/pattern.ts";
import { medianOf } from "./quantile.ts";

const WITHIN_MS = 2 * 60_000;
const FEWEST = 5;
/** Of the rarer one. */
const SHARE = 0.8;
/** Times as often as by chance. */
const ABOVE_CHANCE = 3;

interface Kind {
  readonly alerts: readonly PastAlert[];
  readonly starts: readonly number[];
}

interface Pair {
  /** How often the other one started within two minutes, and how long after, at the median. */
  readonly times: number;
  readonly lagMs: number;
  readonly byChance: number;
}

export interface Found {
  readonly members: Together["members"];
  readonly firsts: readonly PastAlert[];
}

/** Alerts that start within two minutes of each other, four times out of five, and far more often than chance has it. */
export function comingTogether(alerts: readonly PastAlert[], lengthMs: number): Found[] {
  const kinds = kindsOf(alerts);
  const groups: Kind[][] = [];
  for (const [at, a] of kinds.entries()) {
    for (const b of kinds.slice(at + 1)) if (isPair(a, b, lengthMs)) join(groups, a, b);
  }
  return groups.map((group) => inOrder(group, lengthMs));
}

function kindsOf(alerts: readonly PastAlert[]): Kind[] {
  const found = new Map<string, PastAlert[]>();
  for (const alert of alerts) {
    found.set(alert.fingerprint, [...(found.get(alert.fingerprint) ?? []), alert]);
  }
  return [...found.values()]
    .filter((its) => its.length >= FEWEST)
    .map((its) => ({
      alerts: its,
      starts: its.map(({ startsAt }) => startsAt.getTime()).sort((a, b) => a - b),
    }));
}

function isPair(a: Kind, b: Kind, lengthMs: number): boolean {
  const [rarer, other] = a.starts.length <= b.starts.length ? [a, b] : [b, a];
  const { times, byChance } = pairOf(rarer, other, lengthMs);
  const isOften = times >= FEWEST && times >= SHARE * rarer.starts.length;
  return isOften && times >= ABOVE_CHANCE * byChance;
}

/** How often `other` starts about when `one` does. */
function pairOf(one: Kind, other: Kind, lengthMs: number): Pair {
  const lags = one.starts.flatMap((start) => nearest(other.starts, start) ?? []);
  const rate = (2 * WITHIN_MS * other.starts.length) / lengthMs;
  return {
    times: lags.length,
    lagMs: medianOf(lags),
    byChance: one.starts.length * (1 - Math.exp(-rate)),
  };
}

/** How long after; null where nothing started near it. */
function nearest(starts: readonly number[], to: number): number | null {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? 0) < to) low = middle + 1;
    else high = middle;
  }
  const lags = [starts[low - 1], starts[low]].flatMap((start) =>
    start === undefined || Math.abs(start - to) > WITHIN_MS ? [] : [start - to],
  );
  return lags.sort((a, b) => Math.abs(a) - Math.abs(b))[0] ?? null;
}

/** Whoever is in a group already takes the other one, or its whole group, in. */
function join(groups: Kind[][], a: Kind, b: Kind): void {
  const [its, theirs] = [a, b].map((kind) => groups.find((group) => group.includes(kind)));
  if (its !== undefined && its === theirs) return;
  const merged = [...(its ?? [a]), ...(theirs ?? [b])];
  for (const old of [its, theirs]) if (old !== undefined) groups.splice(groups.indexOf(old), 1);
  groups.push(merged);
}

function inOrder(group: readonly Kind[], lengthMs: number): Found {
  const leadOf = (kind: Kind) =>
    group.reduce((sum, other) => sum + (other === kind ? 0 : lagOf(kind, other, lengthMs)), 0);
  const sorted = [...group].sort((a, b) => leadOf(b) - leadOf(a));
  const [first] = sorted as [Kind];
  const members = sorted.map((kind) => {
    const { times, byChance } = pairOf(kind, first, lengthMs);
    const [one] = kind.alerts as [PastAlert];
    return {
      ...{ name: one.name, where: one.where, times: kind.starts.length },
      withFirst: kind === first ? kind.starts.length : times,
      medianLagMs: kind === first ? 0 : lagOf(first, kind, lengthMs),
      byChance: kind === first ? kind.starts.length : byChance,
    };
  });
  return { members, firsts: first.alerts };
}

/** How long after `one` the other starts, at the median; 0 where they never meet. */
function lagOf(one: Kind, other: Kind, lengthMs: number): number {
  const { lagMs } = pairOf(one, other, lengthMs);
  return Number.isNaN(lagMs) ? 0 : lagMs;
}
