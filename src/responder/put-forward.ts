import type { NewRequest, Rehearsed } from "../approval/approval.ts";
import { isProgram } from "../approval/approval.ts";
import { planCodeOf } from "../approval/digest.ts";
import type { ActionHistory } from "../execution/execution.ts";
import type { Episode } from "../incident/alert.ts";
import { isDrill, severityOf } from "../incident/alert.ts";
import type { Incident } from "../incident/incident.ts";
import type { Facts, Rehearsal } from "../remediation/assess.ts";
import { assess, isRehearsed, isTripping } from "../remediation/assess.ts";
import type { ApprovalRule, Policy } from "../remediation/policy.ts";
import { isSolo } from "../remediation/policy.ts";
import type { Proposal, Reason, Risk, Unfit, Verdict } from "../remediation/proposal.ts";
import type { Rebuilt } from "../remediation/propose.ts";
import { propose } from "../remediation/propose.ts";
import type { Action, Whitelist } from "../remediation/runbook.ts";
import { heldBack } from "./breaker.ts";
import type { Choice } from "./choose.ts";
import { choose } from "./choose.ts";
import { confirm } from "./facts.ts";
import { leaveBinding } from "./leave.ts";
import type { Planned } from "./plan.ts";
import { makePlan } from "./plan.ts";
import type { Ports, StepEnd } from "./ports.ts";
import { DONE } from "./ports.ts";
import { findingsFor, measuredFor } from "./trial.ts";

const BUSY_RETRY_MS = 2_000;

/**
 * From an alert to a request: the first action in file order whose parameters, target and precondition hold, with the
 * policy's verdict on it. What matches and can't run is put on the card too, with what to mend.
 */
export async function putForward(ports: Ports, episodeId: number): Promise<StepEnd> {
  const { store, catalogue } = ports;
  const episode = await store.episode(episodeId);
  if (episode === null || episode.status === "resolved") return DONE;
  const incident = await store.incident(episode.incidentId);
  if (incident === null) return DONE;

  const whitelist = catalogue.read();
  const { policy } = whitelist;
  const offers = propose({ alert: episode, runbooks: whitelist.runbooks, policy });
  const tried = await store.triedFor(episodeId);
  const choice =
    policy === null
      ? null
      : await choose(ports, { episode, whitelist, policy, tried, candidates: offers.candidates });
  if (choice === null || policy === null) {
    // What else can't be put forward is no news after something that could.
    const unfit = tried.length > 0 ? undefined : offers.unfit[0];
    return unfit === undefined ? DONE : await deny(ports, episode, unfit);
  }
  if ("reason" in choice) return await deny(ports, episode, choice);
  return await judged(ports, { choice, incident, episode, whitelist, policy });
}

async function judged(ports: Ports, about: Parameters<typeof gather>[1]): Promise<StepEnd> {
  const { choice, episode, policy } = about;
  const facts = await gather(ports, about);
  const verdict = assess(facts);
  if (verdict.outcome !== "deny") {
    const isTripped = isTripping(verdict, facts);
    return await request(ports, { choice, episode, policy, verdict, isTripped });
  }
  if (facts.history.isTargetBusy) {
    const at = new Date(ports.now().getTime() + BUSY_RETRY_MS);
    return { outcome: "again", at, why: `${facts.target} is busy` };
  }
  const base = common(ports, episode, verdict);
  const rehearsed = isRehearsed(verdict)
    ? await rehearse(ports, { choice, episode, policy, verdict, requestId: base.id })
    : null;
  await ports.store.propose({
    ...base,
    ...rehearsed,
    state: "denied",
    proposal: choice.proposal,
    retryAt: verdict.until,
  });
  return DONE;
}

/** The plan that would have been made, to be shown. Where there could be none, the reason stands in its place. */
async function rehearse(
  ports: Ports,
  about: { choice: Choice; episode: Episode; policy: Policy; verdict: Verdict; requestId: string },
): Promise<Pick<NewRequest, "reasons"> & { rehearsed?: Rehearsed }> {
  const { verdict } = about;
  const planned = await planFor(ports, { ...about, isUnasked: false });
  if (!planned.ok) return { reasons: [planned.reason, ...verdict.reasons] };
  const { plan, digest } = planned;
  return {
    reasons: [...verdict.reasons, ...measuredFor(planned)],
    rehearsed: { plan, planCode: planCodeOf(digest) },
  };
}

async function gather(
  ports: Ports,
  about: {
    choice: Choice;
    incident: Incident;
    episode: Episode;
    whitelist: Whitelist;
    policy: Policy;
  },
): Promise<Facts> {
  const { choice, incident, episode, whitelist, policy } = about;
  const { proposal, rebuilt, precondition } = choice;
  const [sourceConfirmation, isAutohealingOn, history] = await Promise.all([
    confirm(ports, episode),
    ports.store.isAutohealingOn(),
    ports.store.historyOf(
      {
        runbookId: proposal.runbookId,
        actionId: proposal.actionId,
        target: proposal.target.name,
      },
      rebuilt.action.limit?.windowMs ?? 0,
    ),
  ]);
  return factsOf({
    proposal,
    requester: null,
    rebuilt,
    policy,
    episode,
    incident,
    isAutohealingOn,
    sourceConfirmation,
    isWhitelistComplete: whitelist.problems.length === 0,
    missingFacts: precondition.state === "unknown" ? [precondition.detail] : [],
    clockBehindMs: ports.clockBehindMs(),
    belowFloor: ports.belowFloor(),
    isNextStep: choice.isNextStep,
    history,
    now: ports.now(),
  });
}

/** Whether something else was tried on the alert before; to undo that is no step further. */
export async function isAfterOthers(
  { store }: Pick<Ports, "store">,
  episode: Episode | null,
  undoes: string | null,
): Promise<boolean> {
  if (episode === null || undoes !== null) return false;
  return (await store.triedFor(episode.id)).length > 0;
}

/**
 * The verdict's facts; asked at the proposal and once more right before the run. Where there is no alert, nothing
 * that is known of one counts, for or against.
 */
export function factsOf(known: {
  proposal: Proposal;
  requester: string | null;
  rebuilt: Rebuilt;
  policy: Policy;
  episode: Episode | null;
  incident: Pick<Incident, "source" | "trust" | "truncatedAlerts">;
  isAutohealingOn: boolean;
  sourceConfirmation: Facts["sourceConfirmation"];
  isWhitelistComplete: boolean;
  missingFacts: readonly string[];
  clockBehindMs: number;
  belowFloor: string | null;
  isNextStep: boolean;
  history: ActionHistory;
  now: Date;
}): Facts {
  const { proposal, requester, rebuilt, episode, incident, history, ...rest } = known;
  return {
    ...rest,
    history: {
      ...history,
      ...heldBack(history, proposal.target.name, known.policy, known.now),
      isGranted: isGranted(known),
    },
    declaredRisk: rebuilt.action.risk,
    target: proposal.target.name,
    severity: episode === null ? null : severityOf(episode.labels),
    labels: episode?.labels ?? null,
    trust: incident.trust,
    truncatedAlerts: episode === null ? 0 : incident.truncatedAlerts,
    origin: originOf(requester),
    hasAlert: episode !== null,
    isNoticed: episode?.source === "countersign",
    cooldownMs: rebuilt.action.cooldownMs,
    limit: rebuilt.action.limit,
    maintenanceUntil: history.maintenanceUntil,
    canRecord: true,
    rehearsal: rehearsalOf(incident, known.policy),
  };
}

/** Whether what people gave leave for is this very action, runbook, target and policy. */
function isGranted({
  proposal,
  rebuilt,
  policy,
  history,
}: Pick<Parameters<typeof factsOf>[0], "proposal" | "rebuilt" | "policy" | "history">): boolean {
  const { runbookId: id, runbookHash: sha256, target } = proposal;
  const leave = { runbook: { id, sha256 }, action: rebuilt.action, target, policy };
  return history.grant === leaveBinding(leave);
}

function rehearsalOf(incident: Pick<Incident, "source">, { isShadow }: Policy): Rehearsal | null {
  if (isDrill(incident)) return "drill";
  return isShadow ? "shadow" : null;
}

function originOf(requester: string | null): Facts["origin"] {
  if (requester === null) return "program";
  return isProgram(requester) ? "api" : "person";
}

async function request(
  ports: Ports,
  about: {
    choice: Choice;
    episode: Episode;
    policy: Policy;
    verdict: Verdict;
    isTripped: boolean;
  },
): Promise<StepEnd> {
  const { choice, episode, policy, verdict, isTripped } = about;
  const isUnasked = verdict.outcome === "auto_run";
  const rule = ruleFor(policy, verdict.risk);
  const base = common(ports, episode, verdict);
  ports.crashPoint("before-plan");
  const planned = await planFor(ports, { ...about, isUnasked, requestId: base.id });
  if (!planned.ok)
    return await deny(ports, episode, { ...choice.proposal, reason: planned.reason });
  const found = isUnasked
    ? measuredFor(planned)
    : await findingsFor(ports, choice.proposal, planned);
  await ports.store.propose({
    ...base,
    undoes: choice.undoes,
    reasons: [...found, ...undoing(choice), ...base.reasons],
    state: isUnasked ? "approved" : "pending",
    proposal: choice.proposal,
    plan: planned.plan,
    digest: planned.digest,
    planCode: planCodeOf(planned.digest),
    quorum: planned.plan.quorum,
    approvers: approversOf(choice.rebuilt.action, rule),
    expiresAt: new Date(planned.plan.expiresAt),
    ...(isUnasked ? NEVER_CALLED : callsAt(ports.now(), rule)),
    // What the limits take from the program is said to those above, at once and once.
    ...(isTripped ? { escalateAt: ports.now() } : {}),
  });
  return DONE;
}

async function planFor(
  ports: Ports,
  about: {
    choice: Choice;
    episode: Episode;
    policy: Policy;
    verdict: Verdict;
    isUnasked: boolean;
    requestId: string;
  },
): Promise<Planned> {
  const { choice, episode, policy, isUnasked, requestId } = about;
  const { risk } = about.verdict;
  const rule = ruleFor(policy, risk);
  const expiresAt = new Date(ports.now().getTime() + rule.expiresMs);
  const quorum = isUnasked ? 0 : quorumOf(policy, risk, rule);
  return await makePlan(ports, {
    proposal: choice.proposal,
    incidentId: episode.incidentId,
    episode,
    runbook: choice.runbook,
    policy,
    terms: { requestId, risk, quorum, expiresAt },
  });
}

function undoing({ undoes }: Choice): Reason[] {
  if (undoes === null) return [];
  return [{ rule: "undo", text: `It undoes ${undoes}, which did not help.` }];
}

const NEVER_CALLED = { remindAt: null, escalateAt: null };

/** When silence is answered with another call; what would come after the expiry never does. */
export function callsAt(from: Date, { remindMs, escalateMs, expiresMs }: ApprovalRule) {
  const after = (ms: number) => (ms > 0 && ms < expiresMs ? new Date(from.getTime() + ms) : null);
  return { remindAt: after(remindMs), escalateAt: after(escalateMs) };
}

/** The runbook may name others than the policy does: whoever knows this database, say. */
export function approversOf({ approvers }: Action, rule: ApprovalRule): string {
  return approvers ?? rule.approvers;
}

/** Low risk that may not run by itself is asked like medium. */
export function ruleFor(policy: Policy, risk: Risk): ApprovalRule {
  return risk === "high" ? policy.approval.high : policy.approval.medium;
}

/** Where one person alone can approve, their typed plan code stands in for the second person. */
export function quorumOf(policy: Policy, risk: Risk, rule: ApprovalRule): number {
  return risk === "high" && isSolo(policy) ? 1 : rule.quorum;
}

async function deny(ports: Ports, episode: Episode, unfit: Unfit): Promise<StepEnd> {
  const verdict = { risk: unfit.declaredRisk, reasons: [unfit.reason] };
  await ports.store.propose({
    ...common(ports, episode, verdict),
    state: "denied",
    proposal: unfit,
    retryAt: null,
  });
  return DONE;
}

function common(ports: Ports, episode: Episode, verdict: Pick<Verdict, "risk" | "reasons">) {
  return {
    id: ports.newRequestId(),
    incidentId: episode.incidentId,
    episodeId: episode.id,
    risk: verdict.risk,
    reasons: verdict.reasons,
    requester: null,
    words: null,
    undoes: null,
  } satisfies Partial<NewRequest>;
}
