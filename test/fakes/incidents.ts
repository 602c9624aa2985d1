import type { PlannedRequest, Vote } from "../../src/approval/approval.ts";
import type { IncidentView } from "../../src/chat/card.ts";
import type { Silence } from "../../src/evidence/silence.ts";
import type { Execution } from "../../src/execution/execution.ts";
import type { Episode, Labels } from "../../src/incident/alert.ts";
import type { Autonomy } from "../../src/remediation/track-record.ts";
import type { Verification } from "../../src/verification/verification.ts";

export const NOW = new Date("2025-10-24T10:35:00Z");
export const OPENED = new Date("2025-10-24T10:30:00Z");

export function anAlert(over: Partial<Episode> = {}, labels: Labels = {}): Episode {
  return {
    id: 1,
    source: "alertmanager",
    incidentId: "inc_1a2b3c4d5e6f",
    receivedAt: OPENED,
    fingerprint: "0123456789abcdef",
    status: "firing",
    startsAt: OPENED,
    endsAt: null,
    labels: { alertname: "HighCPU", severity: "warning", instance: "192.168.1.101", ...labels },
    annotations: { summary: "CPU usage is high", description: "above 90% for 5 minutes" },
    generatorUrl: null,
    extra: null,
    ...over,
  };
}

export function aSilence(incidentId: string): Silence {
  return {
    id: "sil_1",
    incidentId,
    requestId: null,
    episodeIds: [1],
    person: "ana",
    endsAt: new Date(NOW.getTime() + 3_600_000),
    liftAt: new Date(NOW.getTime() + 3_600_000),
    failure: null,
    endedAt: null,
  };
}

export function aRequest(over: Partial<PlannedRequest> = {}): PlannedRequest {
  const expiresAt = over.expiresAt ?? new Date("2025-10-24T10:45:00Z");
  return {
    id: "req_1",
    incidentId: "inc_1a2b3c4d5e6f",
    episodeId: 1,
    risk: "medium",
    reasons: [{ rule: "declared", text: "The runbook declares it medium." }],
    requester: null,
    words: null,
    undoes: null,
    createdAt: OPENED,
    endedAt: null,
    endReason: null,
    state: "pending",
    proposal: {
      runbookId: "high-cpu",
      runbookHash: "f".repeat(64),
      runbookTitle: "High CPU",
      actionId: "stop-busiest",
      actionTitle: "Identify and stop the busiest process",
      declaredRisk: "medium",
      executor: "ssh",
      params: {},
      target: { name: "web-01", host: "192.168.1.101", executor: "ssh", directory: "/" },
      with: {},
      rollback: null,
    },
    plan: {
      schema: 1,
      request: "req_1",
      incident: "inc_1a2b3c4d5e6f",
      episode: null,
      runbook: { id: "high-cpu", sha256: "f".repeat(64) },
      action: "stop-busiest",
      executor: "ssh",
      target: { name: "web-01", host: "192.168.1.101" },
      command: { kind: "argv", argv: ["/usr/bin/systemctl", "stop", "batch job"], directory: "/" },
      files: [],
      timeoutMs: 60_000,
      precondition: null,
      risk: over.risk ?? "medium",
      quorum: 1,
      expiresAt: expiresAt.toISOString(),
      policy: "p",
    },
    digest: "9f3a1c22".padEnd(64, "0"),
    planCode: "9f3a1c22",
    quorum: 1,
    approvers: "approver",
    isApprovedByPolicy: false,
    votes: [],
    calls: NOBODY_CALLED,
    ...over,
    expiresAt,
  };
}

export const NOBODY_CALLED = { remindedAt: null, escalated: null, pagedAt: null };

export function aVote(over: Partial<Vote> = {}): Vote {
  return {
    person: "ana",
    decision: "approve",
    channel: "telegram",
    reason: null,
    at: new Date("2025-10-24T10:33:00Z"),
    ...over,
  };
}

export function anExecution(over: Partial<Execution> = {}): Execution {
  return {
    id: "exe_1",
    requestId: "req_1",
    incidentId: "inc_1a2b3c4d5e6f",
    runbookId: "high-cpu",
    actionId: "stop-busiest",
    target: "web-01",
    state: "finished",
    claimedAt: new Date("2025-10-24T10:33:01Z"),
    startedAt: new Date("2025-10-24T10:33:01Z"),
    finishedAt: new Date("2025-10-24T10:33:05Z"),
    exitCode: 0,
    output: "",
    reviewedBy: null,
    ...over,
  };
}

export function aVerification(over: Partial<Verification> = {}): Verification {
  return {
    executionId: "exe_1",
    outcome: "verified",
    detail: "The alert is resolved.",
    judgedAt: NOW,
    ...over,
  };
}

export function aView(
  over: Partial<IncidentView> = {},
  incident: Partial<IncidentView["incident"]> = {},
): IncidentView {
  return {
    incident: {
      id: "inc_1a2b3c4d5e6f",
      source: "alertmanager",
      groupKey: "g",
      state: "open",
      title: "HighCPU on 192.168.1.101",
      severity: "warning",
      openedAt: OPENED,
      acknowledgedBy: null,
      resolvedAt: null,
      truncatedAlerts: 0,
      trust: "key",
      version: 1,
      alerts: [anAlert()],
      ...incident,
    },
    evidence: [],
    diagnosis: null,
    requests: [],
    executions: [],
    verifications: [],
    fixes: [],
    isInvestigating: false,
    silences: [],
    ...over,
  };
}

/** One action that may run unasked on nginx, one that asks on db, and a medium one worth a look. */
export function anAutonomy(): Autonomy {
  const record = {
    ...{ approved: 11, verified: 10, stillFailing: 1, otherwise: 0, rejected: 0 },
    ...{ lastRejectedAt: null, inARow: 10 },
  };
  const restart = {
    ...{ runbookId: "container-down", actionId: "restart", actionTitle: "Restart the container" },
  };
  return {
    auto: "earned",
    rule: "10 approved and verified in a row, none rejected within 30 d",
    standings: [
      { ...restart, target: "nginx", record, grantedAt: OPENED, missing: null },
      {
        ...{ ...restart, target: "db", grantedAt: null },
        record: { ...record, approved: 4, verified: 3, inARow: 3 },
        missing: "3 of 10 approved and verified in a row",
      },
    ],
    reviewable: [
      {
        ...{ runbookId: "high-cpu", actionId: "stop", actionTitle: "Stop the busiest process" },
        ...{ targets: ["web-01", "web-02"], record },
      },
    ],
  };
}
