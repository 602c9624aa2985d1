import type { Person, PlannedRequest, Ruling } from "./approval.ts";
import { decidersOf } from "./approval.ts";

export interface Attempt {
  readonly person: Person;
  readonly decision: "approve" | "reject";
  readonly reason: string | null;
  /** A tap is one touch on a button; typed means that the person wrote the plan code. */
  readonly via: "tap" | "typed";
  /** True where high risk takes a passkey of the person, and none was used. */
  readonly owesPasskey: boolean;
  readonly now: Date;
}

export interface DecisionPolicy {
  /** On while one person alone can approve: their typed code stands in for the second person. */
  readonly isSolo: boolean;
  readonly isReasonRequired: boolean;
}

/**
 * Rules on one click. Pure; the store applies the ruling in the transaction it was made in.
 * Reject wins until the run starts, expiry is final, and nobody approves what they asked for.
 */
export function decide(request: PlannedRequest, attempt: Attempt, policy: DecisionPolicy): Ruling {
  const { person, decision, now } = attempt;
  if (!mayDecide(request, person)) {
    return {
      outcome: "not_allowed",
      why: `deciding this takes the role ${decidersOf(request).join(" or ")}`,
    };
  }
  if (request.state === "expired") return { outcome: "expired", request };
  if (request.state !== "pending" && request.state !== "approved") {
    return { outcome: "already_decided", request };
  }
  if (decision === "reject") return { outcome: "rejected", request };
  if (request.state === "approved") return { outcome: "already_decided", request };
  if (now >= request.expiresAt) return { outcome: "expired", request };
  return approve(request, attempt, policy);
}

function approve(request: PlannedRequest, attempt: Attempt, policy: DecisionPolicy): Ruling {
  const isOwn = request.requester === attempt.person.name;
  if (isOwn && !policy.isSolo) {
    return {
      outcome: "not_allowed",
      why: "nobody approves what they asked for: someone else has to",
    };
  }
  const needsReason = request.risk === "high" && policy.isReasonRequired;
  const mustType = request.risk === "high" || isOwn;
  if (mustType && (attempt.via === "tap" || (needsReason && attempt.reason === null))) {
    return { outcome: "must_type", request, needsReason };
  }
  if (request.risk === "high" && attempt.owesPasskey) return { outcome: "must_prove", request };
  const approvals = request.votes.filter((vote) => vote.decision === "approve");
  if (approvals.some((vote) => vote.person === attempt.person.name)) {
    return { outcome: "already_voted", request };
  }
  const missing = request.quorum - approvals.length - 1;
  return missing > 0 ? { outcome: "counted", request, missing } : { outcome: "approved", request };
}

export function mayDecide(request: PlannedRequest, person: Person): boolean {
  return decidersOf(request).some(
    (who) => person.name === who || person.roles.some((role) => role === who),
  );
}
