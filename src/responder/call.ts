import type { Called, PlannedRequest } from "../approval/approval.ts";
import { mayDecide } from "../approval/decide.ts";
import { onCall } from "../remediation/on-call.ts";
import type { Policy } from "../remediation/policy.ts";
import type { Ports, StepEnd } from "./ports.ts";
import { DONE } from "./ports.ts";

const PAGE_AGAIN_MS = 60_000;
const LOOK_AGAIN_MS = 15_000;

/**
 * The ladder for silence: those who may decide are reminded, then others are called, who may decide from then on, and
 * whoever is on call is paged. The last step is expiry, which means no.
 */
export async function remind({ store }: Ports, requestId: string): Promise<StepEnd> {
  await store.remind(requestId);
  return DONE;
}

export async function escalate(ports: Ports, requestId: string): Promise<StepEnd> {
  const { policy } = ports.catalogue.read();
  const request = await ports.store.request(requestId);
  // A plan made under a policy that is gone can't be approved by anybody.
  if (!policy.ok || request === null || request.state === "denied") return DONE;
  await ports.store.escalate(requestId, calledFor(request, policy.policy, ports.now()));
  return DONE;
}

/**
 * Being on call gives nobody a right: who is on it is asked where they may approve this anyway, and where they may not,
 * those are asked again who may.
 */
function calledFor(
  request: PlannedRequest,
  { escalation, rota, people }: Policy,
  now: Date,
): Called {
  if (escalation.to !== null) return { to: escalation.to, onCall: null };
  const name = rota === null ? null : onCall(rota, now).person;
  const isAble = people.some((person) => person.name === name && mayDecide(request, person));
  const isOwn = request.requester === name;
  const hasVoted = request.votes.some(({ person }) => person === name);
  return { to: request.approvers, onCall: isAble && !isOwn && !hasVoted ? name : null };
}

/** Pages while the request waits for somebody, and takes the page back when it does not. */
export async function page(ports: Ports, requestId: string): Promise<StepEnd> {
  const request = await ports.store.request(requestId);
  if (ports.page === null || request === null || request.state === "denied") return DONE;
  const isWaiting = request.state === "pending";
  const wasPaged = request.calls.pagedAt !== null;
  if (!isWaiting && !wasPaged) return DONE;
  if (isWaiting && wasPaged) return later(ports, LOOK_AGAIN_MS, "it waits for a decision");

  const incident = await ports.store.incident(request.incidentId);
  const paged = await ports.page(
    isWaiting
      ? {
          what: "trigger",
          requestId,
          incidentId: request.incidentId,
          summary: `${request.proposal.actionTitle} on ${request.plan.target.name} needs a decision: ${incident?.title ?? ""}`,
          source: request.plan.target.name,
          severity: incident?.severity ?? null,
        }
      : { what: "resolve", requestId },
  );
  if (paged.outcome === "later") return later(ports, PAGE_AGAIN_MS, paged.why);
  if (!isWaiting || paged.outcome === "refused") return DONE;
  await ports.store.paged(requestId);
  return later(ports, LOOK_AGAIN_MS, "it waits for a decision");
}

function later(ports: Ports, ms: number, why: string): StepEnd {
  return { outcome: "again", at: new Date(ports.now().getTime() + ms), why };
}
