import { describe, expect, it } from "vitest";
import type { Prometheus } from "../../src/evidence/prometheus.ts";
import type { AlertHistory, Patterns } from "../../src/incident/pattern.ts";
import { patternsOf } from "../../src/patterns.ts";
import { findPatterns } from "../../src/report/find-patterns.ts";
import { sayPatterns } from "../../src/report/say-patterns.ts";
import type { Lab } from "../store/lab.ts";
import { aGroup, anIncoming, createLab, newRequest } from "../store/lab.ts";
import type { Episode, Month } from "./month.ts";
import { createMonth } from "./month.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const RESTART = { runbookId: "worker-down", actionId: "restart" };

const isFixed = ({ act }: Episode) => act === "fixed" || act === "fixed in vain";

/** The month as it would have been stored, without a store. */
function historyOf({ from, to, episodes }: Month): AlertHistory {
  const incidentOf = (_: Episode, n: number) => `inc_${n}`;
  return {
    ...{ from, to },
    alerts: episodes.map((one, n) => ({
      ...{ incidentId: incidentOf(one, n), startsAt: one.startsAt, endsAt: one.endsAt },
      fingerprint: JSON.stringify(one.labels),
      name: one.labels.alertname ?? "",
      where: one.labels.instance ?? "",
      isTouched: one.act !== "nothing",
    })),
    fixes: episodes.flatMap((one, n) =>
      isFixed(one)
        ? [
            {
              ...{ incidentId: incidentOf(one, n), ...RESTART, target: one.labels.instance ?? "" },
              ...{ at: one.startsAt, isVerified: one.act === "fixed" },
            },
          ]
        : [],
    ),
  };
}

/** Lets it happen in a real store, minute by minute. */
async function live(lab: Lab, { from, to, episodes }: Month): Promise<void> {
  await lab.store.switches.enable("ana");
  const moments = episodes
    .flatMap((one) => [
      { at: one.startsAt, happen: () => begins(lab, one) },
      { at: one.endsAt, happen: () => accept(lab, one, "resolved") },
    ])
    .sort((a, b) => a.at.getTime() - b.at.getTime());
  lab.pass(from.getTime() - lab.now().getTime());
  for (const { at, happen } of moments) {
    lab.pass(at.getTime() - lab.now().getTime());
    await happen();
  }
  lab.pass(to.getTime() - lab.now().getTime());
}

async function accept(lab: Lab, { labels, startsAt }: Episode, status: "firing" | "resolved") {
  const endsAt = status === "resolved" ? lab.now() : null;
  const all = { summary: undefined, ...labels };
  const alert = {
    ...anIncoming({ startsAt, status, endsAt }),
    labels,
    fingerprint: JSON.stringify(all),
  };
  const [accepted] = await lab.store.intake.accept([
    { ...aGroup([alert], { groupKey: JSON.stringify(labels) }), receivedAt: lab.now() },
  ]);
  return accepted?.incidents[0] ?? "";
}

async function begins(lab: Lab, one: Episode): Promise<void> {
  const incidentId = await accept(lab, one, "firing");
  if (one.act === "acknowledged") await lab.store.incidents.acknowledge(incidentId, "ana");
  if (!isFixed(one)) return;
  const episodeId = lab.raw.prepare("SELECT max(id) FROM alerts").pluck().get() as number;
  const { executions, requests } = lab.store;
  const { proposal } = newRequest({}, lab.now());
  const target = { ...proposal.target, name: one.labels.instance ?? "" };
  const wanted = {
    incidentId,
    episodeId,
    state: "approved",
    proposal: { ...proposal, ...RESTART, target },
  } as const;
  const request = newRequest(wanted, lab.now());
  await requests.propose(request);
  const stored = await requests.find(request.id);
  if (stored === null || stored.state === "denied") throw new Error("it was not proposed");
  const claim = await executions.claim(stored, 0, () => null);
  if (claim.outcome !== "claimed") throw new Error(claim.outcome);
  await executions.start(claim.execution);
  const result = {
    outcome: "succeeded",
    exitCode: 0,
    output: "",
    isTruncated: false,
    durationMs: 5,
  } as const;
  await executions.finish(claim.execution, result, lab.now());
  const outcome = one.act === "fixed" ? "verified" : "still_failing";
  await executions.verify(claim.execution, outcome, "looked");
}

function prometheusOf({ disks, certificates }: Month): Pick<Prometheus, "queryRange"> {
  return {
    queryRange: (promql) =>
      Promise.resolve({
        series: promql.startsWith("node_filesystem") ? disks : certificates,
        warnings: [],
      }),
  };
}

function expectTheTruth(
  { truth }: Month,
  found: Pick<Patterns, "flapping" | "together" | "ignored" | "recurring">,
) {
  expect(found.flapping).toMatchObject([{ ...truth.flapping, where: "web-03" }]);
  expect(found.together.map(({ members }) => members.map(({ name }) => name))).toEqual([
    [truth.together.first, ...truth.together.others],
  ]);
  for (const { times, withFirst, byChance } of found.together[0]?.members ?? []) {
    expect({ times, withFirst }).toEqual({ times: truth.together.times, withFirst: times });
    expect(byChance).toBeLessThanOrEqual(times);
  }
  expect(found.ignored).toMatchObject([
    {
      name: truth.ignored.name,
      times: truth.ignored.times,
      longerFor: { wouldBe: expect.any(Number) },
    },
  ]);
  expect(found.recurring).toMatchObject([{ ...RESTART, ...truth.recurring }]);
  const [every] = found.recurring;
  expect((every?.medianEveryMs ?? 0) / DAY).toBeCloseTo(2.7, 0);
}

describe.each([1, 7, 42, 1234, 99_999])("a month made with seed %i", (seed) => {
  const month = createMonth(seed);

  it("is the same each time, and another one with another seed", () => {
    expect(createMonth(seed)).toEqual(month);
    expect(createMonth(seed + 1).episodes).not.toEqual(month.episodes);
  });

  it("shows what was put in, and nothing of the noise", () => {
    const found = findPatterns(historyOf(month));

    expectTheTruth(month, found);
    expect(found.lacking).toEqual([]);
  });

  it("says what a longer `for` and a longer `keep_firing_for` would have left, counted anew", () => {
    const { flapping, ignored } = findPatterns(historyOf(month));
    const { longerFor } = ignored[0] ?? {};
    const lasted = (name: string) =>
      month.episodes
        .filter(({ labels }) => labels.alertname === name)
        .map(({ startsAt, endsAt }) => [startsAt.getTime(), endsAt.getTime()] as const);

    const long = lasted("WarmProcessor").filter(([a, b]) => b - a >= (longerFor?.forMs ?? 0));
    expect(longerFor?.wouldBe).toBe(long.length);
    const flaps = lasted("HighLatency");
    const bridged = flaps.slice(1).filter(([start], i) => {
      return start - (flaps[i]?.[1] ?? 0) <= (flapping[0]?.keepFiringForMs ?? 0);
    });
    expect(flapping[0]?.wouldBe).toBe(flaps.length - bridged.length);
    expect(flapping[0]?.keepFiringForMs).toBe(10 * MINUTE);
  });

  it("tells when disks are full and certificates end, and of the others why not", async () => {
    const store = { patterns: { history: async () => historyOf(month), peaksOf: async () => [] } };
    const now = () => month.to;
    const { forecasts } = await patternsOf({ store, prometheus: prometheusOf(month), now });

    expect(forecasts.disks.map(({ what }) => what).sort()).toEqual(
      Object.keys(month.truth.disks).sort(),
    );
    for (const { what, fullAt, earliest, latest } of forecasts.disks) {
      const truth = month.truth.disks[what]?.getTime() ?? 0;
      expect(Math.abs(fullAt.getTime() - truth) / DAY).toBeLessThan(0.5);
      expect(earliest.getTime()).toBeLessThanOrEqual(fullAt.getTime());
      expect(latest?.getTime()).toBeGreaterThanOrEqual(fullAt.getTime());
    }
    expect(forecasts.certificates).toMatchObject([
      {
        what: "shop",
        expiresAt: month.truth.certificates.shop,
        renewedBeforeMs: 19 * DAY,
        isLate: true,
      },
      {
        what: "blog",
        expiresAt: month.truth.certificates.blog,
        renewedBeforeMs: null,
        isLate: false,
      },
    ]);
    expect(forecasts.lacking).toEqual(["new-1 /: 7 points over 12 h are too few"]);
  });
});

it("shows the same from a real store that lived through it", async () => {
  const month = createMonth(7);
  const lab = createLab({ chats: [] });

  await live(lab, month);
  const found = await patternsOf({ store: lab.store, prometheus: null, now: lab.now });

  expectTheTruth(month, found);
  expect(found.alerts).toBe(month.episodes.length);
  expect(found.forecasts.lacking).toEqual(["PROMETHEUS_URL is not set: no forecasts."]);
}, 120_000);

describe("another threshold for what nobody acts on", () => {
  const month = createMonth(7);
  const measured = (count: number, limit = 80, operator = ">") =>
    Array.from({ length: count }, (_, n) => ({
      ...{ name: "WarmProcessor", operator, limit },
      value: operator === ">" ? 81 + (n % 10) : 19 - (n % 10),
    }));
  const proposedFor = (peaks: ReturnType<typeof measured>) =>
    findPatterns(historyOf(month), peaks).ignored[0]?.threshold;

  it.each([
    [">", 80, { limit: 80, proposed: 89.1, measured: 20, wouldBe: 2 }],
    ["<", 20, { limit: 20, proposed: 10.9, measured: 20, wouldBe: 2 }],
  ])("is one beyond which a tenth of them went: %s %d", (operator, limit, threshold) => {
    expect(proposedFor(measured(20, limit, operator))).toEqual(threshold);
  });

  it("is not proposed from too few, from several thresholds, or for what is not above or below", () => {
    expect(proposedFor(measured(9))).toBeNull();
    expect(proposedFor([...measured(10), ...measured(10, 85)])).toBeNull();
    expect(proposedFor(measured(20, 80, "=="))).toBeNull();
  });
});

it("says all of it in sentences that have their numbers", async () => {
  const month = createMonth(7);
  const store = { patterns: { history: async () => historyOf(month), peaksOf: async () => [] } };
  const { truth } = month;

  const found = await patternsOf({ store, prometheus: prometheusOf(month), now: () => month.to });
  const { sections, lacking } = sayPatterns(found);
  const texts = Object.fromEntries(
    sections.map(({ title, items }) => [title, items.map(({ text }) => text)]),
  );

  expect(texts["Comes back again and again"]?.[0]).toContain(
    `HighLatency on web-03 fired ${truth.flapping.times} times, ${truth.flapping.returns} of them within 30 min`,
  );
  expect(texts["Start together"]?.[0]).toMatch(
    /^With SwitchDown on sw-1, which fired 7 times, started HostDown on pve-1 7 of 7 times, \d\d s after it/,
  );
  expect(texts["Nobody acts on"]?.[0]).toContain(
    `WarmProcessor fired ${truth.ignored.times} times`,
  );
  expect(texts["Mended again and again"]?.[0]).toContain(
    `restart of worker-down on worker-2 helped ${truth.recurring.verified} of ${truth.recurring.runs} times, one every 2.7 d`,
  );
  expect(texts["Will run out"]).toHaveLength(2);
  expect(texts["Certificates that end"]?.[0]).toBe(
    `The certificate of shop ends on ${truth.certificates.shop?.toISOString().slice(0, 10)}, in 12 d.`,
  );
  expect(lacking).toEqual(["new-1 /: 7 points over 12 h are too few"]);
  for (const { text, advice } of sections.flatMap(({ items }) => items)) {
    expect(`${text} ${advice}`).not.toMatch(/NaN|undefined|null|Infinity/);
  }
});

it("says that a few days are not enough, instead of guessing", () => {
  const month = createMonth(7);
  const { from } = month;
  const until = new Date(from.getTime() + 3 * DAY);
  const episodes = month.episodes.filter(({ startsAt }) => startsAt < until);

  const found = findPatterns(historyOf({ ...month, episodes, to: until }));

  expect(found).toMatchObject({ together: [], ignored: [], recurring: [] });
  expect(found.lacking).toEqual([
    "The history is 2 d long; what comes together, is ignored or comes back takes 7 d to tell.",
  ]);
});
