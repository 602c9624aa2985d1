import type { GrantRequest, Plan, PlannedRequest } from "../approval/approval.ts";
import { digestOf, planCodeOf } from "../approval/digest.ts";
import type { ActionOnTarget } from "../execution/execution.ts";
import { ruleText, trackRecordOf, whyNotEarned } from "../remediation/earn.ts";
import type { InventoryEntry } from "../remediation/policy.ts";
import { isProtected } from "../remediation/policy.ts";
import type { Proposal, Reason } from "../remediation/proposal.ts";
import type { Runbook, Whitelist } from "../remediation/runbook.ts";
import { actionOf, isWayBack } from "../remediation/runbook.ts";
import type { PastOutcome } from "../remediation/track-record.ts";
import type { Leave } from "./leave.ts";
import { leaveBinding, leaveCommand } from "./leave.ts";
import type { Terms } from "./plan.ts";
import type { Ports, StepEnd } from "./ports.ts";
import { DONE } from "./ports.ts";
import { approversOf, callsAt, quorumOf } from "./put-forward.ts";

const RETRY_MS = 2_000;

interface Candidate extends Leave {
  readonly runbook: Runbook;
  readonly target: InventoryEntry;
}

/**
 * After a run that helped: where the action's record on the target passes the policy's rule, people are asked whether it
 * may run unasked there. It never may by its record alone.
 */
export async function earn(ports: Ports, executionId: string): Promise<StepEnd> {
  const { store, catalogue } = ports;
  const execution = await store.execution(executionId);
  if (execution === null) return DONE;
  const found = candidateFor(catalogue.read(), execution);
  if ("why" in found || found.policy.approval.low.auto !== "earned") return DONE;
  const outcomes = await store.outcomesOf(execution);
  if (whyNot(ports, found, outcomes) !== null) return DONE;
  const { action, runbook, target } = found;
  const title = `${action.id} of ${runbook.id} may run unasked on ${target.name}?`;
  await store.offerGrant(requestFor(ports, found, outcomes), title);
  return DONE;
}

/** What people approved is given, if everything is still as it was when they did. */
export async function bestow(ports: Ports, request: PlannedRequest): Promise<StepEnd> {
  const { store, catalogue } = ports;
  const whitelist = catalogue.read();
  if (whitelist.policy === null) {
    const at = new Date(ports.now().getTime() + RETRY_MS);
    return { outcome: "again", at, why: "policy.yaml can't be read or is wrong" };
  }
  const { runbookId, actionId, target } = request.proposal;
  const found = candidateFor(whitelist, { runbookId, actionId, target: target.name });
  const why = "why" in found ? found.why : differenceTo(request, found);
  if ("why" in found || why !== null) {
    await store.endRequest(request.id, "cancelled", why ?? "");
    return DONE;
  }
  const end = await store.giveGrant(request, leaveBinding(found), (outcomes) =>
    whyNot(ports, found, outcomes),
  );
  if (end.outcome === "refused") await store.endRequest(request.id, "cancelled", end.why);
  return DONE;
}

/** What may be asked about at all: declared low, for the first line of fixes, and on a target that nobody protects. */
function candidateFor(
  { runbooks, policy }: Whitelist,
  { runbookId, actionId, target: name }: ActionOnTarget,
): Candidate | { readonly why: string } {
  if (policy === null) return { why: "policy.yaml can't be read or is wrong" };
  const runbook = runbooks.find(({ id }) => id === runbookId);
  const action = runbook === undefined ? null : actionOf(runbook, actionId);
  if (runbook === undefined || action === null) return { why: `${runbookId}.md has it no more` };
  const target = policy.targets.find((one) => one.name === name);
  if (target === undefined) return { why: `the inventory has no ${name} any more` };
  if (action.risk !== "low") return { why: `its runbook declares it ${action.risk} risk` };
  if (isWayBack(runbook, actionId)) return { why: "it is there to undo another action" };
  if (isProtected(policy, name)) return { why: `${name} is protected` };
  return { runbook, action, target, policy };
}

function whyNot(
  ports: Pick<Ports, "now">,
  { runbook, target, policy }: Candidate,
  outcomes: readonly PastOutcome[],
): string | null {
  const record = trackRecordOf(outcomes, { runbookHash: runbook.sha256, host: target.host });
  return whyNotEarned(record, policy.approval.low.earned, ports.now());
}

function differenceTo(request: PlannedRequest, found: Candidate): string | null {
  const { id: requestId, risk, quorum, expiresAt, incidentId } = request;
  const now = planFor(incidentId, found, { requestId, risk, quorum, expiresAt });
  return digestOf(now) === request.digest
    ? null
    : "what it is for was changed since this was shown";
}

function planFor(incidentId: string, leave: Candidate, terms: Terms): Plan {
  const { runbook, action, target, policy } = leave;
  return {
    schema: 1,
    request: terms.requestId,
    incident: incidentId,
    episode: null,
    runbook: { id: runbook.id, sha256: runbook.sha256 },
    action: action.id,
    executor: action.executor,
    target: { name: target.name, host: target.host },
    command: leaveCommand(leave),
    files: [],
    timeoutMs: action.timeoutMs,
    precondition: null,
    risk: terms.risk,
    quorum: terms.quorum,
    expiresAt: terms.expiresAt.toISOString(),
    policy: policy.hash,
  };
}

function requestFor(
  ports: Ports,
  found: Candidate,
  outcomes: readonly PastOutcome[],
): GrantRequest {
  const { action, policy } = found;
  const rule = policy.approval.high;
  const expiresAt = new Date(ports.now().getTime() + rule.expiresMs);
  const [id, incidentId] = [ports.newRequestId(), ports.newIncidentId()];
  const quorum = quorumOf(policy, "high", rule);
  const plan = planFor(incidentId, found, { requestId: id, risk: "high", quorum, expiresAt });
  const digest = digestOf(plan);
  return {
    ...{ id, incidentId, episodeId: null, state: "pending", risk: "high" },
    proposal: proposalOf(found),
    reasons: reasonsFor(found, outcomes),
    ...{ requester: null, words: null, undoes: null },
    ...{ plan, digest, planCode: planCodeOf(digest), quorum, expiresAt },
    approvers: approversOf(action, rule),
    // Nothing is down: nobody is woken for it.
    remindAt: callsAt(ports.now(), rule).remindAt,
    escalateAt: null,
  };
}

function proposalOf({ runbook, action, target }: Candidate): Proposal {
  const { aliases: _, labels: __, reservedFor: ___, ...where } = target;
  return {
    runbookId: runbook.id,
    runbookHash: runbook.sha256,
    runbookTitle: runbook.title,
    actionId: action.id,
    actionTitle: `Run unasked from now on: ${action.title}`,
    declaredRisk: action.risk,
    executor: action.executor,
    params: {},
    target: where,
    with: {},
    rollback: null,
  };
}

function reasonsFor({ runbook, target, policy }: Candidate, outcomes: readonly PastOutcome[]) {
  const record = trackRecordOf(outcomes, { runbookHash: runbook.sha256, host: target.host });
  const { approved, verified, stillFailing, otherwise, rejected, inARow } = record;
  const reason = (rule: string, text: string): Reason => ({ rule, text });
  return [
    reason("earned", `It passes the rule: ${ruleText(policy.approval.low.earned)}.`),
    reason(
      "track_record",
      `Of its runs on ${target.name}, ${approved} approved: ${verified} verified, ${stillFailing} still failing, ${otherwise} ended otherwise; ${rejected} rejected. The last ${inARow} in a row helped.`,
    ),
    reason(
      "taken_back",
      "The first run that does not help, is rejected or undone takes it back at once; so does a change of the runbook or the policy.",
    ),
  ];
}
