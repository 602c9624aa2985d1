import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Person, Plan, PlannedRequest, Ruling } from "../src/approval/approval.ts";
import type { Attempt, DecisionPolicy } from "../src/approval/decide.ts";
import { decide } from "../src/approval/decide.ts";
import { digestOf, planCodeOf } from "../src/approval/digest.ts";
import { aRequest, aVote } from "./fakes/incidents.ts";

const NOW = new Date("2025-10-24T10:35:00Z");
const ana: Person = { name: "ana", roles: ["viewer", "approver"] };
const viewer: Person = { name: "vic", roles: ["viewer", "operator", "admin"] };
const POLICY: DecisionPolicy = { isSolo: false, isReasonRequired: true };

type Row = [
  string,
  Partial<PlannedRequest>,
  Partial<Attempt>,
  Partial<DecisionPolicy>,
  Ruling["outcome"],
];
const high = { risk: "high", quorum: 2 } as const;
const called = {
  calls: {
    remindedAt: null,
    escalated: { to: "vic", onCall: null, at: new Date(0) },
    pagedAt: null,
  },
};
const typed = { via: "typed", reason: "because" } as const;

describe("a decision", () => {
  it.each<Row>([
    ["one tap for medium", {}, {}, {}, "approved"],
    ["typed for medium", {}, typed, {}, "approved"],
    ["T01 by somebody without the role", {}, { person: viewer }, {}, "not_allowed"],
    [
      "T01 reject by somebody without the role",
      {},
      { person: viewer, decision: "reject" },
      {},
      "not_allowed",
    ],
    ["by the one person named", { approvers: "vic" }, { person: viewer }, {}, "approved"],
    ["by another than the one named", { approvers: "vic" }, {}, {}, "not_allowed"],
    ["by who was asked first, after somebody else was called", called, {}, {}, "approved"],
    ["by who was called", called, { person: viewer }, {}, "approved"],
    ["a tap for high", high, {}, {}, "must_type"],
    ["T07 a passkey owed for high", high, { ...typed, owesPasskey: true }, {}, "must_prove"],
    ["a tap where a passkey is owed, too", high, { owesPasskey: true }, {}, "must_type"],
    ["a passkey owed for medium", {}, { owesPasskey: true }, {}, "approved"],
    [
      "rejecting, whatever is owed",
      high,
      { decision: "reject", owesPasskey: true },
      {},
      "rejected",
    ],
    ["typed for high without a reason", high, { via: "typed" }, {}, "must_type"],
    [
      "typed for high where none is required",
      { ...high, quorum: 1 },
      { via: "typed" },
      { isReasonRequired: false },
      "approved",
    ],
    ["P6 typed for high, the first of two", high, typed, {}, "counted"],
    ["P6 the second of two", { ...high, votes: [aVote({ person: "ben" })] }, typed, {}, "approved"],
    [
      "T51 the same person again",
      { ...high, votes: [aVote({ person: "ana", channel: "slack" })] },
      typed,
      {},
      "already_voted",
    ],
    [
      "a vote to reject does not count as one to approve",
      { ...high, votes: [aVote({ person: "ben", decision: "reject" })] },
      typed,
      {},
      "counted",
    ],
    ["P7 one's own", { requester: "ana" }, typed, {}, "not_allowed"],
    ["P7 one's own by a tap in solo mode", { requester: "ana" }, {}, { isSolo: true }, "must_type"],
    ["P7 one's own, typed in solo mode", { requester: "ana" }, typed, { isSolo: true }, "approved"],
    ["rejecting one's own", { requester: "ana" }, { decision: "reject" }, {}, "rejected"],
    ["P4 at its expiry", { expiresAt: NOW }, {}, {}, "expired"],
    ["P4 a moment before", { expiresAt: new Date(NOW.getTime() + 1) }, {}, {}, "approved"],
    ["a reject after its expiry", { expiresAt: NOW }, { decision: "reject" }, {}, "rejected"],
    [
      "P5 a reject of what was approved",
      { state: "approved" },
      { decision: "reject" },
      {},
      "rejected",
    ],
    ["approving what was approved", { state: "approved" }, {}, {}, "already_decided"],
    [
      "P5 a reject of what executes",
      { state: "executing" },
      { decision: "reject" },
      {},
      "already_decided",
    ],
    ["approving what expired", { state: "expired" }, {}, {}, "expired"],
    ...(["rejected", "superseded", "cancelled", "succeeded", "failed", "unknown"] as const).flatMap(
      (state): Row[] => [
        [`P4 approving what is ${state}`, { state }, {}, {}, "already_decided"],
        [`P4 rejecting what is ${state}`, { state }, { decision: "reject" }, {}, "already_decided"],
      ],
    ),
  ])("%s", (_, request, attempt, policy, outcome) => {
    const ruling = decide(
      aRequest(request),
      {
        person: ana,
        decision: "approve",
        reason: null,
        via: "tap",
        owesPasskey: false,
        now: NOW,
        ...attempt,
      },
      { ...POLICY, ...policy },
    );

    expect(ruling.outcome).toBe(outcome);
  });

  it("says how many are missing, and whether a reason is needed", () => {
    const attempt: Attempt = {
      person: ana,
      decision: "approve",
      reason: null,
      via: "tap",
      owesPasskey: false,
      now: NOW,
    };

    expect(
      decide(aRequest({ ...high, quorum: 3 }), { ...attempt, ...typed }, POLICY),
    ).toMatchObject({ missing: 2 });
    expect(decide(aRequest(high), attempt, POLICY)).toMatchObject({ needsReason: true });
    expect(
      decide(aRequest({ requester: "ana" }), attempt, { ...POLICY, isSolo: true }),
    ).toMatchObject({ needsReason: false });
  });
});

describe("P2 a plan's digest", () => {
  const plan: Plan = aRequest().plan;

  it("does not depend on the order of keys, and is shown by its first eight digits", () => {
    const shuffled = Object.fromEntries(Object.entries(plan).reverse()) as unknown as Plan;

    expect(digestOf(plan)).toMatch(/^[0-9a-f]{64}$/);
    expect(digestOf(shuffled)).toBe(digestOf(plan));
    expect(planCodeOf(digestOf(plan))).toBe(digestOf(plan).slice(0, 8));
  });

  it("changes with every single field", () => {
    const changed = Object.keys(plan).map((key) => digestOf({ ...plan, [key]: "other" }));
    const nested = [
      { ...plan, target: { ...plan.target, host: "evil" } },
      {
        ...plan,
        command: {
          kind: "argv",
          argv: ["/usr/bin/systemctl", "stop", "batch", "job"],
          directory: "/",
        },
      },
      { ...plan, files: [{ path: "/x", sha256: "0" }] },
    ] as Plan[];

    expect(new Set([digestOf(plan), ...changed, ...nested.map(digestOf)]).size).toBe(
      1 + changed.length + nested.length,
    );
  });

  it("is the same only for the same argv, however it is cut", () => {
    const withArgv = (argv: string[]) =>
      digestOf({ ...plan, command: { kind: "argv", argv: ["/bin/x", ...argv], directory: "/" } });
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (a, b) => {
        expect(withArgv(a) === withArgv(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});
