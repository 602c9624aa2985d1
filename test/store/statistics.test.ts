import { expect, it } from "vitest";
import { PERIOD_MS } from "../../src/incident/report.ts";
import { aGroup, anIncoming, createLab, HOUR, MINUTE } from "./lab.ts";

/** One incident of that name that lasts so long; somebody takes it after a third of that. */
async function incident(
  lab: ReturnType<typeof createLab>,
  alertname: string,
  lastsMs: number | null,
) {
  const alert = { alertname };
  const one = { startsAt: lab.now(), fingerprint: `${alertname} ${lab.now().getTime()}` };
  const group = { groupKey: one.fingerprint };
  const [accepted] = await lab.accept(aGroup([anIncoming(one, alert)], group));
  if (lastsMs === null) return;
  lab.pass(lastsMs / 3);
  await lab.store.incidents.acknowledge(accepted?.incidents[0] ?? "", "ana");
  lab.pass((2 * lastsMs) / 3);
  const end = { ...one, status: "resolved", endsAt: lab.now() } as const;
  await lab.accept(aGroup([anIncoming(end, alert)], group));
}

it("a report counts its own time, and the time before it apart", async () => {
  const lab = createLab();
  lab.pass(HOUR);
  await incident(lab, "DiskFull", 30 * MINUTE);
  await incident(lab, "HighCPU", 30 * MINUTE);
  lab.pass(24 * HOUR - 2 * HOUR);
  // The day begins here.
  lab.pass(MINUTE);
  for (const minutes of [3, 9, 30]) await incident(lab, "HighCPU", minutes * MINUTE);
  await incident(lab, "WebDown", null);
  const until = new Date("2026-03-03T03:00:00Z");
  lab.pass(until.getTime() - lab.now().getTime());
  await incident(lab, "TooLate", null);
  lab.pass(MINUTE);
  await incident(lab, "TooLateToo", null);

  const report = await lab.store.statistics.report(until, PERIOD_MS.day);

  expect(report).toMatchObject({
    from: new Date("2026-03-02T03:00:00Z"),
    now: {
      ...{ incidents: 5, open: 2, costUsd: 0 },
      fixes: { resolved: 3, unasked: 0, approved: 0 },
      acknowledge: { count: 3, medianMs: 3 * MINUTE },
      recover: { count: 3, medianMs: 9 * MINUTE },
    },
    before: { incidents: 2, open: 0, recover: { count: 2, medianMs: 30 * MINUTE } },
    noisiest: [
      { title: "HighCPU", count: 3, before: 1 },
      { title: "TooLate", count: 1, before: 0 },
      { title: "WebDown", count: 1, before: 0 },
    ],
  });
  expect(report.arrivals.now).toHaveLength(24);
  expect(report.arrivals.now[0]).toBe(4);
  expect(report.arrivals.now[23]).toBe(1);
  expect(report.arrivals.before.reduce((sum, count) => sum + count)).toBe(2);
});

it("a report counts what was fixed by whom, what did not help, and what a model cost", async () => {
  const lab = createLab();
  await lab.store.switches.enable("ana");
  const run = async (outcome: "verified" | "still_failing" | null, isUnasked: boolean) => {
    const request = await lab.propose(isUnasked ? { state: "approved" } : {});
    const vote = { person: "ana", channel: "console", reason: null } as const;
    if (!isUnasked) {
      await lab.store.requests.decide(request.planCode, "approve", vote, (found) => ({
        outcome: "approved",
        request: found,
      }));
    }
    const claim = await lab.store.executions.claim(request, HOUR, () => null);
    if (claim.outcome !== "claimed") throw new Error(claim.outcome);
    await lab.store.executions.start(claim.execution);
    const result = { exitCode: 0, output: "", isTruncated: false, durationMs: 5 };
    const ended = outcome === null ? "failed" : "succeeded";
    await lab.store.executions.finish(claim.execution, { ...result, outcome: ended }, lab.now());
    if (outcome !== null) await lab.store.executions.verify(claim.execution, outcome, "seen");
    lab.pass(MINUTE);
  };
  lab.pass(MINUTE);
  for (const outcome of ["verified", "verified", "still_failing", null] as const) {
    await run(outcome, true);
  }
  await run("verified", false);
  await lab.store.opinions.spend({
    ...{ incidentId: null, provider: "anthropic", model: "m", costUsd: 0.25, tookMs: 5 },
    usage: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 },
    failure: null,
  } as Parameters<typeof lab.store.opinions.spend>[0]);

  const { now } = await lab.store.statistics.report(lab.now(), PERIOD_MS.week);

  expect(now).toMatchObject({
    fixes: { unasked: 2, approved: 1 },
    runs: { verified: 3, stillFailing: 1, others: 1 },
    costUsd: 0.25,
  });
});

it("an incident that began anew counts from when somebody took it for the first time", async () => {
  const lab = createLab();
  lab.pass(MINUTE);
  const { store } = lab;
  const { id, incidentId } = await lab.fire();
  lab.pass(3 * MINUTE);
  await store.incidents.acknowledge(incidentId, "ana");
  await store.incidents.alertOver(id);
  await store.incidents.fireAgain(id);
  const acknowledged = async () =>
    (await store.statistics.tally(new Date(0), lab.now())).acknowledge;

  expect(await acknowledged()).toMatchObject({ count: 0 });
  lab.pass(9 * MINUTE);
  await store.incidents.acknowledge(incidentId, "ben");

  expect(await acknowledged()).toMatchObject({ count: 1, medianMs: 3 * MINUTE });
});
