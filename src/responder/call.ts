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
  // A plan made under a policy that is gone can't be approved by anybody.
  if (policy.ok) await ports.store.escalate(requestId, policy.policy.escalation.to);
  return DONE;
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
