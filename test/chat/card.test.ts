import { describe, expect, it } from "vitest";
import type { PlannedRequest } from "../../src/approval/approval.ts";
import type { CardState, IncidentView } from "../../src/chat/card.ts";
import { cardOf } from "../../src/chat/card.ts";
import { cardText } from "../../src/chat/plain.ts";
import {
  anAlert,
  anExecution,
  aRequest,
  aVerification,
  aView,
  aVote,
  NOW,
} from "../fakes/incidents.ts";

const context = {
  now: NOW,
  publicUrl: "https://countersign.example.org",
  autohealing: true,
};
const draw = (view: IncidentView) => cardOf(view, context);
const words = (view: IncidentView) => cardText(draw(view), "telegram");

const asked = aView({
  requests: [aRequest()],
  evidence: [
    {
      id: "E1",
      kind: "promql",
      title: "CPU",
      text: "93% for 6 min",
      collectedAt: NOW,
      status: "found",
    },
  ],
  diagnosis: { by: "rules", cause: "One job uses all of it.", confidence: "high", cites: ["E1"] },
});

it("says what people know: component, issue, severity, risk, suggested fix", () => {
  const card = draw(asked);

  expect(card.headline).toBe("⚠️ Action Approval Required: HighCPU on 192.168.1.101");
  expect(card.sections.map(({ kind }) => kind)).toEqual([
    "state",
    "problem",
    "action",
    "risk",
    "evidence",
    "opinion",
    "who",
    "links",
  ]);
  expect(cardText(card, "telegram")).toMatchInlineSnapshot(`
    "⚠️ Action Approval Required: HighCPU on 192.168.1.101

    Firing since 10:30:00 · inc_1a2b3c4d5e6f

    HighCPU
    Component: 192.168.1.101
    Issue: CPU usage is high
    Severity: 🟡 WARNING
    Description: above 90% for 5 minutes
    Time: 2025-10-24 10:30:00 UTC

    Suggested Fix: Identify and stop the busiest process (plan 9f3a1c22)
    \`/usr/bin/systemctl stop 'batch job'\`
    Target: web-01 (192.168.1.101) via ssh
    Runbook: high-cpu / stop-busiest

    🟡 Risk Level: MEDIUM
    • The runbook declares it medium.

    Evidence
    • E1 CPU: 93% for 6 min

    🔎 Opinion of the rules (confidence: high)
    One job uses all of it. [E1]

    Who may decide: anyone with the role approver, until 10:45:00. Approvals: 0 of 1.

    🌐 Open in the console: https://countersign.example.org/incidents/inc_1a2b3c4d5e6f"
  `);
  expect(card.buttons.map(({ label }) => label)).toEqual(["✅ Approve", "❌ Reject"]);
});

it("P8 says of what Countersign noticed itself that no rule fires, and that people decide", () => {
  const own = aView();
  const text = words({ ...own, incident: { ...own.incident, source: "countersign" } });

  expect(text).toContain("🟡 Noticed: HighCPU");
  expect(text).toContain("Countersign noticed this itself: no rule of Prometheus fires");
  expect(words(own)).not.toContain("noticed this itself");
});

it("says Prometheus Alert when nothing is asked, and Alert Resolved at the end", () => {
  const resolvedAt = new Date("2025-10-24T10:36:00Z");
  const resolved = aView({ requests: [aRequest()] }, { state: "resolved", resolvedAt });

  expect(words(aView({ isInvestigating: true }))).toMatchInlineSnapshot(`
    "🟡 Prometheus Alert: HighCPU on 192.168.1.101

    Firing since 10:30:00 · inc_1a2b3c4d5e6f
    🔎 Looking into it.

    HighCPU
    Instance: 192.168.1.101
    Summary: CPU usage is high
    Severity: 🟡 WARNING
    Description: above 90% for 5 minutes
    Time: 2025-10-24 10:30:00 UTC

    🌐 Open in the console: https://countersign.example.org/incidents/inc_1a2b3c4d5e6f"
  `);
  expect(draw(resolved).headline).toBe("✅ Alert Resolved: HighCPU on 192.168.1.101");
  expect(draw(resolved).buttons).toEqual([]);
});

const request = (over: Partial<PlannedRequest>) => [aRequest({ votes: [aVote()], ...over })];
const done = { requests: request({ state: "succeeded" }), executions: [anExecution()] };

describe("each state has its headline, and only a pending one has buttons", () => {
  it.each<[CardState, string, Partial<IncidentView>]>([
    ["analysing", "🟡 Prometheus Alert", { isInvestigating: true }],
    ["open", "🟡 Prometheus Alert", {}],
    ["pending", "⚠️ Action Approval Required", { requests: [aRequest()] }],
    ["pending", "🔴 Action Approval Required", { requests: [aRequest({ risk: "high" })] }],
    ["expired", "⌛ Approval Expired", { requests: [aRequest({ expiresAt: NOW })] }],
    ["executing", "⏳ Fix Running", { requests: request({ state: "approved" }) }],
    ["executing", "⏳ Fix Running", { requests: request({ state: "executing" }) }],
    ["checking", "⏳ Fix Being Checked", done],
    ["verified", "✅ Fix Verified", { ...done, verifications: [aVerification()] }],
    [
      "still_failing",
      "❌ Still Failing",
      { ...done, verifications: [aVerification({ outcome: "still_failing" })] },
    ],
    [
      "inconclusive",
      "❓ Fix Not Confirmed",
      { ...done, verifications: [aVerification({ outcome: "inconclusive" })] },
    ],
    ["failed", "❌ Fix Failed", { requests: request({ state: "failed" }) }],
    ["unknown", "❓ Outcome Unknown", { requests: request({ state: "unknown" }) }],
    ["rejected", "⛔ Fix Rejected", { requests: request({ state: "rejected" }) }],
    ["expired", "⌛ Approval Expired", { requests: request({ state: "expired" }) }],
    ["superseded", "♻️ Fix Superseded", { requests: request({ state: "superseded" }) }],
    ["cancelled", "🚫 Fix Cancelled", { requests: request({ state: "cancelled" }) }],
  ])("%s: %s", (state, headline, view) => {
    const card = draw(aView(view));

    expect(card.state).toBe(state);
    expect(card.headline.startsWith(`${headline}: `)).toBe(true);
    expect(card.buttons.length > 0).toBe(state === "pending");
  });
});

it("says who decided, when and what came of it", () => {
  expect(words(aView({ ...done, verifications: [aVerification()] }))).toContain(
    [
      "✅ Approved by ana at 10:33:00 in telegram",
      "✅ Succeeded in 4 s, exit code 0",
      "✅ Verified: The alert is resolved.",
    ].join("\n"),
  );
});

it("shows the end of the output of a run that failed", () => {
  const view = aView({
    requests: request({ state: "failed" }),
    executions: [anExecution({ exitCode: 5, output: `${"x".repeat(900)} not permitted` })],
  });

  expect(words(view)).toContain("❌ Ended after 4 s, exit code 5");
  expect(words(view)).toContain("not permitted");
});

it("says what to add where an action can't be approved", () => {
  const { plan, digest, planCode, quorum, approvers, expiresAt, votes, ...base } = aRequest();
  const view = aView({
    requests: [
      {
        ...base,
        state: "denied",
        plan: null,
        reasons: [{ rule: "target", text: "web-01 is not in policy.yaml: add it under targets." }],
      },
    ],
  });

  expect(draw(view)).toMatchObject({ state: "denied", buttons: [] });
  expect(words(view)).toContain("web-01 is not in policy.yaml: add it under targets.");
});

it.each([
  [{ runs: 9, verified: 7, medianMs: 40_200 }, "fixed this 7 of 9 times, median 40 s."],
  [{ runs: 1, verified: 0, medianMs: null }, "fixed this 0 of 1 time."],
  [{ runs: 0, verified: 0, medianMs: null }, "has not been tried before."],
])("says what the fix has done so far where it is to be decided: %j", (record, said) => {
  const fixes = [{ requestId: "req_1", ...record }];

  const who = draw(aView({ requests: [aRequest()], fixes })).sections.find(
    ({ kind }) => kind === "who",
  );

  expect(who?.lines[0]).toEqual({ kind: "text", text: `stop-busiest on web-01 ${said}` });
});

it("counts approvals of a high risk and says what to send", () => {
  const high = aRequest({ risk: "high", quorum: 2, votes: [aVote()] });
  const people = [
    { name: "ana", roles: ["approver" as const] },
    { name: "eve", roles: ["viewer" as const] },
  ];
  const text = cardText(cardOf(aView({ requests: [high] }), { ...context, people }), "telegram");

  expect(text).toContain("Who may decide: ana (approver), until 10:45:00 UTC.".replace(" UTC", ""));
  expect(text).toContain("Approvals: 1 of 2 (ana)");
  expect(text).toContain("/approve 9f3a1c22 <reason>");
  expect(text).toContain("🔴 Risk Level: HIGH");
});

it("shows three requests of an incident in full and counts the rest", () => {
  const ids = [1, 2, 3, 4, 5];
  const view = aView({
    requests: ids.map((n) =>
      aRequest({
        id: `req_${n}`,
        episodeId: n,
        planCode: `0000000${n}`,
        state: n === 5 ? "pending" : "expired",
      }),
    ),
  });

  expect(words(view).match(/Suggested Fix:/g)).toHaveLength(3);
  expect(words(view)).toContain("… 2 more fixes: open the console");
  expect(draw(view).buttons.map(({ requestId }) => requestId)).toEqual(["req_5", "req_5"]);
});

it("shows one request an alert: the one still alive", () => {
  const view = aView({
    requests: [
      aRequest({ id: "req_2", state: "superseded", planCode: "00000002" }),
      aRequest({ id: "req_1", planCode: "00000001" }),
    ],
  });

  expect(words(view)).toContain("(plan 00000001)");
  expect(words(view)).not.toContain("(plan 00000002)");
});

it("keeps the headline within 60 characters", () => {
  const card = draw(aView({ requests: [aRequest()] }, { title: "😀".repeat(80) }));

  expect(card.headline.length).toBeLessThanOrEqual(60);
  expect(card.headline).not.toMatch(/\p{Surrogate}/u);
});

it("T63 names characters that only look like ASCII in a command or a target", () => {
  const look = aRequest();
  const plan = { ...look.plan, target: { name: "ngin\u0445", host: "ngin\u0445" } };

  expect(words(aView({ requests: [{ ...look, plan }] }))).toContain("Not plain ASCII: х (U+0445)");
});

it("T63 shows what can't be seen", () => {
  const hidden = anAlert({ annotations: { summary: "safe\u202egnp.exe\u200b" } });

  expect(words(aView({}, { alerts: [hidden] }))).toContain("safe<U+202E>gnp.exe<U+200B>");
});

it("is the same for the same stored state", () => {
  expect(draw(asked)).toEqual(draw(asked));
});

describe("what the business notices", () => {
  const kpi = (id: string, title: string, text: string, status: "found" | "missing" = "found") => ({
    ...{ id, kind: "kpi" as const, title, text, status },
    collectedAt: NOW,
  });
  const usual = kpi("E2", "Sign-ins", "As usual\nnow 5, before 5");
  const fallen = kpi("E3", "Orders", "Worse than usual, 12 → 3, 8 spreads below before\nnow 3");
  const impact = (...evidence: IncidentView["evidence"]) =>
    words(aView({ evidence })).match(/^Impact, measured: .*$/m)?.[0] ?? null;

  it.each([
    ["nothing, without KPIs", [], null],
    ["nothing, where none could be asked", [kpi("E1", "Orders", "late", "missing")], null],
    ["nothing, without a past", [kpi("E1", "Orders", "Not to be compared: new")], null],
    ["that none is worse", [usual], "Impact, measured: no KPI is worse than usual, of 1 measured"],
    [
      "which is worse, by how much",
      [usual, fallen],
      "Impact, measured: Orders: Worse than usual, 12 → 3, 8 spreads below before [E3]",
    ],
    [
      "what was measured last, of several alerts",
      [fallen, kpi("E9", "Orders", "As usual")],
      "Impact, measured: no KPI is worse than usual, of 1 measured",
    ],
  ])("is told as %s", (_, evidence, line) => {
    expect(impact(...evidence)).toBe(line);
  });

  it("T29 is told of KPIs alone, whatever a log line says", () => {
    const log = { ...fallen, kind: "logql" as const };

    expect(impact(log)).toBeNull();
  });
});

it("T73 says once why several items are missing, after what was found", () => {
  const why = "Prometheus at 10.0.0.7:9090: no answer within 5 s";
  const item = (id: string, title: string, text: string, status: "found" | "missing") => ({
    ...{ id, kind: "promql" as const, title, text, status },
    collectedAt: NOW,
  });
  const view = aView({
    requests: [aRequest()],
    evidence: [
      item("E1", "The alert's own rule", why, "missing"),
      item("E2", "State", "exited", "found"),
      item("E3", "What shares its labels", why, "missing"),
      item("E4", "Log lines around it", "Loki answers 500: oops", "missing"),
    ],
  });

  expect(words(view)).toContain(
    [
      "• E2 State: exited",
      `• E1 The alert's own rule; E3 What shares its labels: missing, ${why}`,
      "• E4 Log lines around it: missing, Loki answers 500: oops",
    ].join("\n"),
  );
});
