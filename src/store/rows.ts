import type { InferSelectModel } from "drizzle-orm";
import type {
  DeniedRequest,
  Plan,
  PlannedRequest,
  Request,
  RequestState,
  Vote,
} from "../approval/approval.ts";
import type { Opinion } from "../diagnosis/opinion.ts";
import type { EvidenceItem } from "../evidence/evidence.ts";
import type { Execution, ExecutionState } from "../execution/execution.ts";
import type { Asker, Episode, Labels, Severity, Source } from "../incident/alert.ts";
import type { Trust } from "../incident/alert-group.ts";
import type { Incident, IncidentState } from "../incident/incident.ts";
import type { Proposal, Reason, Risk, Unfit } from "../remediation/proposal.ts";
import type { Verification, VerificationOutcome } from "../verification/verification.ts";
import { unpack } from "./measurements.ts";
import type * as schema from "./schema.ts";

/** Rows as they lie in the database to the nouns everybody else speaks. We wrote every row, so none is re-checked. */

type Row<T extends keyof typeof schema> = InferSelectModel<(typeof schema)[T]>;

export function toIncident(row: Row<"incidents">): Incident {
  return {
    id: row.id,
    source: row.source as Source | Asker,
    groupKey: row.groupKey,
    state: row.state as IncidentState,
    title: row.title,
    severity: row.severity as Severity | null,
    openedAt: new Date(row.openedAt),
    acknowledgedBy: row.acknowledgedBy,
    resolvedAt: toDate(row.resolvedAt),
    truncatedAlerts: row.truncatedAlerts,
    trust: row.trust as Trust,
    version: row.version,
  };
}

export function toEpisode(row: Row<"alerts">): Episode {
  return {
    id: row.id,
    source: row.source as Source,
    fingerprint: row.fingerprint,
    status: row.status as Episode["status"],
    startsAt: new Date(row.startsAt),
    endsAt: toDate(row.endsAt),
    labels: JSON.parse(row.labels) as Labels,
    annotations: JSON.parse(row.annotations) as Labels,
    generatorUrl: row.generatorUrl,
    extra: row.extra === null ? null : (JSON.parse(row.extra) as Record<string, unknown>),
    incidentId: row.incidentId,
    receivedAt: new Date(row.receivedAt),
  };
}

export function toEvidence(row: Row<"evidence">): EvidenceItem {
  return {
    id: row.id,
    kind: row.kind as EvidenceItem["kind"],
    title: row.title,
    text: row.text,
    status: row.status as EvidenceItem["status"],
    collectedAt: new Date(row.collectedAt),
    measurements: unpack(row.measurements),
  };
}

export function toRequest(row: Row<"requests">, votes: readonly Vote[]): Request {
  const base = {
    id: row.id,
    incidentId: row.incidentId,
    episodeId: row.episodeId,
    risk: row.risk as Risk,
    reasons: JSON.parse(row.reasons) as Reason[],
    requester: row.requester,
    words: row.words,
    undoes: row.undoes,
    createdAt: new Date(row.createdAt),
    endedAt: toDate(row.endedAt),
    endReason: row.endReason,
  };
  if (row.state === "denied" || row.plan === null) {
    const proposal = JSON.parse(row.proposal) as Proposal | Unfit;
    const denied = { ...base, state: "denied", proposal, plan: null } satisfies DeniedRequest;
    if (row.plan === null) return denied;
    const plan = JSON.parse(row.plan) as Plan;
    return { ...denied, rehearsed: { plan, planCode: row.planCode as string } };
  }
  return {
    ...base,
    state: row.state as Exclude<RequestState, "denied">,
    proposal: JSON.parse(row.proposal) as Proposal,
    plan: JSON.parse(row.plan) as Plan,
    digest: row.digest as string,
    planCode: row.planCode as string,
    quorum: row.quorum as number,
    approvers: row.approvers as string,
    expiresAt: new Date(row.expiresAt as number),
    calls: {
      remindedAt: toDate(row.remindedAt),
      escalated:
        row.escalatedAt === null
          ? null
          : {
              to: row.escalatedTo as string,
              onCall: row.escalatedOnCall,
              at: new Date(row.escalatedAt),
            },
      pagedAt: toDate(row.pagedAt),
    },
    isApprovedByPolicy: row.isApprovedByPolicy,
    votes,
  } satisfies PlannedRequest;
}

export function toVote(row: Row<"votes">): Vote {
  return {
    person: row.person,
    decision: row.decision as Vote["decision"],
    channel: row.channel as Vote["channel"],
    reason: row.reason,
    at: new Date(row.at),
  };
}

export function toExecution(row: Row<"executions">): Execution {
  return {
    id: row.id,
    requestId: row.requestId,
    incidentId: row.incidentId,
    runbookId: row.runbookId,
    actionId: row.actionId,
    target: row.target,
    state: row.state as ExecutionState,
    claimedAt: new Date(row.claimedAt),
    startedAt: toDate(row.startedAt),
    finishedAt: toDate(row.finishedAt),
    exitCode: row.exitCode,
    output: row.output,
    reviewedBy: row.reviewedBy,
  };
}

export function toVerification(row: Row<"verifications">): Verification {
  return {
    executionId: row.executionId,
    outcome: row.outcome as VerificationOutcome,
    detail: row.detail,
    judgedAt: new Date(row.judgedAt),
  };
}

export function toDate(at: number | null): Date | null {
  return at === null ? null : new Date(at);
}

/** What the first opinions were stored without. */
const NEWER: Pick<Opinion, "impactCites" | "consultation"> = {
  impactCites: [],
  consultation: null,
};

export function toOpinion(
  row: Row<"opinions"> | undefined,
): Opinion | { readonly note: string } | null {
  if (row === undefined) return null;
  if (row.opinion === null) return { note: row.note ?? "" };
  const opinion = JSON.parse(row.opinion) as Omit<Opinion, keyof typeof NEWER>;
  return { ...NEWER, ...opinion, at: new Date(row.at) };
}
