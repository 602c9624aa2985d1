import { describe, expect, it } from "vitest";
import type { PlannedRequest } from "../../src/approval/approval.ts";
import type { RunResult } from "../../src/execution/execution.ts";
import type { VerificationOutcome } from "../../src/verification/verification.ts";
import type { Lab } from "./lab.ts";
import { createLab, HOUR, MINUTE } from "./lab.ts";

const ACTION = { runbookId: "high-cpu", actionId: "stop-busiest", target: "web-01" };
const yes = () => null;

function resultOf(outcome: RunResult["outcome"]): RunResult {
  return { outcome, exitCode: 0, output: "", isTruncated: false, durationMs: 5 };
}

async function claimed(lab: Lab, over: { target?: string; isApprovedByPolicy?: boolean } = {}) {
  const { isApprovedByPolicy = true, ...rest } = over;
  const request = await lab.propose({ state: "approved", ...rest });
  const claim = await lab.store.executions.claim({ ...request, isApprovedByPolicy }, HOUR, yes);
  if (claim.outcome !== "claimed") throw new Error(claim.outcome);
  return claim.execution;
}

/** One whole run, a minute after the last one. */
async function ran(
  lab: Lab,
  outcome: RunResult["outcome"],
  verification: VerificationOutcome | null = null,
  target = ACTION.target,
) {
  await lab.store.switches.enable("ana");
  lab.pass(MINUTE);
  const execution = await claimed(lab, { target });
  await lab.store.executions.start(execution);
  await lab.store.executions.finish(execution, resultOf(outcome), lab.now());
  if (verification !== null) await lab.store.executions.verify(execution, verification, "looked");
  return execution;
}

describe("an approved request", () => {
  it("T56 P3 is claimed once, however many try at the same time", async () => {
    const lab = createLab();
    const request = await lab.propose({ state: "approved" });

    const claims = await Promise.all(
      Array.from({ length: 50 }, () => lab.store.executions.claim(request, HOUR, yes)),
    );

    expect(claims.filter(({ outcome }) => outcome === "claimed")).toHaveLength(1);
    expect(lab.count("executions")).toBe(1);
    expect(() =>
      lab.raw.exec(
        "INSERT INTO executions SELECT 'exe_2', request_id, incident_id, runbook_id, action_id, 'other', 0, 'finished', 1, null, null, null, null, null, null, null FROM executions",
      ),
    ).toThrow("UNIQUE");
  });

  it("P4 is not claimed when it is pending, over or too old", async () => {
    const lab = createLab();
    const pending = await lab.propose();
    const over = await lab.propose({ state: "approved" });
    await lab.store.requests.end(over.id, "cancelled", "the alert resolved");
    const old = await lab.propose({ state: "approved" });
    const claims = [
      await lab.store.executions.claim(pending, HOUR, yes),
      await lab.store.executions.claim(over, HOUR, yes),
    ];
    lab.pass(15 * MINUTE);
    claims.push(await lab.store.executions.claim(old, HOUR, yes));

    expect(claims).toEqual([{ outcome: "lost" }, { outcome: "lost" }, { outcome: "lost" }]);
  });

  it("P2 is not claimed under another digest", async () => {
    const lab = createLab();
    const request = await lab.propose({ state: "approved" });
    const other: PlannedRequest = { ...request, digest: "0".repeat(64) };

    expect(await lab.store.executions.claim(other, HOUR, yes)).toEqual({ outcome: "lost" });
  });

  it("waits while another run is under way on its target", async () => {
    const lab = createLab();
    const first = await claimed(lab);
    const request = await lab.propose({ state: "approved" });
    const during = await lab.store.executions.claim(request, HOUR, yes);
    await lab.store.executions.finish(first, resultOf("succeeded"), lab.now());
    const after = await lab.store.executions.claim(request, HOUR, yes);

    expect([during.outcome, after.outcome]).toEqual(["busy", "claimed"]);
  });

  it("T48 waits, where nobody was asked, while the same action runs on another target", async () => {
    const lab = createLab();
    const first = await claimed(lab);
    const unasked = await lab.propose({ state: "approved", target: "db" });
    const inLine = { ...unasked, isApprovedByPolicy: true };
    const during = await lab.store.executions.claim(inLine, HOUR, yes);
    await lab.store.executions.finish(first, resultOf("succeeded"), lab.now());
    const after = await lab.store.executions.claim(inLine, HOUR, yes);
    const asked = await lab.propose({ state: "approved", target: "mail" });
    const beside = await lab.store.executions.claim(
      { ...asked, isApprovedByPolicy: false },
      HOUR,
      yes,
    );

    expect([during, after, beside].map(({ outcome }) => outcome)).toEqual([
      ...["busy", "claimed", "claimed"],
    ]);
  });

  it("is refused by the guard with the facts as they are in that moment", async () => {
    const lab = createLab();
    await ran(lab, "succeeded", "verified");
    await ran(lab, "succeeded", "verified", "db");
    const request = await lab.propose({ state: "approved" });

    const claim = await lab.store.executions.claim(request, HOUR, (history, isAutohealingOn) => {
      expect(isAutohealingOn).toBe(true);
      expect(history).toMatchObject({ runsInLimitWindow: 1, runsLastHour: 2, isTargetBusy: false });
      return "too many";
    });

    expect(claim).toEqual({ outcome: "refused", why: "too many" });
    expect(await lab.store.requests.find(request.id)).toMatchObject({ state: "approved" });
  });

  it("P11 does not start unasked after auto-healing was turned off", async () => {
    const lab = createLab();
    await lab.store.switches.enable("ana");
    const execution = await claimed(lab);
    await lab.store.switches.disable("ben", { forMs: null, all: false });

    expect(await lab.store.executions.start(execution)).toBe("switched_off");
  });
});

describe("a run", () => {
  it("T57 that was under way when the process died is unknown, and is never repeated by itself", async () => {
    const lab = createLab();
    await lab.store.switches.enable("ana");
    const started = await claimed(lab);
    await lab.store.executions.start(started);
    const waiting = await claimed(lab, { target: "db", isApprovedByPolicy: false });

    const given = await lab.store.executions.giveUpInterrupted();
    const again = await lab.store.executions.giveUpInterrupted();

    expect([given, again]).toEqual([[started.id], []]);
    expect(await lab.store.executions.find(started.id)).toMatchObject({ state: "unknown" });
    expect(await lab.store.requests.find(started.requestId)).toMatchObject({ state: "unknown" });
    expect(await lab.store.executions.find(waiting.id)).toMatchObject({ state: "claimed" });
    expect(await lab.store.executions.start(started)).toBe("lost");
    expect(lab.kinds()).toContain("execution.unknown");
  });

  it("is started once and ended once", async () => {
    const lab = createLab();
    const execution = await ran(lab, "succeeded");

    expect(await lab.store.executions.start(execution)).toBe("lost");
    await lab.store.executions.finish(execution, resultOf("failed"), lab.now());
    await lab.store.executions.verify(execution, "verified", "one");
    await lab.store.executions.verify(execution, "still_failing", "two");

    expect(await lab.store.requests.find(execution.requestId)).toMatchObject({
      state: "succeeded",
    });
    expect(lab.raw.prepare("SELECT outcome FROM verifications").pluck().all()).toEqual([
      "verified",
    ]);
    expect(lab.kinds().filter((kind) => kind.startsWith("verification."))).toHaveLength(1);
  });

  it("P3 that is unknown makes its action on its target ask, until a person has looked", async () => {
    const lab = createLab();
    const execution = await ran(lab, "unknown");
    const { executions } = lab.store;
    const before = await executions.historyOf(ACTION, HOUR);
    const elsewhere = await executions.historyOf({ ...ACTION, target: "db" }, HOUR);
    const marked = [
      await executions.markReviewed(execution.id, "ana"),
      await executions.markReviewed(execution.id, "ben"),
    ];
    const after = await executions.historyOf(ACTION, HOUR);

    expect([before, elsewhere, after].map((history) => history.hasUnknownRun)).toEqual([
      true,
      false,
      false,
    ]);
    expect(marked).toEqual([true, false]);
    expect(await executions.find(execution.id)).toMatchObject({ reviewedBy: "ana" });
  });
});

describe("the history of an action", () => {
  it("is empty at first", async () => {
    const lab = createLab();

    expect(await lab.store.executions.historyOf(ACTION, HOUR)).toEqual({
      lastRunAt: null,
      runsInLimitWindow: 0,
      hasUnknownRun: false,
      wasLastIneffective: false,
      runsLastHour: 0,
      failuresInARow: 0,
      lastFailureAt: null,
      lastFailureOn: null,
      lastHeldAt: null,
      lastBrokenAt: null,
      isTargetBusy: false,
      maintenanceUntil: null,
      grant: null,
    });
  });

  it.each<[string, [RunResult["outcome"], VerificationOutcome | null][], number]>([
    [
      "a failure each",
      [
        ["failed", null],
        ["timed_out", null],
        ["unknown", null],
      ],
      3,
    ],
    [
      "runs that did not help",
      [
        ["succeeded", "still_failing"],
        ["succeeded", "still_failing"],
      ],
      2,
    ],
    [
      "those after the last that helped",
      [
        ["failed", null],
        ["succeeded", "verified"],
        ["failed", null],
      ],
      1,
    ],
    [
      "none after one that helped",
      [
        ["failed", null],
        ["succeeded", "verified"],
      ],
      0,
    ],
    [
      "on where the newest is not verified yet",
      [
        ["failed", null],
        ["failed", null],
        ["succeeded", null],
      ],
      2,
    ],
  ])("counts failures in a row: %s", async (_, runs, expected) => {
    const lab = createLab();
    for (const [outcome, verification] of runs) await ran(lab, outcome, verification, "any");

    expect(await lab.store.executions.historyOf(ACTION, HOUR)).toMatchObject({
      failuresInARow: expected,
    });
  });

  it("tells of the last run only whether it did not help", async () => {
    const lab = createLab();
    await ran(lab, "succeeded", "still_failing");
    const bad = await lab.store.executions.historyOf(ACTION, HOUR);
    await ran(lab, "succeeded", "verified");
    const good = await lab.store.executions.historyOf(ACTION, HOUR);

    expect([bad.wasLastIneffective, good.wasLastIneffective]).toEqual([true, false]);
  });

  it("forgets what is older than the hour and the window", async () => {
    const lab = createLab();
    await ran(lab, "succeeded", "verified");
    lab.pass(30 * MINUTE);
    const soon = await lab.store.executions.historyOf(ACTION, 10 * MINUTE);
    lab.pass(31 * MINUTE);
    const later = await lab.store.executions.historyOf(ACTION, 2 * HOUR);

    expect(soon).toMatchObject({ runsInLimitWindow: 0, runsLastHour: 1 });
    expect(later).toMatchObject({ runsInLimitWindow: 1, runsLastHour: 0 });
  });
});

it("says beside a request what the same has done on the same target: how often it helped, and how soon", async () => {
  const lab = createLab();
  await lab.store.switches.enable("ana");
  const run = async (outcome: VerificationOutcome | null, tookMs: number, target = "web-01") => {
    lab.pass(MINUTE);
    const execution = await claimed(lab, { target });
    await lab.store.executions.start(execution);
    lab.pass(tookMs);
    await lab.store.executions.finish(execution, resultOf("succeeded"), lab.now());
    if (outcome !== null) await lab.store.executions.verify(execution, outcome, "looked");
  };
  const fixes = async () => {
    const { id, incidentId } = await lab.propose();
    const found = (await lab.store.views.incident(incidentId))?.fixes;
    return found?.map(({ requestId, ...record }) => ({ ...record, isIts: requestId === id }));
  };
  const before = await fixes();

  for (const seconds of [10, 40, 70]) await run("verified", seconds * 1_000);
  await run("still_failing", 5_000);
  await run("inconclusive", 5_000);
  await run(null, 5_000);
  await run("verified", 1_000, "web-02");

  expect(before).toEqual([{ isIts: true, runs: 0, verified: 0, medianMs: null }]);
  expect(await fixes()).toEqual([{ isIts: true, runs: 5, verified: 3, medianMs: 40_000 }]);
});
