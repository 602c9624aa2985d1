import type { Opinion, OpinionAnswer } from "../../src/diagnosis/opinion.ts";

export function anAnswer(with_: Partial<OpinionAnswer> = {}): OpinionAnswer {
  return {
    insufficient_evidence: false,
    cause: "The web process ran out of memory.",
    impact: "Pages do not load.",
    impact_cites: [],
    confidence: "high",
    cites: ["E1"],
    hypotheses: [{ text: "The disk is full.", verdict: "ruled_out", cites: [] }],
    offer: "O1",
    risk: null,
    immediate_steps: ["Look at its log."],
    prevention: ["Give it a memory limit."],
    commands: ["journalctl -u web -n 50"],
    ...with_,
  };
}

export function anOpinion(with_: Partial<Opinion> = {}): Opinion {
  return {
    ...{ provider: "anthropic", model: "claude-sonnet-5-5", promptHash: "abc" },
    isInsufficient: false,
    cause: "The web process ran out of memory.",
    impact: "Pages do not load.",
    impactCites: [],
    confidence: "high",
    cites: ["E1"],
    hypotheses: [{ text: "The disk is full.", verdict: "ruled_out", cites: [] }],
    pick: { runbookId: "web-down", actionId: "restart" },
    risk: null,
    steps: ["Look at its log."],
    prevention: ["Give it a memory limit."],
    commands: ["journalctl -u web -n 50"],
    ...{ unsupported: [], dropped: [] },
    usage: { input: 1000, output: 200, cacheRead: 0, cacheWrite: 0 },
    ...{ costUsd: 0.004, calls: 1, tookMs: 900, at: new Date("2026-03-01T03:00:00Z") },
    ...{ consultation: null, recalledFrom: null },
    ...with_,
  };
}
