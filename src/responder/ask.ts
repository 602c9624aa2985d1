import { closest, distance } from "fastest-levenshtein";
import type { AskEnd, AskedRequest, CallKey } from "../approval/approval.ts";
import { isProgram } from "../approval/approval.ts";
import { planCodeOf } from "../approval/digest.ts";
import { isDrill } from "../incident/alert.ts";
import { assess } from "../remediation/assess.ts";
import type { Policy } from "../remediation/policy.ts";
import type { Proposal, Reason, Verdict } from "../remediation/proposal.ts";
import type { Rebuilt } from "../remediation/propose.ts";
import { proposeAction, rebuild } from "../remediation/propose.ts";
import type { Action, Runbook } from "../remediation/runbook.ts";
import { actionOf } from "../remediation/runbook.ts";
import type { Look } from "./facts.ts";
import { lookAtPrecondition } from "./facts.ts";
import type { Planned } from "./plan.ts";
import { makePlan } from "./plan.ts";
import type { Ports } from "./ports.ts";
import { approversOf, callsAt, factsOf, quorumOf, ruleFor } from "./put-forward.ts";
import { findingsFor, tryPlan } from "./trial.ts";

const LONGEST_NAME_SHOWN = 60;

/** An action of the whitelist that a person or a program asks for, with values of their own choice. */
export interface Wish {
  readonly runbook: string;
  /** Null where the runbook's only action is meant. */
  readonly action: string | null;
  readonly params: Readonly<Record<string, string>>;
  readonly target: string | null;
  /** The open incident it is for; null for one of its own. */
  readonly incident: string | null;
  readonly requester: string;
  readonly words: string | null;
  readonly call: CallKey | null;
  readonly mostLive: number | null;
  /** The run that it is to undo. */
  readonly undoes?: string;
}

/** The part of a wish that is wrong. */
export type WishPart = "runbook" | "action" | "params" | "target" | "incident";

export type Asked =
  | { readonly outcome: "asked"; readonly request: AskedRequest }
  | { readonly outcome: "choose"; readonly runbook: Runbook }
  | Refused
  | Exclude<AskEnd, { outcome: "asked" | "incident_over" }>;

type Refused =
  /** Something in the wish is wrong. */
  | { readonly outcome: "unfit"; readonly part: WishPart; readonly reason: Reason }
  /** The wish is right, and the answer is no. */
  | { readonly outcome: "denied"; readonly verdict: Verdict };

/** What would happen, found out without a trace. */
export type Trial =
  | {
      readonly outcome: "tried";
      readonly plan: Extract<Planned, { ok: true }>["plan"];
      readonly verdict: Verdict;
      /** What the action's own dry run says; null where it has none. */
      readonly dryRun: string | null;
    }
  | Exclude<Refused, { outcome: "denied" }>
  | Extract<Asked, { outcome: "choose" }>;

interface Ready {
  readonly outcome: "ready";
  readonly proposal: Proposal;
  readonly rebuilt: Rebuilt;
  readonly runbook: Runbook;
  readonly policy: Policy;
  readonly verdict: Verdict;
}

/** From a wish to a request that people decide: the very same whitelist, policy and plan as for an alert's. */
export async function ask(ports: Ports, wish: Wish): Promise<Asked> {
  const ready = await prepare(ports, wish);
  if (ready.outcome !== "ready") return ready;
  if (ready.verdict.outcome === "deny") return { outcome: "denied", verdict: ready.verdict };
  const request = await requestOf(ports, wish, ready);
  if ("part" in request) return request;
  const { call, mostLive } = wish;
  const opening = wish.incident === null ? openingOf(request) : null;
  const end = await ports.store.ask({ request, opening, call, mostLive });
  if (end.outcome === "asked") return { outcome: "asked", request };
  return end.outcome === "incident_over" ? notOpen(request.incidentId) : end;
}

/** `--dry-run`: the verdict and the plan, and a dry run where the action or its executor has one. */
export async function tryOut(ports: Ports, wish: Wish): Promise<Trial> {
  const ready = await prepare(ports, wish);
  if (ready.outcome !== "ready") return ready;
  const planned = await planOf(ports, ports.newIncidentId(), ready);
  if (!planned.ok) return unfit("action", planned.reason);
  const dryRun = await tryPlan(ports, ready.proposal, planned);
  return { outcome: "tried", plan: planned.plan, verdict: ready.verdict, dryRun };
}

async function prepare(
  ports: Ports,
  wish: Wish,
): Promise<Ready | Exclude<Trial, { outcome: "tried" }>> {
  const whitelist = ports.catalogue.read();
  const runbook = whitelist.runbooks.find(({ id }) => id === wish.runbook);
  if (runbook === undefined) {
    const ids = whitelist.runbooks.map(({ id }) => id);
    return unfit("runbook", unknown("runbook", wish.runbook, ids));
  }
  const action = chooseAction(runbook, wish.action);
  if ("outcome" in action) return action;
  const { policy } = whitelist;
  const { params, target } = wish;
  const proposed = proposeAction({
    ...{ runbook, action, params, policy, words: null },
    ...(target === null ? {} : { target }),
  });
  if (!proposed.ok) return unfit(partOf(proposed.unfit.reason), proposed.unfit.reason);
  if (policy === null) throw new Error("without a policy no target is known");
  const { proposal } = proposed;
  const rebuilt = rebuild({
    runbook,
    actionId: action.id,
    params: proposal.params,
    target: proposal.target,
  });
  if (!rebuilt.ok) return unfit("action", rebuilt.reason);
  const closed = wish.incident === null ? null : await whyClosed(ports, wish.incident);
  if (closed !== null) return closed;
  const look = await lookAtPrecondition(ports, rebuilt.value.precondition, proposal.target);
  if (look.state === "fails") {
    const text = `The precondition does not hold: ${look.detail}.`;
    return unfit("action", { rule: "precondition", text });
  }
  const about = { proposal, rebuilt: rebuilt.value, runbook, policy };
  const isWhitelistComplete = whitelist.problems.length === 0;
  const verdict = await judge(ports, wish, { ...about, look, isWhitelistComplete });
  return { outcome: "ready", ...about, verdict };
}

function chooseAction(
  runbook: Runbook,
  wanted: string | null,
): Action | Extract<Trial, { outcome: "choose" | "unfit" }> {
  const [first, second] = runbook.actions;
  if (first === undefined) {
    const text = `The runbook ${runbook.id} has no action: it is for investigation only.`;
    return unfit("action", { rule: "unknown_action", text });
  }
  if (wanted === null) return second === undefined ? first : { outcome: "choose", runbook };
  const ids = runbook.actions.map(({ id }) => id);
  return actionOf(runbook, wanted) ?? unfit("action", unknown("action", wanted, ids));
}

/** Why nothing can be asked for on this incident, or null. */
async function whyClosed(ports: Ports, incidentId: string) {
  const incident = await ports.store.incident(incidentId);
  if (incident === null || incident.state === "resolved") return notOpen(incidentId);
  if (!isDrill(incident)) return null;
  const text = `${shortened(incidentId)} is a drill: nothing runs for it.`;
  return unfit("incident", { rule: "drill", text });
}

async function judge(
  ports: Ports,
  wish: Wish,
  about: Omit<Ready, "outcome" | "verdict" | "runbook"> & {
    look: Look;
    isWhitelistComplete: boolean;
  },
): Promise<Verdict> {
  const { proposal, rebuilt, policy, look, isWhitelistComplete } = about;
  const { runbookId, actionId, target } = proposal;
  const [isAutohealingOn, history] = await Promise.all([
    ports.store.isAutohealingOn(),
    ports.store.historyOf(
      { runbookId, actionId, target: target.name },
      rebuilt.action.limit?.windowMs ?? 0,
    ),
  ]);
  return assess(
    factsOf({
      ...{ proposal, rebuilt, policy, isAutohealingOn, isWhitelistComplete, history },
      requester: wish.requester,
      episode: null,
      incident: { source: "person", trust: "none", truncatedAlerts: 0 },
      sourceConfirmation: "not_configured",
      missingFacts: look.state === "unknown" ? [look.detail] : [],
      clockBehindMs: ports.clockBehindMs(),
      belowFloor: ports.belowFloor(),
      isNextStep: false,
      now: ports.now(),
    }),
  );
}

async function requestOf(
  ports: Ports,
  wish: Wish,
  ready: Ready,
): Promise<AskedRequest | Extract<Asked, { outcome: "unfit" }>> {
  const incidentId = wish.incident ?? ports.newIncidentId();
  const planned = await planOf(ports, incidentId, ready);
  if (!planned.ok) return unfit("action", planned.reason);
  const { plan, digest } = planned;
  const rule = ruleFor(ready.policy, plan.risk);
  const found = await findingsFor(ports, ready.proposal, planned);
  return {
    id: plan.request,
    incidentId,
    episodeId: null,
    // Whatever the verdict says: what was asked for is decided by people.
    state: "pending",
    proposal: ready.proposal,
    risk: plan.risk,
    reasons: [
      ...(wish.undoes === undefined ? [] : [{ rule: "undo", text: `It undoes ${wish.undoes}.` }]),
      ...found,
      ...ready.verdict.reasons,
    ],
    requester: wish.requester,
    words: wish.words === null ? null : ports.redact(wish.words),
    undoes: wish.undoes ?? null,
    plan,
    digest,
    planCode: planCodeOf(digest),
    quorum: plan.quorum,
    approvers: approversOf(ready.rebuilt.action, rule),
    ...callsAt(ports.now(), rule),
    expiresAt: new Date(plan.expiresAt),
  };
}

async function planOf(ports: Ports, incidentId: string, ready: Ready): Promise<Planned> {
  const { proposal, runbook, policy, verdict } = ready;
  const rule = ruleFor(policy, verdict.risk);
  return await makePlan(ports, {
    ...{ proposal, incidentId, episode: null, runbook, policy },
    terms: {
      requestId: ports.newRequestId(),
      risk: verdict.risk,
      quorum: quorumOf(policy, verdict.risk, rule),
      expiresAt: new Date(ports.now().getTime() + rule.expiresMs),
    },
  });
}

function openingOf({ proposal, requester }: AskedRequest) {
  const { actionTitle, target } = proposal;
  return {
    source: isProgram(requester) ? ("api" as const) : ("person" as const),
    title: `${actionTitle} on ${target.name}, asked for by ${requester}`,
  };
}

function unfit(part: WishPart, reason: Reason): Extract<Refused, { outcome: "unfit" }> {
  return { outcome: "unfit", part, reason };
}

function notOpen(incidentId: string) {
  const text = `No open incident has the id ${shortened(incidentId)}.`;
  return unfit("incident", { rule: "no_incident", text });
}

const TARGET_RULES = new Set([
  ...["missing_target", "unfit_target", "unknown_target", "wrong_executor", "ambiguous_target"],
  ...["reserved_target", "target_not_allowed", "no_policy"],
]);

function partOf({ rule }: Reason): WishPart {
  return TARGET_RULES.has(rule) ? "target" : "params";
}

/** With the nearest that there is, or all where nothing is near. */
function unknown(what: "runbook" | "action", given: string, known: readonly string[]): Reason {
  const nearest = known.length === 0 ? "" : closest(given.slice(0, 200), known);
  const isNear = distance(given.slice(0, 200), nearest) <= Math.max(2, nearest.length / 3);
  const hint =
    isNear && nearest !== "" ? `Did you mean ${nearest}?` : `There are: ${listOf(known)}.`;
  return { rule: `unknown_${what}`, text: `There is no ${what} ${shortened(given)}. ${hint}` };
}

function listOf(known: readonly string[]): string {
  return known.slice(0, 20).join(", ") || "none yet";
}

function shortened(text: string): string {
  const plain = text.replace(/[^\w.:@-]/g, "?");
  return plain.length > LONGEST_NAME_SHOWN ? `${plain.slice(0, LONGEST_NAME_SHOWN)}…` : plain;
}
