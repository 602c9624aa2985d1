import type { types } from "@slack/bolt";
import type { PlannedRequest } from "../../src/approval/approval.ts";
import type { Card, CardContext, IncidentView } from "../../src/chat/card.ts";
import { digestCardOf } from "../../src/chat/digest-card.ts";
import { approveModal } from "../../src/chat/slack-modal.ts";
import type { EvidenceItem } from "../../src/evidence/evidence.ts";
import type { VerificationOutcome } from "../../src/verification/verification.ts";
import {
  anAlert,
  anExecution,
  aRequest,
  aVerification,
  aView,
  aVote,
  NOW,
  OPENED,
} from "../../test/fakes/incidents.ts";

export interface Example {
  /** Names its pictures. */
  readonly name: string;
  readonly about: string;
  readonly view: IncidentView;
  readonly context: CardContext;
  /** Its pictures stand in the documentation. */
  readonly isInDocs?: true;
}

const context: CardContext = {
  now: NOW,
  publicUrl: "https://countersign.example.org",
  autohealing: true,
  people: [
    { name: "ana", roles: ["approver"] },
    { name: "bo", roles: ["approver"] },
  ],
};

const evidence: readonly EvidenceItem[] = [
  {
    id: "E1",
    kind: "promql",
    title: "CPU in use, last 15 min",
    text: "now 96.4 %, 12.1 % 15 min ago",
    collectedAt: NOW,
    status: "found",
  },
  {
    id: "E2",
    kind: "promql",
    title: "Busiest process",
    text: "batch.service, 91.8 % for 5 min",
    collectedAt: NOW,
    status: "found",
  },
  {
    id: "E3",
    kind: "logql",
    title: "Errors in the log",
    text: "Loki did not answer within 5 s",
    collectedAt: NOW,
    status: "missing",
  },
];
const diagnosis = {
  by: "rules",
  cause: "A batch job has used one core for five minutes; nothing else changed.",
  confidence: "medium",
  cites: ["E1", "E2"],
} as const;
const reasons = [
  { rule: "declared", text: "The runbook declares it medium." },
  { rule: "production", text: "web-01 is tagged production." },
];

const found = { evidence, diagnosis };
const asked = (over: Partial<PlannedRequest> = {}): IncidentView =>
  aView({ ...found, requests: [aRequest({ reasons, ...over })] });
const decided = (over: Partial<PlannedRequest>): IncidentView =>
  asked({ votes: [aVote()], ...over });
const checked = (outcome: VerificationOutcome, detail: string): IncidentView => ({
  ...decided({ state: "succeeded" }),
  executions: [anExecution()],
  verifications: [aVerification({ outcome, detail })],
});
const alerts = [anAlert({ status: "resolved", endsAt: NOW })];
const rejected = aVote({ decision: "reject", reason: "the job ends in five minutes" });
const endedAt = NOW;
const byPolicy = { isApprovedByPolicy: true, risk: "low" } as const;
const declaredLow = [{ rule: "declared", text: "The runbook declares it low." }];
const { id, incidentId, episodeId, risk, requester, words, createdAt, endReason, proposal, plan } =
  aRequest();
const bare = { id, incidentId, episodeId, risk, requester, words, createdAt, endReason, proposal };

/** Leave to run unasked, asked for by Countersign itself: no alert is behind it. */
function granting(over: Partial<PlannedRequest> = {}): IncidentView {
  const command = {
    kind: "grant",
    with: { op: "restart", container: "{{params.container}}" },
    verifiedInARow: 10,
    noneRejectedInMs: 2_592_000_000,
  } as const;
  const actionTitle = "Run unasked from now on: Restart the container";
  const request = aRequest({
    ...{ risk: "high", quorum: 2, episodeId: null, plan: { ...plan, command, risk: "high" } },
    proposal: { ...proposal, runbookId: "container-down", actionId: "restart", actionTitle },
    reasons: [
      {
        rule: "earned",
        text: "It passes the rule: 10 approved and verified in a row, none rejected within 30 d.",
      },
    ],
    ...over,
  });
  const fixes =
    request.state === "pending"
      ? [{ requestId: request.id, runs: 11, verified: 10, medianMs: 40_000 }]
      : [];
  return aView(
    { requests: [request], fixes },
    {
      ...{ source: "autonomy", alerts: [], severity: null },
      title: "restart of container-down may run unasked on web-01?",
    },
  );
}

function example(name: string, about: string, view: IncidentView, over: Partial<CardContext> = {}) {
  return { name, about, view, context: { ...context, ...over } };
}

const inDocs = (each: Example): Example => ({ ...each, isInDocs: true });

/** A card for each thing that can happen to an incident, in about the order in which they do. */
export const EXAMPLES: readonly Example[] = [
  inDocs(example("new", "an alert has come in", aView({ isInvestigating: true }))),
  example("found", "evidence is in, and no runbook offers a fix", aView(found)),
  example(
    "acknowledged",
    "somebody looks after it",
    aView(found, { state: "acknowledged", acknowledgedBy: "ana" }),
  ),
  example(
    "truncated",
    "the sender left alerts of the group out",
    aView(found, {
      truncatedAlerts: 12,
      alerts: [1, 2, 3, 4, 5, 6, 7, 8].map((n) =>
        anAlert({ id: n, status: n > 6 ? "resolved" : "firing" }, { instance: `192.168.1.10${n}` }),
      ),
      title: "HighCPU",
    }),
  ),
  example(
    "denied",
    "a fix that policy.yaml does not allow, and how to mend that",
    aView({
      ...found,
      requests: [
        {
          ...bare,
          endedAt,
          undoes: null,
          state: "denied",
          plan: null,
          reasons: [
            {
              rule: "target",
              text: "web-01 is not in policy.yaml: add it under targets to let this run.",
            },
          ],
        },
      ],
    }),
  ),
  example(
    "pending-low",
    "auto-healing is off, so low risk asks as well",
    asked({ risk: "low", reasons: declaredLow }),
    { autohealing: false },
  ),
  inDocs(example("pending-medium", "one approval is needed", asked())),
  inDocs(
    example(
      "pending-high",
      "high risk: the plan code has to be typed, with a reason",
      asked({
        risk: "high",
        quorum: 2,
        reasons: [...reasons, { rule: "class", text: "It stops a service: high risk asks two." }],
      }),
    ),
  ),
  example(
    "one-of-two",
    "one of two approvals is there",
    asked({ risk: "high", quorum: 2, votes: [aVote({ reason: "customers notice it" })] }),
  ),
  example(
    "own-request",
    "somebody who is alone asked for it: solo mode has them type the code",
    asked({ requester: "ana", words: "it slows the shop down" }),
    { people: [{ name: "ana", roles: ["approver"] }] },
  ),
  example(
    "asked-by-program",
    "a program proposed it, and no alert is behind it",
    aView(
      { requests: [aRequest({ reasons, requester: "api:backup", words: "the dump needs room" })] },
      { source: "api", title: "Identify and stop the busiest process", alerts: [], severity: null },
    ),
  ),
  example("two-fixes", "two alerts of one incident, each with a fix", {
    ...aView(found, { alerts: [anAlert(), anAlert({ id: 2 }, { instance: "192.168.1.102" })] }),
    requests: [
      aRequest({ reasons }),
      aRequest({ id: "req_2", episodeId: 2, planCode: "b07c55e1", reasons }),
    ],
  }),
  example(
    "command-too-long",
    "a command that does not fit is shown and approved in the console only",
    asked({
      plan: {
        ...plan,
        command: {
          kind: "argv",
          argv: [
            "/usr/bin/systemctl",
            "stop",
            ...Array.from({ length: 260 }, (_, n) => `batch-job-${n}.service`),
          ],
          directory: "/",
        },
      },
    }),
  ),
  example("approved", "approved a moment ago", decided({ state: "approved" })),
  inDocs(
    example("executing", "it runs", {
      ...decided({ state: "executing" }),
      executions: [anExecution({ state: "started", finishedAt: null, exitCode: null })],
    }),
  ),
  example("checking", "it ran, and the alert is looked at again", {
    ...decided({ state: "succeeded" }),
    executions: [anExecution()],
  }),
  inDocs(
    example("verified", "it helped", checked("verified", "CPU is at 14 %, below 90 % for 2 min.")),
  ),
  example("auto-run", "low risk ran by itself, and it helped", {
    ...asked({ ...byPolicy, reasons: declaredLow, state: "succeeded" }),
    executions: [anExecution()],
    verifications: [aVerification({ detail: "CPU is at 14 %, below 90 % for 2 min." })],
  }),
  inDocs(
    example(
      "still-failing",
      "it ran well and did not help",
      checked("still_failing", "CPU is at 97 %, above 90 %."),
    ),
  ),
  example(
    "inconclusive",
    "nobody can say whether it helped",
    checked("inconclusive", "Prometheus did not answer within 5 min."),
  ),
  inDocs(
    example("failed", "it ended with an error", {
      ...decided({ state: "failed", endedAt }),
      executions: [
        anExecution({
          exitCode: 5,
          output: "Failed to stop batch job.service: Unit batch job.service not loaded.",
        }),
      ],
    }),
  ),
  example("timed-out", "it took longer than it may", {
    ...decided({ state: "failed", endedAt }),
    executions: [
      anExecution({
        state: "timed_out",
        exitCode: null,
        finishedAt: new Date("2025-10-24T10:34:01Z"),
      }),
    ],
  }),
  inDocs(
    example("unknown", "it was cut short: it is not repeated", {
      ...decided({ state: "unknown", endedAt }),
      executions: [anExecution({ state: "unknown", finishedAt: null, exitCode: null })],
    }),
  ),
  example("rejected", "somebody said no", asked({ state: "rejected", votes: [rejected], endedAt })),
  example("expired", "nobody decided in time", asked({ state: "expired", endedAt })),
  example(
    "cancelled",
    "stopped before it ran",
    decided({ state: "cancelled", endedAt, endReason: "Auto-healing was turned off with --all." }),
  ),
  example("to-grant", "an action has earned to run unasked, and people are asked", granting()),
  example(
    "granted",
    "two people let it run unasked",
    granting({ state: "succeeded", votes: [aVote(), aVote({ person: "ben" })], endedAt }),
  ),
  example(
    "taken-back",
    "a run did not help, so it asks again",
    granting({
      ...{ state: "succeeded", votes: [aVote(), aVote({ person: "ben" })], endedAt },
      endReason: "exe_1a2b3c4d5e6f did not help",
    }),
  ),
  example(
    "superseded",
    "its runbook was edited meanwhile",
    asked({ state: "superseded", endedAt, endReason: "The runbook high-cpu has changed." }),
  ),
  inDocs(
    example(
      "resolved",
      "it went away by itself",
      aView(found, { state: "resolved", resolvedAt: NOW, alerts }),
    ),
  ),
  example("resolved-after-fix", "it went away after the fix", {
    ...checked("verified", "The alert is resolved."),
    incident: { ...aView().incident, state: "resolved", resolvedAt: NOW, alerts },
  }),
  example(
    "long-words",
    "long names, long labels and much evidence give way",
    aView(
      {
        requests: [aRequest({ reasons })],
        diagnosis,
        evidence: Array.from({ length: 20 }, (_, n) => ({
          id: `E${n + 1}`,
          kind: "promql",
          title: `Requests a second by handler, part ${n + 1}`,
          text: "GET /api/v1/orders 41.2, POST /api/v1/orders 7.9, GET /healthz 0.2, ".repeat(8),
          collectedAt: NOW,
          status: "found",
        })),
      },
      {
        title: "KubernetesPersistentVolumeClaimWillFillUpWithinFourHours",
        alerts: [
          anAlert({
            startsAt: OPENED,
            labels: {
              alertname: "KubernetesPersistentVolumeClaimWillFillUpWithinFourHours",
              severity: "critical",
              instance: "ip-10-0-13-37.eu-central-1.compute.internal:9100",
              persistentvolumeclaim: "data-postgresql-primary-0",
              namespace: "production-databases",
            },
          }),
        ],
      },
    ),
  ),
];

const storm = {
  id: 1,
  openedAt: OPENED,
  count: 137,
  open: 121,
  own: 2,
  kinds: [
    { title: "ServiceDown", count: 96, open: 90 },
    { title: "HighLatency", count: 40, open: 31 },
    { title: "HighCPU on 192.168.1.101", count: 1, open: 0 },
  ],
};

/** The card that stands for many incidents. */
export const DIGESTS: readonly {
  readonly name: string;
  readonly about: string;
  readonly card: Card;
}[] = [
  {
    name: "storm",
    about: "more incidents than anybody can read",
    card: digestCardOf({ ...storm, endedAt: null }, context),
  },
  {
    name: "storm-over",
    about: "new incidents get their own cards again",
    card: digestCardOf({ ...storm, endedAt: NOW }, context),
  },
];

/** What opens in Slack on Approve of a high risk. */
export const FORM: types.ModalView = approveModal({
  request: aRequest({ risk: "high", quorum: 2, reasons }),
  token: "A".repeat(22),
  needsReason: true,
  consoleUrl: "https://countersign.example.org/incidents/inc_1a2b3c4d5e6f",
});
