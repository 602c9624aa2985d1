import type { Called, PlannedRequest } from "../approval/approval.ts";
import { mayDecide } from "../approval/decide.ts";
import type { Incident } from "../incident/incident.ts";
import { onCall } from "../remediation/on-call.ts";
import type { Policy } from "../remediation/policy.ts";
import { quietUntil } from "./maintenance.ts";
import type { Ports, StepEnd } from "./ports.ts";
import { DONE } from "./ports.ts";

const PAGE_AGAIN_MS = 60_000;
const LOOK_AGAIN_MS = 15_000;

/**
 * The ladder for silence: those who may decide are reminded, then others are called, who may decide from then on, and
 * whoever is on call is paged. The last step is expiry, which means no.
 */
export async function remind(ports: Ports, requestId: string): Promise<StepEnd> {
  const request = await ports.store.request(requestId);
  if (request === null || request.state === "denied") return DONE;
  const quiet = await whileQuiet(ports, request);
  if (quiet !== null) return quiet;
  await ports.store.remind(requestId);
  return DONE;
}

export async function escalate(ports: Ports, requestId: string): Promise<StepEnd> {
  const { policy } = ports.catalogue.read();
  const request = await ports.store.request(requestId);
  // A plan made under a policy that is gone can't be approved by anybody.
  if (policy === null || request === null || request.state === "denied") return DONE;
  const quiet = await whileQuiet(ports, request);
  if (quiet !== null) return quiet;
  await ports.store.escalate(requestId, calledFor(request, policy, ports.now()));
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

  const quiet = isWaiting ? await whileQuiet(ports, request) : null;
  if (quiet !== null) return quiet;
  const incident = await ports.store.incident(request.incidentId);
  const paged = await ports.page(
    isWaiting ? triggerFor(request, incident) : { what: "resolve", requestId },
  );
  if (paged.outcome === "later") return later(ports, PAGE_AGAIN_MS, paged.why);
  if (!isWaiting || paged.outcome === "refused") return DONE;
  await ports.store.paged(requestId);
  return later(ports, LOOK_AGAIN_MS, "it waits for a decision");
}

function triggerFor({ id, incidentId, proposal, plan }: PlannedRequest, incident: Incident | null) {
  const source = plan.target.name;
  const summary = `${proposal.actionTitle} on ${source} needs a decision: ${incident?.title ?? ""}`;
  const severity = incident?.severity ?? null;
  return { what: "trigger", requestId: id, incidentId, summary, source, severity } as const;
}

/** Nobody is called during maintenance: nothing can be approved then. */
async function whileQuiet(ports: Ports, request: PlannedRequest): Promise<StepEnd | null> {
  const at = await quietUntil(ports, request);
  return at === null ? null : { outcome: "again", at, why: "it is under maintenance" };
}

function later(ports: Ports, ms: number, why: string): StepEnd {
  return { outcome: "again", at: new Date(ports.now().getTime() + ms), why };
}
