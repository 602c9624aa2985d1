import { setImmediate as nextTurn } from "node:timers/promises";
import type { Request } from "./approval/approval.ts";
import { redact } from "./evidence/redact.ts";
import type { Executor, RunResult } from "./execution/execution.ts";
import { admit } from "./incident/admit.ts";
import type { Episode, Labels } from "./incident/alert.ts";
import type { AlertGroup } from "./incident/alert-group.ts";
import type { Policy } from "./remediation/policy.ts";
import { CHANNELS } from "./remediation/policy-file.ts";
import type { Action, Runbook, Whitelist } from "./remediation/runbook.ts";
import type { Ports, StepEnd } from "./responder/ports.ts";
import type { Step } from "./responder/respond.ts";
import { respond } from "./responder/respond.ts";
import { createRouting } from "./routing.ts";
import type { Bygone, Switched } from "./store/bygone.ts";
import { newId } from "./store/ids.ts";
import type { Store } from "./store/store.ts";
import { openStore } from "./store/store.ts";
import { responderStore } from "./store-ports.ts";

type Kinds = Parameters<Store["queue"]["lease"]>[0];
const KINDS: Kinds = [
  ...(["execute", "verify", "silence", "remind", "escalate", "page", "expire"] as const),
  ...(["ask_source", "investigate", "propose"] as const),
];
const LONGEST_BREATH_MS = 5;
/** So that a freeze, an expiry or a check that was still to come comes. */
const AFTERWARDS_MS = 24 * 3_600_000;

/** Alerts as they came, and what is known of what was so then. */
export interface Past {
  readonly groups: readonly AlertGroup[];
  /** What came of them; empty where nobody knows. */
  readonly known: readonly Bygone[];
  readonly switches: readonly Switched[];
  /** Null where it was as the switches say. */
  readonly autohealing: boolean | null;
  /** Whether Alertmanager confirmed what it had sent. */
  readonly hasSource: boolean;
  readonly dedupWindowMs: number;
}

export interface Rules {
  readonly whitelist: Whitelist;
  readonly executors: ReadonlyMap<string, Executor>;
}

/** An alert of which nothing comes, since the policy ignores it. */
export type Ignored = Pick<
  Episode,
  "source" | "fingerprint" | "startsAt" | "receivedAt" | "labels"
>;

export interface Replayed {
  readonly came: readonly Bygone[];
  readonly ignored: readonly Ignored[];
  /** Where `alerts.route` sends it; null for every chat. */
  readonly toldTo: (labels: Labels) => readonly string[] | null;
}

/** Which episode it is, whoever numbered it. */
export function keyOf({
  source,
  fingerprint,
  startsAt,
}: Pick<Episode, "source" | "fingerprint" | "startsAt">): string {
  return JSON.stringify([source, fingerprint, startsAt.getTime()]);
}

/**
 * Lets the alerts of the past come once more, under these rules: the very program, with a store in memory, a clock that
 * goes by the alerts, and executors that start nothing. What nobody can look at any more was as it was found then;
 * where nobody looked, preconditions hold and fixes help.
 */
export async function replay(past: Past, rules: Rules): Promise<Replayed> {
  const route = createRouting({ read: () => rules.whitelist }, CHANNELS);
  const ignored = ignoredOf(past.groups, (labels) => route(labels).isIgnored);
  const toldTo = (labels: Labels) => route(labels).to;
  return { came: await relive(past, rules, route), ignored, toldTo };
}

/** Each once, as it was first heard of. */
function ignoredOf(
  groups: readonly AlertGroup[],
  isIgnored: (labels: Labels) => boolean,
): Ignored[] {
  const found = new Map<string, Ignored>();
  for (const { source, receivedAt, alerts } of groups) {
    for (const { fingerprint, labels, startsAt } of alerts) {
      const alert = { source, fingerprint, labels, receivedAt, startsAt: startsAt ?? receivedAt };
      if (isIgnored(labels) && !found.has(keyOf(alert))) found.set(keyOf(alert), alert);
    }
  }
  return [...found.values()];
}

async function relive(
  past: Past,
  rules: Rules,
  route: ReturnType<typeof createRouting>,
): Promise<Bygone[]> {
  const events = eventsOf(past);
  let clock = Math.min(...events.map(({ at }) => at));
  if (events.length === 0) return [];
  const now = () => new Date(clock);
  const store = openStore({
    path: ":memory:",
    isExclusive: false,
    dedupWindowMs: past.dedupWindowMs,
    hasSource: false,
    chats: [],
    ...{ admit, now, redact, route },
  });
  try {
    const world = createWorld(past.known);
    const ports = portsOf({ store, world, rules, now, hasSource: past.hasSource });
    if (past.autohealing === true) await store.switches.enable("backtest");
    const breathe = createBreather();
    const pass = async (until: number) => {
      for (;;) {
        await settle(ports, store, world, breathe);
        const due = await store.queue.nextDue(KINDS);
        if (due === null || due.getTime() > until) break;
        clock = Math.max(clock, due.getTime());
      }
      clock = Math.max(clock, until);
    };
    for (const event of events) {
      await pass(event.at);
      await event.happen(store);
    }
    await pass(clock + AFTERWARDS_MS);
    return await store.bygone.alertsSince(new Date(0));
  } finally {
    store.close();
  }
}

interface Event {
  readonly at: number;
  readonly happen: (store: Store) => Promise<unknown>;
}

function eventsOf({ groups, known, switches, autohealing }: Past): Event[] {
  return [
    ...switches.flatMap((switched) => {
      const isOverruled = autohealing !== null && switched.kind.startsWith("autohealing.");
      return isOverruled ? [] : [switchEvent(switched)];
    }),
    ...groups.map((group) => ({
      at: group.receivedAt.getTime(),
      happen: (store: Store) => store.intake.accept([group]),
    })),
    ...known.flatMap(decisionEvents),
  ].sort((a, b) => a.at - b.at);
}

function switchEvent({ at, kind, data }: Switched): Event {
  const until = typeof data.until === "string" ? new Date(data.until) : null;
  return {
    at: at.getTime(),
    async happen({ switches }) {
      if (kind === "autohealing.enabled") await switches.enable("then");
      else if (kind === "autohealing.disabled") {
        const forMs = until === null ? null : Math.max(1, until.getTime() - at.getTime());
        await switches.disable("then", { forMs, all: data.all === true });
      } else await switches.maintain(String(data.target), until, "then");
    },
  };
}

/** What people decided then, they decide again, where the same action is asked for. */
function decisionEvents({ episode, requests }: Bygone): Event[] {
  return requests.flatMap((then) => {
    const decision = decisionOn(then);
    const vote = then.state === "denied" ? undefined : then.votes.at(-1);
    if (decision === null || vote === undefined) return [];
    const cast = { person: vote.person, channel: vote.channel, reason: null };
    const happen = async (store: Store) => {
      for (const request of await store.views.pending()) {
        const again = await store.views.episode(request.episodeId ?? 0);
        if (again === null || keyOf(again) !== keyOf(episode)) continue;
        if (actionOf(request) !== actionOf(then)) continue;
        await store.requests.decide(request.planCode, decision, cast, (found) => ({
          outcome: decision === "approve" ? "approved" : "rejected",
          request: found,
        }));
      }
    };
    return [{ at: vote.at.getTime(), happen }];
  });
}

function decisionOn(then: Request): "approve" | "reject" | null {
  if (then.state === "rejected") return "reject";
  const hasRun = ["approved", "executing", "succeeded", "failed", "unknown"].includes(then.state);
  return hasRun && then.state !== "denied" && !then.isApprovedByPolicy ? "approve" : null;
}

function actionOf({ proposal }: Pick<Request, "proposal">): string {
  return `${proposal.runbookId}/${proposal.actionId}`;
}

const QUESTION = /^countersign_(?<what>precondition|verified)\{action="(?<action>[^"]+)"\}$/;

/** What was so when an alert was looked at; the one that is looked at now is `current`. */
function createWorld(known: readonly Bygone[]) {
  const then = new Map(known.map((one) => [keyOf(one.episode), one]));
  let current: Bygone | undefined;
  let running = "";

  const last = (action: string) =>
    current?.requests.findLast((request) => actionOf(request) === action);
  const runOf = (action: string) =>
    current?.runs.findLast((run) => `${run.runbookId}/${run.actionId}` === action);

  function holds(promql: string): boolean {
    const { what, action = "" } = QUESTION.exec(promql)?.groups ?? {};
    if (what === "verified") {
      const outcome = runOf(action)?.outcome;
      if (outcome === "inconclusive") throw new Error("it was not clear then");
      return outcome !== "still_failing";
    }
    const request = last(action);
    if (hasRule(request, "missing_facts")) throw new Error("it could not be asked then");
    return !hasRule(request, "precondition");
  }

  function isActive(): boolean {
    const request = current?.requests.at(-1);
    if (hasRule(request, "source_unreachable")) throw new Error("it could not be asked then");
    return !hasRule(request, "alert_absent");
  }

  /** Whether it ran by leave that people had given under these very rules. */
  function hadLeave(policy: string): boolean {
    const unasked = current?.requests.find(
      (request) => request.state !== "denied" && request.isApprovedByPolicy,
    );
    return unasked?.plan?.policy === policy;
  }

  function result(): RunResult {
    const run = runOf(running);
    const state = current?.requests.find(({ id }) => id === run?.requestId)?.state;
    const isOpen = state === "unknown" && run?.reviewedBy === null;
    const outcome = isOpen ? "unknown" : state === "failed" ? "failed" : "succeeded";
    return { outcome, exitCode: null, output: "", isTruncated: false, durationMs: 0 };
  }

  return {
    turnTo(episode: Episode | null, request: Request | null): void {
      current = episode === null ? undefined : then.get(keyOf(episode));
      running = request === null ? "" : actionOf(request);
    },
    holds,
    isActive,
    hadLeave,
    result,
  };
}

type World = ReturnType<typeof createWorld>;

function hasRule(request: Request | undefined, rule: string): boolean {
  return request?.reasons.some((reason) => reason.rule === rule) ?? false;
}

function portsOf(parts: {
  readonly store: Store;
  readonly world: World;
  readonly rules: Rules;
  readonly now: () => Date;
  readonly hasSource: boolean;
}): Ports {
  const { store, world, rules, now, hasSource } = parts;
  const nobody = () => undefined;
  const nothing = () => Promise.resolve();
  const none = () => Promise.resolve([]);
  const { policy: given, runbooks } = rules.whitelist;
  // What shadow mode only watches is what is to be known here.
  const policy = given && { ...given, isShadow: false };
  const whitelist = { ...rules.whitelist, policy, runbooks: runbooks.map(withoutLooks) };
  const withLeave: Whitelist = { ...whitelist, policy: policy && trusting(policy) };
  return {
    store: responderStore(store, { diagnosed: nobody, executed: nobody, recovered: nobody }, now),
    catalogue: {
      read: () => (policy !== null && world.hadLeave(policy.hash) ? withLeave : whitelist),
    },
    executors: new Map([...rules.executors].map(([name, one]) => [name, idle(one, world)])),
    hashFiles: () => Promise.resolve([]),
    alertmanager: hasSource
      ? { isActive: async () => world.isActive(), silence: nothing, unsilence: nothing }
      : null,
    prometheus: {
      holds: async (promql) => world.holds(promql),
      ...{ query: none, series: none, labels: none, valuesOf: none },
    },
    inquire: () => {
      throw new Error("the past is not asked");
    },
    loki: null,
    page: null,
    tell: () => Promise.resolve({ outcome: "refused" }),
    reader: null,
    linkBases: [],
    now,
    clockBehindMs: () => 0,
    belowFloor: () => null,
    newRequestId: () => newId("req"),
    newIncidentId: () => newId("inc"),
    crashPoint: nobody,
    redact,
    stopping: new AbortController().signal,
  };
}

/** As if everything that is low had leave to run unasked. */
function trusting({ approval, ...policy }: Policy): Policy {
  return { ...policy, approval: { ...approval, low: { ...approval.low, auto: true } } };
}

/** The same actions under the same rules; only what would be looked at is asked of the past instead. */
function withoutLooks(runbook: Runbook): Runbook {
  const asked = (what: string, { id }: Action) =>
    `countersign_${what}{action="${runbook.id}/${id}"}`;
  return {
    ...runbook,
    actions: runbook.actions.map((action) => ({
      ...action,
      precondition:
        action.precondition === undefined ? undefined : { promql: asked("precondition", action) },
      verify: { promql: asked("verified", action), withinMs: 0 },
      silenceMs: null,
      dryRun: null,
    })),
  };
}

/** Says what it would do, looks at nothing and starts nothing. */
function idle(executor: Executor, { result }: World): Executor {
  const { name, describe, describeProbe } = executor;
  return {
    name,
    describe: (action, target) => describe(action, target),
    describeProbe: (probe, target) => describeProbe(probe, target),
    probe: () => Promise.resolve({ status: "missing", text: "the past is not asked" }),
    run: () => Promise.resolve(result()),
    check: () => Promise.resolve("idle"),
  };
}

async function settle(
  ports: Ports,
  store: Store,
  world: World,
  breathe: () => Promise<void>,
): Promise<void> {
  for (;;) {
    await breathe();
    const step = await store.queue.lease(KINDS, ports.now());
    if (step === null) return;
    const { episode, request } = await subjectOf(ports, step);
    world.turnTo(episode, request);
    const end = await take(ports, step, episode);
    if (end.outcome === "done") await store.queue.finish(step);
    else await store.queue.postpone(step, end.at, end.why);
  }
}

/** As the program takes it, but that nothing is collected. */
async function take(ports: Ports, step: Step, episode: Episode | null): Promise<StepEnd> {
  if (step.kind !== "investigate") return await respond(ports, step);
  const nothing = { by: "rules", cause: "", confidence: "low", cites: [] } as const;
  if (episode !== null) await ports.store.saveFindings(episode, [], () => nothing);
  return { outcome: "done" };
}

/** Nothing here ever waits: without a pause the program that serves alerts meanwhile would stand still. */
function createBreather(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < LONGEST_BREATH_MS) return;
    await nextTurn();
    since = performance.now();
  };
}

async function subjectOf({ store }: Ports, { kind, subject }: Step) {
  if (kind === "investigate" || kind === "propose") {
    return { episode: await store.episode(Number(subject)), request: null };
  }
  const id = kind === "verify" ? (await store.execution(subject))?.requestId : subject;
  const request = id === undefined ? null : await store.request(id);
  const episodeId = request?.episodeId ?? null;
  return { episode: episodeId === null ? null : await store.episode(episodeId), request };
}
