import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Facts } from "./assess.ts";
import { assess, isRehearsed, isTripping, standstill } from "./assess.ts";
import type { MaintenanceWindow, Policy } from "./policy.ts";
import { builtInPolicy } from "./policy.ts";

const now = new Date("2025-10-24T10:30:00Z");
const soon = new Date(now.getTime() + 600_000);
const before = new Date(now.getTime() - 60_000);
const base = builtInPolicy({ adminIds: { telegram: [], slack: [] }, dataDir: "/data" });
const quiet = {
  lastRunAt: null,
  runsInLimitWindow: 0,
  hasUnknownRun: false,
  wasLastIneffective: false,
  runsLastHour: 0,
  breakerOpenUntil: null,
  isBreakerKnown: false,
  isFlapping: false,
  failedOn: null,
  isGranted: false,
  isTargetBusy: false,
};
const clear: Facts = {
  declaredRisk: "low",
  target: "sandbox",
  severity: "warning",
  labels: { alertname: "TestAlert", instance: "sandbox" },
  policy: base,
  now,
  isAutohealingOn: true,
  sourceConfirmation: "confirmed",
  trust: "key",
  truncatedAlerts: 0,
  isWhitelistComplete: true,
  clockBehindMs: 0,
  belowFloor: null,
  missingFacts: [],
  origin: "program",
  hasAlert: true,
  isNoticed: false,
  isNextStep: false,
  history: quiet,
  cooldownMs: 600_000,
  limit: { runs: 3, windowMs: 3_600_000 },
  maintenanceUntil: null,
  canRecord: true,
  rehearsal: null,
};

const protecting: Policy = { ...base, protected: ["sandbox"] };
const withAuto = (auto: Policy["approval"]["low"]["auto"]): Policy => ({
  ...base,
  approval: { ...base.approval, low: { ...base.approval.low, auto } },
});
const asking = withAuto(false);
const earning = withAuto("earned");

function freezing(cron: string, minutes: number): Policy {
  return { ...base, freeze: [{ title: "Backups", cron, forMs: minutes * 60_000 }] };
}

const EPOCH = new Date(0);
const muchLater = new Date(now.getTime() + 7_200_000);
const of = (instance: string) => ({ instance: [{ text: instance, pattern: null }] });

function maintaining(change: Partial<MaintenanceWindow>): Policy {
  const when = { from: EPOCH, to: muchLater };
  const window = { title: "Patch night", when, targets: [], match: of("sandbox"), ...change };
  return {
    ...base,
    maintenance: [window.targets.length > 0 ? { ...window, match: null } : window],
  };
}

const freezingNow = { freeze: [{ title: "Backups", cron: "* * * * *", forMs: 3_600_000 }] };

/** A cron for the local minute that lies this many minutes from `now`. */
function cronAt(minutes: number): string {
  const at = new Date(now.getTime() + minutes * 60_000);
  return `${at.getMinutes()} ${at.getHours()} * * *`;
}

type Change = Partial<Omit<Facts, "history">> & { history?: Partial<Facts["history"]> };

function withChange(facts: Facts, { history, ...change }: Change): Facts {
  return { ...facts, ...change, history: { ...facts.history, ...history } };
}

const rules: readonly (readonly [rule: string, change: Change, outcome: string, risk: string])[] = [
  ["no_policy", { policy: null }, "deny", "high"],
  ["unknown_target", { target: "ghost" }, "deny", "high"],
  ["no_record", { canRecord: false }, "deny", "low"],
  ["alert_absent", { sourceConfirmation: "absent" }, "deny", "medium"],
  ["target_busy", { history: { isTargetBusy: true } }, "deny", "low"],
  ["maintenance", { maintenanceUntil: soon }, "deny", "low"],
  ["maintenance", { policy: maintaining({}) }, "deny", "low"],
  ["freeze", { policy: freezing(cronAt(-10), 60) }, "deny", "low"],
  ["protected_target", { policy: protecting }, "ask", "high"],
  ["severity", { severity: null }, "ask", "medium"],
  ["severity", { severity: "info" }, "ask", "medium"],
  ["no_alert", { hasAlert: false }, "ask", "medium"],
  ["noticed", { isNoticed: true }, "ask", "medium"],
  ["chosen", { origin: "person" }, "ask", "medium"],
  ["chosen", { origin: "model" }, "ask", "medium"],
  ["source_unreachable", { sourceConfirmation: "unreachable" }, "ask", "medium"],
  ["untrusted_sender", { sourceConfirmation: "not_configured", trust: "none" }, "ask", "medium"],
  ["truncated_group", { truncatedAlerts: 3 }, "ask", "medium"],
  ["missing_facts", { missingFacts: ["prometheus"] }, "ask", "medium"],
  ["incomplete_whitelist", { isWhitelistComplete: false }, "ask", "medium"],
  ["sandbox", { belowFloor: "it runs as root" }, "ask", "low"],
  ["clock", { clockBehindMs: 60_001 }, "ask", "medium"],
  ["unknown_run", { history: { hasUnknownRun: true } }, "ask", "medium"],
  ["ineffective_run", { history: { wasLastIneffective: true } }, "ask", "medium"],
  ["next_step", { isNextStep: true }, "ask", "medium"],
  ["autohealing_off", { isAutohealingOn: false }, "ask", "low"],
  ["auto_off", { policy: asking }, "ask", "low"],
  ["not_earned", { policy: earning }, "ask", "low"],
  ["cooldown", { history: { lastRunAt: before } }, "ask", "low"],
  ["limit", { history: { runsInLimitWindow: 3 } }, "ask", "low"],
  ["hourly_limit", { history: { runsLastHour: 10 } }, "ask", "low"],
  ["breaker", { history: { breakerOpenUntil: soon } }, "ask", "low"],
  ["flapping", { history: { isFlapping: true } }, "ask", "low"],
  ["failed_elsewhere", { history: { failedOn: "db" } }, "ask", "low"],
];

describe("the verdict", () => {
  it("is to run by itself when the runbook says low and nothing speaks against it", () => {
    expect(assess(clear)).toEqual({
      outcome: "auto_run",
      risk: "low",
      reasons: [{ rule: "declared_risk", text: "The runbook calls this action low risk." }],
      until: null,
    });
  });

  it.each(rules)("by rule %s for %j is %s at %s risk", (rule, change, outcome, risk) => {
    const verdict = assess(withChange(clear, change));

    expect(verdict).toMatchObject({ outcome, risk });
    expect(verdict.reasons.map((reason) => reason.rule)).toEqual(["declared_risk", rule]);
    expect(verdict.reasons[1]?.text).toMatch(/^["A-Za-z].*\.$/);
  });

  it.each<[string, Change]>([
    ["its cooldown", { history: { lastRunAt: before } }],
    ["its own limit", { history: { runsInLimitWindow: 3 } }],
    ["the limit for all", { history: { runsLastHour: 10 } }],
    ["an open breaker", { history: { breakerOpenUntil: soon } }],
    ["a run that did not help", { history: { wasLastIneffective: true } }],
  ])("T46 leaves a flapping alert to people after %s", (_, change) => {
    expect(assess(withChange(clear, change)).outcome).toBe("ask");
  });

  it("lets what has earned it run by itself, also where everything else has to ask", () => {
    expect(assess(withChange(clear, { policy: earning, history: { isGranted: true } }))).toEqual(
      assess(clear),
    );
  });

  it.each<[string, Change]>([
    ["medium risk", { declaredRisk: "medium" }],
    ["high risk", { declaredRisk: "high" }],
    ["a protected target", { policy: { ...earning, protected: ["sandbox"] } }],
    ["auto-healing that is off", { isAutohealingOn: false }],
    ["a policy that lets nothing run unasked", { policy: asking }],
    ["a run that did not help", { history: { wasLastIneffective: true } }],
    ["an alert that nobody knows the sender of", { hasAlert: false }],
  ])("asks in spite of what was earned for %s", (_, change) => {
    const granted = withChange(clear, { policy: earning, history: { isGranted: true } });

    expect(assess(withChange(granted, change)).outcome).toBe("ask");
  });

  it("T47 is to ask at high risk for a protected target, whatever the runbook says", () => {
    expect(assess({ ...clear, policy: protecting })).toMatchObject({
      outcome: "ask",
      risk: "high",
    });
  });

  it.each(["medium", "high"] as const)("is to ask for %s risk", (declaredRisk) => {
    expect(assess({ ...clear, declaredRisk })).toMatchObject({
      outcome: "ask",
      risk: declaredRisk,
    });
  });

  it.each([
    ["a webhook with a key", { trust: "key" as const }],
    ["a webhook from this machine", { trust: "loopback" as const }],
  ])("takes the word of %s where no source is configured, and says so", (_, change) => {
    const verdict = assess({ ...clear, sourceConfirmation: "not_configured", ...change });

    expect(verdict.outcome).toBe("auto_run");
    expect(verdict.reasons.map(({ rule }) => rule)).toEqual(["declared_risk", "unconfirmed"]);
  });

  it.each([
    ["a critical alert", { severity: "critical" as const }],
    ["what its source confirms, whoever sent it", { trust: "none" as const }],
  ])("lets low risk run by itself for %s", (_, change) => {
    expect(assess({ ...clear, ...change }).outcome).toBe("auto_run");
  });

  it.each([
    ["drill", {}, "drill_auto_run", "run by itself"],
    ["drill", { declaredRisk: "high" as const }, "drill_ask", "asked"],
    ["shadow", {}, "shadow_auto_run", "run by itself"],
    ["shadow", { isAutohealingOn: false }, "shadow_ask", "asked"],
  ] as const)(
    "P1 is no in a rehearsal (%s, %j), and says what it would have been",
    (rehearsal, change, rule, words) => {
      const meant = assess({ ...clear, ...change });
      const verdict = assess({ ...clear, ...change, rehearsal });

      expect(verdict).toMatchObject({ outcome: "deny", risk: meant.risk, until: null });
      expect(verdict.reasons[0]).toMatchObject({ rule });
      expect(verdict.reasons[0]?.text).toContain(`Otherwise it would have ${words}.`);
      expect(verdict.reasons.slice(1)).toEqual(meant.reasons);
      expect([isRehearsed(verdict), isRehearsed(meant)]).toEqual([true, false]);
    },
  );

  it("is the same no in a rehearsal where it would have been no anyway", () => {
    const denied = { ...clear, maintenanceUntil: soon };

    expect(assess({ ...denied, rehearsal: "drill" })).toEqual(assess(denied));
    expect(isRehearsed(assess({ ...denied, rehearsal: "drill" }))).toBe(false);
  });

  it("looks for the target among all that are known", () => {
    const another = { ...base.targets[0], name: "web" } as Policy["targets"][number];
    const policy = { ...base, targets: [...base.targets, another] };

    expect(assess({ ...clear, policy }).outcome).toBe("auto_run");
    expect(assess({ ...clear, policy, target: "ghost" }).outcome).toBe("deny");
  });

  it.each<[string, Change]>([
    ["no_policy", { policy: null }],
    ["unknown_target", { target: "ghost" }],
    ["no_record", { canRecord: false }],
    ["alert_absent", { sourceConfirmation: "absent" }],
  ])("does not come back by itself from %s, whatever else ends", (_, change) => {
    expect(assess({ ...clear, maintenanceUntil: soon, ...change } as Facts).until).toBeNull();
  });

  it("comes back when a maintenance ends, though the target is busy now", () => {
    const facts = withChange(clear, { maintenanceUntil: soon, history: { isTargetBusy: true } });

    expect(assess(facts).until).toEqual(soon);
  });

  it("says when, to the minute", () => {
    const { reasons } = assess({ ...clear, maintenanceUntil: soon });

    expect(reasons.at(-1)?.text).toContain("until 2025-10-24 10:40 UTC;");
  });

  it("names every rule that applies, not just the first", () => {
    const change = { canRecord: false, severity: null, isAutohealingOn: false, truncatedAlerts: 1 };

    expect(assess({ ...clear, ...change }).reasons.map(({ rule }) => rule)).toEqual([
      "declared_risk",
      "no_record",
      "severity",
      "truncated_group",
      "autohealing_off",
    ]);
  });

  it("has its guards in one order, each with its reason, whatever applies", () => {
    const worst = withChange(clear, {
      policy: { ...asking, protected: ["sandbox"], ...freezingNow },
      ...{ canRecord: false, maintenanceUntil: soon, severity: null, origin: "person" },
      ...{ sourceConfirmation: "unreachable", truncatedAlerts: 1, missingFacts: ["a query"] },
      ...{ isWhitelistComplete: false, clockBehindMs: 120_000, isNextStep: true },
      isAutohealingOn: false,
      history: {
        ...{ isTargetBusy: true, hasUnknownRun: true, wasLastIneffective: true, lastRunAt: before },
        ...{ runsInLimitWindow: 3, runsLastHour: 10, breakerOpenUntil: soon, isFlapping: true },
        failedOn: "db",
      },
    });

    expect(assess(worst).reasons.map(({ rule }) => rule)).toEqual([
      ...["declared_risk", "no_record", "target_busy", "maintenance", "freeze"],
      ...["protected_target", "severity", "chosen", "source_unreachable", "truncated_group"],
      ...["missing_facts", "incomplete_whitelist", "clock", "unknown_run", "ineffective_run"],
      ...["next_step", "autohealing_off", "auto_off", "cooldown", "limit", "hourly_limit"],
      ...["breaker", "flapping", "failed_elsewhere"],
    ]);
  });

  it.each<[string, boolean, Change]>([
    ["its own limit", true, { history: { runsInLimitWindow: 3 } }],
    ["an open breaker", true, { history: { breakerOpenUntil: soon } }],
    ["its cooldown only", false, { history: { lastRunAt: before } }],
    [
      "the limit, for what asks anyway",
      false,
      { declaredRisk: "medium", history: { runsInLimitWindow: 3 } },
    ],
    [
      "the limit, for what has not earned to run unasked",
      false,
      { policy: earning, history: { runsInLimitWindow: 3 } },
    ],
    [
      "the limit, where the policy asks anyway",
      false,
      { policy: asking, history: { runsInLimitWindow: 3 } },
    ],
    [
      "the limit, with auto-healing off",
      false,
      { isAutohealingOn: false, history: { runsInLimitWindow: 3 } },
    ],
    ["the limit once more", false, { history: { runsInLimitWindow: 3, isFlapping: true } }],
    [
      "a breaker that somebody was told of",
      false,
      { history: { breakerOpenUntil: soon, isBreakerKnown: true } },
    ],
    [
      "the limit, where nothing runs at all",
      false,
      { maintenanceUntil: soon, history: { runsInLimitWindow: 3 } },
    ],
    ["nothing", false, {}],
  ])("T46 takes the action from the program by %s: %s", (_, expected, change) => {
    const facts = withChange(clear, change);

    expect(isTripping(assess(facts), facts)).toBe(expected);
  });

  it.each<[string, Change]>([
    ["a cooldown that is over", { history: { lastRunAt: new Date(now.getTime() - 600_000) } }],
    ["a maintenance that is over", { maintenanceUntil: now }],
    ["a breaker that has closed", { history: { breakerOpenUntil: now } }],
    ["a clock that was set back by a minute", { clockBehindMs: 60_000 }],
    ["one run below the limit", { history: { runsInLimitWindow: 2, runsLastHour: 9 } }],
    ["a freeze that ended just now", { policy: freezing(cronAt(-60), 60) }],
    ["a freeze that is yet to come", { policy: freezing(cronAt(1), 60) }],
    ["a window of another target", { policy: maintaining({ targets: ["web"] }) }],
    ["a window of other alerts", { policy: maintaining({ match: of("db") }) }],
    ["a window of alerts where there is none", { policy: maintaining({}), labels: null }],
    ["a window that ended just now", { policy: maintaining({ when: { from: EPOCH, to: now } }) }],
    [
      "a window that is yet to come",
      { policy: maintaining({ when: { from: soon, to: muchLater } }) },
    ],
  ])("is not held up by %s", (_, change) => {
    expect(assess(withChange(clear, change)).outcome).toBe("auto_run");
  });

  it("says what holds up everything on a target, and nothing where nothing does", () => {
    expect(standstill({ ...clear, policy: base, maintenanceUntil: soon })).toContain("maintenance");
    expect(standstill({ ...clear, policy: base })).toBeNull();
  });

  it.each([
    ["from its first minute", 0],
    ["to its last", -59],
  ])("is to wait for the end of a freeze %s", (_, minutes) => {
    const end = new Date(now.getTime() + (60 + minutes) * 60_000);

    expect(assess({ ...clear, policy: freezing(cronAt(minutes), 60) }).until).toEqual(end);
  });

  it("waits for the later of two ends, and for none where waiting mends nothing", () => {
    const frozen = { ...clear, policy: freezing(cronAt(0), 60), maintenanceUntil: soon };

    expect(assess(frozen).until).toEqual(new Date(now.getTime() + 3_600_000));
    expect(assess({ ...frozen, canRecord: false }).until).toBeNull();
  });
});

describe("a maintenance window of the policy", () => {
  const daily = { cron: cronAt(-10), forMs: 3_600_000 };
  it.each<[string, Partial<MaintenanceWindow>, Date]>([
    ["of the target", { targets: ["sandbox"], match: null }, muchLater],
    ["of the alert", { match: of("sandbox") }, muchLater],
    ["from its first moment", { when: { from: now, to: soon } }, soon],
    ["that comes again and again", { when: daily }, new Date(now.getTime() + 50 * 60_000)],
  ])("%s denies until its end, and names it", (_, window, end) => {
    const verdict = assess({ ...clear, policy: maintaining(window) });

    expect(verdict).toMatchObject({ outcome: "deny", until: end });
    expect(verdict.reasons).toContainEqual({
      rule: "maintenance",
      text: expect.stringMatching(/^sandbox is under maintenance \("Patch night"\) until .* UTC; /),
    });
  });

  it("waits for the later of it and what was commanded", () => {
    const facts = { ...clear, policy: maintaining({ when: { from: EPOCH, to: soon } }) };

    expect(assess({ ...facts, maintenanceUntil: muchLater }).until).toEqual(muchLater);
  });

  it("holds up every approval on it", () => {
    expect(standstill({ ...clear, policy: maintaining({}) })).toContain("Patch night");
  });
});

/** Adds what a change makes worse and takes nothing back that was worse already. */
function harden(facts: Facts, change: Change): Facts {
  const isAbsent = facts.sourceConfirmation === "absent";
  const [old, added] = [facts.policy, change.policy];
  const both = old && {
    ...old,
    protected: [...old.protected, ...(added?.protected ?? [])],
    freeze: [...old.freeze, ...(added?.freeze ?? [])],
    approval: {
      ...old.approval,
      low: { ...old.approval.low, auto: strictest(old, added ?? base) },
    },
  };
  return {
    ...withChange(facts, change),
    ...(isAbsent ? { sourceConfirmation: "absent" } : {}),
    policy: added === null ? null : both,
  };
}

function strictest(...policies: readonly Policy[]) {
  const autos = policies.map(({ approval }) => approval.low.auto);
  return ([false, "earned"] as const).find((auto) => autos.includes(auto)) ?? true;
}

const anyFacts = fc
  .subarray([...rules.map(([, change]) => change)])
  .chain((changes) =>
    fc.record({
      declaredRisk: fc.constantFrom<Facts["declaredRisk"]>("low", "medium", "high"),
      severity: fc.constantFrom<Facts["severity"]>("critical", "warning", "info", null),
      facts: fc.constant(changes.reduce(harden, clear)),
    }),
  )
  .map(({ facts, ...rest }): Facts => ({ ...facts, ...rest }));

const RISKS = ["low", "medium", "high"];
const OUTCOMES = ["auto_run", "ask", "deny"];

describe("whatever the facts", () => {
  it("one more adverse fact never makes it more permissive, nor the risk lower", () => {
    fc.assert(
      fc.property(anyFacts, fc.constantFrom(...rules), (facts, [, change]) => {
        const [less, more] = [assess(facts), assess(harden(facts, change))];

        expect(OUTCOMES.indexOf(more.outcome)).toBeGreaterThanOrEqual(
          OUTCOMES.indexOf(less.outcome),
        );
        expect(RISKS.indexOf(more.risk)).toBeGreaterThanOrEqual(RISKS.indexOf(less.risk));
        expect(RISKS.indexOf(less.risk)).toBeGreaterThanOrEqual(RISKS.indexOf(facts.declaredRisk));
      }),
      { numRuns: 500 },
    );
  });

  it("nothing but low risk with a known severity ever runs by itself, and there is always a reason", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const verdict = assess(facts);

        expect(verdict.reasons.length).toBeGreaterThan(0);
        if (verdict.outcome !== "auto_run") return;
        expect(verdict.risk).toBe("low");
        expect(["critical", "warning"]).toContain(facts.severity);
      }),
      { numRuns: 500 },
    );
  });
});

describe("what is not there", () => {
  it("is no reason: no limit, and a freeze that never comes or is not now", () => {
    const never = withChange(clear, { limit: null, policy: freezing("0 0 31 2 *", 60) });
    const later = withChange(clear, { policy: freezing(cronAt(30), 10) });

    for (const facts of [never, later]) {
      const { outcome, reasons } = assess(facts);
      expect(outcome).toBe("auto_run");
      expect(reasons.map(({ rule }) => rule)).toEqual(["declared_risk"]);
    }
  });

  it("names the severity there is, or says that it is not known", () => {
    const textFor = (severity: Facts["severity"]) =>
      assess(withChange(clear, { severity })).reasons.find(({ rule }) => rule === "severity")?.text;

    expect(textFor("info")).toContain("is info,");
    expect(textFor(null)).toContain("is not known,");
  });
});
