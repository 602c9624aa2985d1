import type { EditEnd, PlannedRequest } from "../approval/approval.ts";
import { isGrant } from "../approval/approval.ts";
import { planCodeOf } from "../approval/digest.ts";
import type { Episode } from "../incident/alert.ts";
import type { Incident } from "../incident/incident.ts";
import { assess } from "../remediation/assess.ts";
import type { Policy } from "../remediation/policy.ts";
import type { Proposal, Reason, Verdict } from "../remediation/proposal.ts";
import type { Rebuilt } from "../remediation/propose.ts";
import { proposeAction, rebuild } from "../remediation/propose.ts";
import type { Action, Runbook } from "../remediation/runbook.ts";
import { actionOf } from "../remediation/runbook.ts";
import { whyOver } from "./facts.ts";
import { lookWithin } from "./look-now.ts";
import { makePlan } from "./plan.ts";
import type { Ports } from "./ports.ts";
import { approversOf, callsAt, factsOf, isAfterOthers, quorumOf, ruleFor } from "./put-forward.ts";
import { findingsFor } from "./trial.ts";

/** Other values for a request that nobody has approved yet. Whether this person may decide it is settled before. */
export interface EditWish {
  readonly request: PlannedRequest;
  readonly params: Readonly<Record<string, string>>;
  readonly editor: string;
}

export type Edited =
  | { readonly outcome: "edited"; readonly request: PlannedRequest }
  | { readonly outcome: "refused"; readonly reasons: readonly Reason[] }
  /** What was shown is not what a new plan would be made from. */
  | { readonly outcome: "outdated"; readonly why: string }
  | Exclude<EditEnd, { outcome: "edited" }>;

interface Ready {
  readonly outcome: "ready";
  readonly runbook: Runbook;
  readonly policy: Policy;
  readonly episode: Episode | null;
  readonly proposal: Proposal;
  readonly rebuilt: Rebuilt;
  readonly changed: readonly string[];
}

type Refused = Extract<Edited, { outcome: "refused" | "outdated" }>;

/**
 * The same action with other values is another plan: it takes the place of the old request, is its editor's (P7), and
 * begins without votes. It keeps the alert, so that everything that is known of one counts on.
 */
export async function edit(ports: Ports, wish: EditWish): Promise<Edited> {
  const { request: old, editor } = wish;
  const ready = await prepare(ports, wish);
  if (ready.outcome !== "ready") return ready;
  const incident = await ports.store.incident(old.incidentId);
  if (incident === null) return refuse("no_incident", "Its incident is not stored.");
  const verdict = await judge(ports, wish, ready, incident);
  if (verdict.outcome === "refused" || verdict.outcome === "outdated") return verdict;
  if (verdict.outcome === "deny") return { outcome: "refused", reasons: verdict.reasons };

  const { proposal, rebuilt, runbook, policy, episode, changed } = ready;
  const rule = ruleFor(policy, verdict.risk);
  const planned = await makePlan(ports, {
    ...{ proposal, incidentId: old.incidentId, episode, runbook, policy },
    terms: {
      requestId: ports.newRequestId(),
      risk: verdict.risk,
      quorum: quorumOf(policy, verdict.risk, rule),
      expiresAt: new Date(ports.now().getTime() + rule.expiresMs),
    },
  });
  if (!planned.ok) return { outcome: "refused", reasons: [planned.reason] };
  const { plan, digest } = planned;
  const diff = changed.join(", ");
  const edited = { rule: "edited", text: `Edited by ${editor}: ${diff}` };
  const found = await findingsFor(ports, proposal, planned);
  return await ports.store.edit(
    { id: old.id, digest: old.digest, why: `${editor} edited ${diff}` },
    {
      id: plan.request,
      incidentId: old.incidentId,
      episodeId: old.episodeId,
      // Whatever the verdict says: what a person chose is decided by people.
      state: "pending",
      proposal,
      risk: verdict.risk,
      reasons: [edited, ...found, ...verdict.reasons],
      requester: editor,
      undoes: old.undoes,
      // What an earlier requester wrote is not the editor's word.
      words: null,
      plan,
      digest,
      planCode: planCodeOf(digest),
      quorum: plan.quorum,
      approvers: approversOf(rebuilt.action, rule),
      ...callsAt(ports.now(), rule),
      expiresAt: new Date(plan.expiresAt),
    },
  );
}

async function prepare(ports: Ports, { request, params }: EditWish): Promise<Ready | Refused> {
  if (isGrant(request)) return refuse("no_change", "Nothing runs for it, so it has no values.");
  const { runbooks, policy } = ports.catalogue.read();
  if (policy === null) return refuse("no_policy", "policy.yaml can't be read or is wrong.");
  const { runbookId, actionId, target } = request.proposal;
  const runbook = runbooks.find(({ id }) => id === runbookId);
  const action = runbook === undefined ? null : actionOf(runbook, actionId);
  if (runbook === undefined || action === null) {
    return refuse("unknown_action", `The runbooks have no ${runbookId} / ${actionId} any more.`);
  }
  const { plan } = request;
  if (plan.policy !== policy.hash) return outdated("policy.yaml");
  if (plan.runbook.sha256 !== runbook.sha256) return outdated(`runbooks/${runbookId}.md`);
  const episode = request.episodeId === null ? null : await ports.store.episode(request.episodeId);
  const proposed = proposeWith(request, { runbook, action, policy, episode, params });
  if (!proposed.ok) return { outcome: "refused", reasons: [proposed.unfit.reason] };
  const { proposal } = proposed;
  if (proposal.target.name !== target.name) {
    const text = `That would act on ${proposal.target.name} instead of ${target.name}: an edit keeps its target. Ask for it as a request of its own.`;
    return refuse("other_target", text);
  }
  const changed = difference(request.proposal.params, proposal.params);
  if (changed.length === 0)
    return refuse("no_change", `Nothing would change. ${valuesOf(request)}`);
  const labels = episode?.labels ?? {};
  const rebuilt = rebuild({
    ...{ runbook, actionId, labels },
    ...{ params: proposal.params, target: proposal.target },
  });
  if (!rebuilt.ok) return { outcome: "refused", reasons: [rebuilt.reason] };
  const about = { runbook, policy, episode, proposal, changed };
  return { outcome: "ready", ...about, rebuilt: rebuilt.value };
}

/** The old values with the new ones over them. A target that the values name is found by the new ones. */
function proposeWith(
  { proposal: { params: old, target } }: PlannedRequest,
  about: {
    readonly runbook: Runbook;
    readonly action: Action;
    readonly policy: Policy;
    readonly episode: Episode | null;
    readonly params: EditWish["params"];
  },
): ReturnType<typeof proposeAction> {
  const { runbook, action, policy, episode, params } = about;
  const wish = { runbook, action, policy, words: episode };
  const before = proposeAction({ ...wish, params: old });
  const isDerived = before.ok && before.proposal.target.name === target.name;
  return proposeAction({
    ...wish,
    params: { ...old, ...params },
    ...(isDerived ? {} : { target: target.name }),
  });
}

async function judge(
  ports: Ports,
  { editor, request }: EditWish,
  { proposal, rebuilt, policy, episode }: Ready,
  incident: Incident,
): Promise<Verdict | Refused> {
  const { target, runbookId, actionId } = proposal;
  const [{ confirmation, precondition }, isAutohealingOn, isNextStep, history] = await Promise.all([
    lookWithin(ports, { episode, rebuilt, target }),
    ports.store.isAutohealingOn(),
    isAfterOthers(ports, episode, request.undoes),
    ports.store.historyOf(
      { runbookId, actionId, target: target.name },
      rebuilt.action.limit?.windowMs ?? 0,
    ),
  ]);
  const over = whyOver(episode, confirmation, precondition);
  if (over !== null) return refuse("over", `It is not needed like this: ${over}.`);
  return assess(
    factsOf({
      ...{ proposal, rebuilt, policy, episode, incident, isAutohealingOn, isNextStep, history },
      requester: editor,
      sourceConfirmation: confirmation,
      isWhitelistComplete: ports.catalogue.read().problems.length === 0,
      missingFacts: precondition.state === "unknown" ? [precondition.detail] : [],
      clockBehindMs: ports.clockBehindMs(),
      belowFloor: ports.belowFloor(),
      now: ports.now(),
    }),
  );
}

function difference(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  return Object.entries(after).flatMap(([name, value]) =>
    before[name] === value ? [] : [`${name} ${before[name] ?? "(none)"} → ${value}`],
  );
}

function valuesOf({ proposal: { params } }: PlannedRequest): string {
  const values = Object.entries(params).map(([name, value]) => `${name}=${value}`);
  return values.length === 0 ? "It has no values." : `Its values are: ${values.join(" ")}.`;
}

function outdated(file: string): Refused {
  return { outcome: "outdated", why: `${file} was changed since this was shown` };
}

function refuse(rule: string, text: string): Refused {
  return { outcome: "refused", reasons: [{ rule, text }] };
}
