import type { Request } from "./approval/approval.ts";
import { nameOf, placeOf } from "./incident/alert.ts";
import type { AlertGroup } from "./incident/alert-group.ts";
import type { Reason, Risk } from "./remediation/proposal.ts";
import type { Ignored, Replayed, Rules } from "./replay.ts";
import { keyOf, replay } from "./replay.ts";
import type { Bygone } from "./store/bygone.ts";
import type { Store } from "./store/store.ts";

/** `run`: by itself. `nothing`: no runbook offers anything. `ignored`: `alerts.ignore` of the policy. */
export const OUTCOMES = ["run", "ask", "refuse", "nothing", "ignored"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What came of one alert, or would. */
export interface Result {
  readonly outcome: Outcome;
  /** `runbook/action`; null where nothing was offered. */
  readonly action: string | null;
  readonly title: string | null;
  readonly target: string | null;
  readonly risk: Risk | null;
  readonly reasons: readonly Reason[];
  /** Where it is told; null for every chat, absent where only history knows. */
  readonly to?: readonly string[] | null;
}

export interface Compared {
  readonly at: Date;
  readonly alert: string;
  readonly where: string;
  /** Where it is in the history. */
  readonly incident: string | null;
  readonly would: Result;
  /** What happened, or would under the other rules; null where there is nothing to compare with. */
  readonly was: Result | null;
  readonly isDifferent: boolean;
}

export type Counts = Readonly<Record<Outcome, number>>;

export interface Backtest {
  readonly alerts: readonly Compared[];
  readonly would: Counts;
  readonly was: Counts | null;
  /** Of those that are different, how many went from one outcome to the other, such as `ask -> run`. */
  readonly changes: Readonly<Record<string, number>>;
  /** What would have run by itself, the most frequent first. */
  readonly runs: readonly { readonly action: string; readonly target: string; count: number }[];
}

/** Limits and cooldowns of the first alerts count what ran before them. */
const LEAD_MS = 24 * 3_600_000;

interface Surroundings {
  readonly hasSource: boolean;
  readonly dedupWindowMs: number;
}

/** The stored history since then, under these rules, beside what happened or beside what would under others. */
export async function backtestHistory(
  bygone: Pick<Store["bygone"], "alertsSince" | "switchesSince">,
  wish: Surroundings & {
    readonly since: Date;
    readonly rules: Rules;
    readonly against: Rules | null;
    /** Null where it was as people had switched it. */
    readonly autohealing: boolean | null;
  },
): Promise<Backtest> {
  const { since, rules, against } = wish;
  const from = new Date(since.getTime() - LEAD_MS);
  const known = await bygone.alertsSince(from);
  const switches = await bygone.switchesSince(from);
  const past = { ...wish, groups: groupsOf(known), known, switches };
  const before = against === null ? { came: known, ignored: [] } : await replay(past, against);
  const incidents = new Map(known.map((one) => [keyOf(one.episode), one.incident.id]));
  return compare(await replay(past, rules), before, { since, incidents });
}

/** Alerts of which nobody knows what came, under these rules and, where there are others, under those. */
export async function backtestGroups(
  groups: readonly AlertGroup[],
  wish: Surroundings & {
    readonly rules: Rules;
    readonly against: Rules | null;
    readonly autohealing: boolean;
  },
): Promise<Backtest> {
  const past = { ...wish, groups, known: [], switches: [] };
  const before = wish.against === null ? null : await replay(past, wish.against);
  return compare(await replay(past, wish.rules), before, {
    since: new Date(0),
    incidents: new Map(),
  });
}

/** What is known of a pass: where its alerts are told only where it is a replay. */
type Pass = Omit<Replayed, "toldTo"> & Partial<Pick<Replayed, "toldTo">>;

/** One pass beside the other, alert by alert. */
function compare(
  replayed: Pass,
  before: Pass | null,
  options: { readonly since: Date; readonly incidents: ReadonlyMap<string, string> },
): Backtest {
  const then = new Map(before === null ? [] : resultsIn(before).map((one) => [one.key, one]));
  const alerts = resultsIn(replayed)
    .filter(({ alert }) => alert.receivedAt >= options.since)
    .map(({ key, alert, result: would }): Compared => {
      const was = then.get(key)?.result ?? null;
      return {
        at: alert.receivedAt,
        alert: nameOf(alert.labels),
        where: placeOf(alert.labels),
        incident: options.incidents.get(key) ?? null,
        ...{ would, was },
        isDifferent: was !== null && differs(was, would),
      };
    });
  return {
    alerts,
    would: countsOf(alerts.map(({ would }) => would)),
    was: before === null ? null : countsOf(alerts.flatMap(({ was }) => was ?? [])),
    changes: changesOf(alerts),
    runs: runsOf(alerts),
  };
}

/** What came of each alert, in the order in which they came. */
function resultsIn({ came, ignored, toldTo }: Pass) {
  const told = ({ labels }: Ignored) => (toldTo === undefined ? {} : { to: toldTo(labels) });
  const results = [
    ...came.map(({ episode, requests }) => ({
      alert: episode as Ignored,
      result: { ...resultOf(requests), ...told(episode) },
    })),
    ...ignored.map((alert) => ({ alert, result: { ...NOTHING, outcome: "ignored" as const } })),
  ];
  return results
    .map((one) => ({ ...one, key: keyOf(one.alert) }))
    .sort((a, b) => a.alert.receivedAt.getTime() - b.alert.receivedAt.getTime());
}

const NOTHING: Result = {
  outcome: "nothing",
  action: null,
  title: null,
  target: null,
  risk: null,
  reasons: [],
};

/** Of everything that was put forward for an alert what went furthest, the first of that. */
function resultOf(requests: readonly Request[]): Result {
  const ranked = requests.map((request) => ({ request, outcome: outcomeOf(request) }));
  const found = OUTCOMES.flatMap((outcome) => ranked.find((one) => one.outcome === outcome) ?? []);
  const [best] = found;
  if (best === undefined) return NOTHING;
  const { proposal, risk, reasons } = best.request;
  return {
    outcome: best.outcome,
    action: `${proposal.runbookId}/${proposal.actionId}`,
    title: proposal.actionTitle,
    target: "target" in proposal ? proposal.target.name : null,
    ...{ risk, reasons },
  };
}

const UNSTARTED = ["superseded", "cancelled", "expired", "rejected"];

function outcomeOf(request: Request): Outcome {
  if (request.state === "denied") return "refuse";
  // What was to run by itself and was taken back before did not.
  return request.isApprovedByPolicy && !UNSTARTED.includes(request.state) ? "run" : "ask";
}

function differs(a: Result, b: Result): boolean {
  const isToldElsewhere = a.to !== undefined && b.to !== undefined && `${a.to}` !== `${b.to}`;
  const isOther = a.outcome !== b.outcome || a.action !== b.action || a.target !== b.target;
  return isOther || isToldElsewhere;
}

function countsOf(results: readonly Result[]): Counts {
  const count = (outcome: Outcome) => results.filter((one) => one.outcome === outcome).length;
  return {
    run: count("run"),
    ask: count("ask"),
    refuse: count("refuse"),
    nothing: count("nothing"),
    ignored: count("ignored"),
  };
}

function changesOf(alerts: readonly Compared[]): Record<string, number> {
  const changes: Record<string, number> = {};
  for (const { was, would, isDifferent } of alerts) {
    if (!isDifferent || was === null) continue;
    const name = `${was.outcome} -> ${would.outcome}`;
    changes[name] = (changes[name] ?? 0) + 1;
  }
  return changes;
}

function runsOf(alerts: readonly Compared[]): Backtest["runs"] {
  const runs = new Map<string, Backtest["runs"][number]>();
  for (const { would } of alerts) {
    if (would.outcome !== "run" || would.action === null) continue;
    const target = would.target ?? "";
    const key = `${would.action} ${target}`;
    const known = runs.get(key) ?? { action: would.action, target, count: 0 };
    runs.set(key, { ...known, count: known.count + 1 });
  }
  return [...runs.values()].sort((a, b) => b.count - a.count);
}

/** The alerts of the history as they came: each began, and where it is over, ended. */
export function groupsOf(known: readonly Bygone[]): AlertGroup[] {
  return known.flatMap(({ episode, incident }) => {
    const { receivedAt, endsAt, status } = episode;
    const isOver = status === "resolved" && endsAt !== null;
    // What was over before anybody heard of it was not acted on.
    if (isOver && endsAt <= receivedAt) return [];
    const group = (at: Date, how: "firing" | "resolved"): AlertGroup => ({
      source: episode.source,
      groupKey: incident.groupKey,
      receiver: null,
      groupLabels: {},
      externalUrl: null,
      truncatedAlerts: incident.truncatedAlerts,
      trust: incident.trust,
      receivedAt: at,
      extra: null,
      alerts: [{ ...episode, status: how, endsAt: how === "firing" ? null : at }],
    });
    const end = isOver ? [group(endsAt, "resolved")] : [];
    return [group(receivedAt, "firing"), ...end];
  });
}
