import { createHash } from "node:crypto";
import type { DeniedRequest, PlannedRequest } from "../../src/approval/approval.ts";
import type { IncidentView } from "../../src/chat/card.ts";
import type { Execution } from "../../src/execution/execution.ts";
import type { Episode } from "../../src/incident/alert.ts";
import type { TimelineEntry } from "../../src/incident/incident.ts";
import type { Proposal } from "../../src/remediation/proposal.ts";
import { NOBODY_CALLED } from "../fakes/incidents.ts";

/** Incidents as the store would hand them out, for tests of the console. */
export function anAlert(overrides: Partial<Episode> & { startsAt: Date }): Episode {
  return {
    id: 1,
    source: "alertmanager",
    incidentId: "inc_nginx",
    fingerprint: "0f3c9a41d2b7e655",
    status: "firing",
    endsAt: null,
    labels: {
      alertname: "NginxDown",
      instance: "web-01:9113",
      severity: "critical",
      job: "nginx",
      env: "lab",
    },
    annotations: {
      summary: "nginx on web-01 does not answer",
      description: 'up{job="nginx"} has been 0 for 2 minutes',
      runbook_url: "https://wiki.example.org/nginx",
    },
    generatorUrl: "http://prometheus.lab:9090/graph?g0.expr=up",
    extra: null,
    receivedAt: overrides.startsAt,
    ...overrides,
  };
}

const proposal: Proposal = {
  runbookId: "service-down",
  runbookHash: "a".repeat(64),
  runbookTitle: "A service is down",
  actionId: "restart",
  actionTitle: "Restart the service",
  declaredRisk: "medium",
  executor: "ssh",
  params: { unit: "nginx.service" },
  target: { name: "web-01", host: "192.168.1.101", executor: "ssh", directory: "/" },
  with: { argv: ["/usr/bin/systemctl", "restart", "nginx.service"] },
  rollback: null,
};

type PlannedOverrides = Partial<PlannedRequest> & {
  argv?: readonly [string, ...string[]];
  target?: { name: string; host: string };
};

export function aRequest(now: Date, overrides: PlannedOverrides = {}): PlannedRequest {
  const { argv, target, ...rest } = overrides;
  const id = rest.id ?? "req_1";
  const risk = rest.risk ?? "medium";
  const quorum = rest.quorum ?? (risk === "high" ? 2 : 1);
  const expiresAt = rest.expiresAt ?? new Date(now.getTime() + 12 * 60_000);
  const digest = createHash("sha256")
    .update(`${id}${risk}${argv?.join("\0")}`)
    .digest("hex");
  return {
    id,
    incidentId: "inc_nginx",
    episodeId: 1,
    state: "pending",
    risk,
    reasons: [
      { rule: "declared", text: "Its runbook declares it medium." },
      { rule: "severity", text: "The alert is critical." },
    ],
    requester: null,
    words: null,
    undoes: null,
    calls: NOBODY_CALLED,
    createdAt: now,
    endedAt: null,
    endReason: null,
    proposal,
    plan: {
      schema: 1,
      request: id,
      incident: "inc_nginx",
      episode: null,
      runbook: { id: "service-down", sha256: "a".repeat(64) },
      action: "restart",
      executor: "ssh",
      target: target ?? { name: "web-01", host: "192.168.1.101" },
      command: {
        kind: "argv",
        argv: argv ?? ["/usr/bin/systemctl", "restart", "nginx.service"],
        directory: "/",
      },
      files: [{ path: "/usr/bin/systemctl", sha256: "b".repeat(64) }],
      timeoutMs: 60_000,
      precondition: null,
      risk,
      quorum,
      expiresAt: expiresAt.toISOString(),
      policy: "c".repeat(64),
    },
    digest,
    planCode: digest.slice(0, 8),
    quorum,
    approvers: "approver",
    expiresAt,
    isApprovedByPolicy: false,
    votes: [],
    ...rest,
  };
}

export function aDeniedRequest(now: Date): DeniedRequest {
  return {
    id: "req_denied",
    incidentId: "inc_nginx",
    episodeId: 1,
    state: "denied",
    risk: "medium",
    reasons: [
      { rule: "target_unknown", text: "web-01 is no target of policy.yaml; add it under targets." },
    ],
    requester: null,
    words: null,
    undoes: null,
    createdAt: now,
    endedAt: now,
    endReason: null,
    proposal: {
      runbookId: "service-down",
      actionId: "restart",
      actionTitle: "Restart the service",
      declaredRisk: "medium",
      reason: { rule: "target_unknown", text: "web-01 is no target of policy.yaml." },
    },
    plan: null,
  };
}

export function aView(
  now: Date,
  overrides: Partial<IncidentView> & { id?: string } = {},
): IncidentView {
  const { id = "inc_nginx", ...rest } = overrides;
  const openedAt = new Date(now.getTime() - 3 * 60_000);
  return {
    incident: {
      id,
      source: "alertmanager",
      groupKey: '{}:{alertname="NginxDown"}',
      state: "open",
      title: "NginxDown on web-01",
      severity: "critical",
      openedAt,
      acknowledgedBy: null,
      resolvedAt: null,
      truncatedAlerts: 0,
      trust: "key",
      version: 3,
      alerts: [anAlert({ startsAt: openedAt })],
    },
    evidence: [
      {
        id: "E1",
        kind: "promql",
        title: "Is it up",
        text: 'up{job="nginx"} = 0 since 14:00, was 1 all day',
        collectedAt: now,
        status: "found",
      },
      {
        id: "E2",
        kind: "logql",
        title: "Last log lines",
        text: "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)\nnginx: configuration file /etc/nginx/nginx.conf test failed",
        collectedAt: now,
        status: "found",
      },
      {
        id: "E3",
        kind: "probe",
        title: "State of the unit",
        text: "web-01 did not answer within 5 s",
        collectedAt: now,
        status: "missing",
      },
    ],
    diagnosis: {
      by: "rules",
      cause: "The service does not run: its port is held by another process.",
      confidence: "medium",
      cites: ["E1", "E2"],
    },
    requests: [],
    executions: [],
    verifications: [],
    fixes: [],
    isInvestigating: false,
    silences: [],
    ...rest,
  };
}

export function anExecution(now: Date, overrides: Partial<Execution> = {}): Execution {
  return {
    id: "exe_1",
    requestId: "req_1",
    incidentId: "inc_nginx",
    runbookId: "service-down",
    actionId: "restart",
    target: "web-01",
    state: "finished",
    claimedAt: new Date(now.getTime() - 20_000),
    startedAt: new Date(now.getTime() - 20_000),
    finishedAt: new Date(now.getTime() - 15_800),
    exitCode: 0,
    output: "Restarting nginx.service\nnginx.service is active\n",
    reviewedBy: null,
    ...overrides,
  };
}

export function aTimeline(now: Date): TimelineEntry[] {
  const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
  return [
    {
      seq: 41,
      at: minutesAgo(3),
      kind: "incident.opened",
      actor: "alertmanager",
      text: "NginxDown on web-01 began",
    },
    {
      seq: 42,
      at: minutesAgo(3),
      kind: "evidence.collected",
      actor: "countersign",
      text: "2 of 3 facts found",
    },
    {
      seq: 43,
      at: minutesAgo(2),
      kind: "request.pending",
      actor: "countersign",
      text: "Restart the service was put forward; it waits for an approver",
    },
  ];
}
