import type { Grant } from "./approval/grant.ts";
import type { ActionOnTarget } from "./execution/execution.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import { ruleText, trackRecordOf, whyNotEarned } from "./remediation/earn.ts";
import type { Policy } from "./remediation/policy.ts";
import { isProtected } from "./remediation/policy.ts";
import type { Action, Runbook } from "./remediation/runbook.ts";
import { actionOf, isWayBack } from "./remediation/runbook.ts";
import type { Autonomy, PastOutcome, Reviewable, Standing } from "./remediation/track-record.ts";
import { leaveBinding } from "./responder/leave.ts";
import type { Store } from "./store/store.ts";

interface Deps {
  readonly grants: Store["grants"];
  readonly catalogue: Pick<Catalogue, "read">;
  readonly now: () => Date;
}

interface Known extends ActionOnTarget {
  readonly runbook: Runbook;
  readonly action: Action;
  readonly host: string;
  readonly outcomes: readonly PastOutcome[];
}

/** What has earned to run unasked, what has not yet, and what its owner might declare low. Reads only. */
export async function autonomyOf({ grants, catalogue, now }: Deps): Promise<Autonomy> {
  const { runbooks, policy } = catalogue.read();
  if (policy === null) return { auto: null, rule: "", standings: [], reviewable: [] };
  const known = await knownActions({ grants, runbooks, policy });
  const given = await grants.list();
  const standings = known
    .filter(({ runbook, action }) => action.risk === "low" && !isWayBack(runbook, action.id))
    .map((one) => standingOf(one, policy, given, now()));
  return {
    auto: policy.approval.low.auto,
    rule: ruleText(policy.approval.low.earned),
    standings: standings.sort(
      (a, b) => Number(a.grantedAt === null) - Number(b.grantedAt === null),
    ),
    reviewable: reviewableOf(known, policy, now()),
  };
}

/** Where leave to run unasked holds under the rules as they are. */
export async function grantedOf({ grants, catalogue }: Omit<Deps, "now">): Promise<Grant[]> {
  const { runbooks, policy } = catalogue.read();
  if (policy === null) return [];
  return (await grants.list()).filter(({ end, binding, runbookId, actionId, target: name }) => {
    const runbook = runbooks.find(({ id }) => id === runbookId);
    const action = runbook && actionOf(runbook, actionId);
    const target = policy.targets.find((one) => one.name === name);
    if (end !== null || runbook === undefined || action == null || target === undefined)
      return false;
    const { host } = target;
    return leaveBinding({ runbook, action, target: { name, host }, policy }) === binding;
  });
}

/** Every action that is still in the whitelist, on every target that is still in the inventory, with what came of it. */
async function knownActions(about: {
  grants: Store["grants"];
  runbooks: readonly Runbook[];
  policy: Policy;
}): Promise<Known[]> {
  const { grants, runbooks, policy } = about;
  const found: Known[] = [];
  for (const one of await grants.actions()) {
    const runbook = runbooks.find(({ id }) => id === one.runbookId);
    const action = runbook && actionOf(runbook, one.actionId);
    const target = policy.targets.find(({ name }) => name === one.target);
    if (runbook === undefined || action == null || target === undefined) continue;
    const outcomes = await grants.outcomesOf(one);
    if (outcomes.length > 0) found.push({ ...one, runbook, action, host: target.host, outcomes });
  }
  return found;
}

function standingOf(
  { runbook, action, target, host, outcomes }: Known,
  policy: Policy,
  given: Awaited<ReturnType<Store["grants"]["list"]>>,
  now: Date,
): Standing {
  const record = trackRecordOf(outcomes, { runbookHash: runbook.sha256, host });
  const binding = leaveBinding({ runbook, action, target: { name: target, host }, policy });
  const grant = given.find((one) => one.end === null && one.binding === binding);
  const missing = isProtected(policy, target)
    ? "the target is protected"
    : whyNotEarned(record, policy.approval.low.earned, now);
  return {
    ...{ runbookId: runbook.id, actionId: action.id, actionTitle: action.title, target, record },
    grantedAt: grant?.givenAt ?? null,
    missing,
  };
}

function reviewableOf(known: readonly Known[], policy: Policy, now: Date): Reviewable[] {
  const medium = known.filter(({ action }) => action.risk === "medium");
  const actions = [...new Set(medium.map(({ action }) => action))];
  return actions.flatMap((action) => {
    const its = medium.filter((one) => one.action === action);
    const [first] = its;
    if (first === undefined) return [];
    const outcomes = its
      .flatMap((one) => one.outcomes)
      .sort((a, b) => b.at.getTime() - a.at.getTime());
    const record = trackRecordOf(outcomes, { runbookHash: first.runbook.sha256, host: null });
    if (whyNotEarned(record, policy.approval.low.earned, now) !== null) return [];
    return [
      {
        ...{ runbookId: first.runbook.id, actionId: action.id, actionTitle: action.title, record },
        targets: its.map(({ target }) => target),
      },
    ];
  });
}
