import { describe, expect, it } from "vitest";
import { backtestHistory } from "../../src/backtest.ts";
import { ask } from "../../src/responder/ask.ts";
import { edit } from "../../src/responder/edit.ts";
import { undo } from "../../src/responder/undo.ts";
import { createJourney } from "./journey.ts";
import { webDown } from "./web-down.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const ON_WEB = { runbookId: "web-down", actionId: "restart", target: "web" };
const ANA = { name: "ana" };
const BEN = { name: "ben" };

const policyWith = (low: string, rest = "") => `people:
  - {name: ana, roles: [viewer, operator, approver, admin]}
  - {name: ben, roles: [viewer, operator, approver]}
approval: {low: ${low}}
targets:
  web: {executor: command}
  db: {executor: command}
${rest}`;
const EARNED = "{auto: earned, earned: {verified_in_a_row: 3}}";

type Journey = ReturnType<typeof createJourney>;

async function begin(options: Parameters<typeof createJourney>[0] = {}) {
  const journey = createJourney({ policy: policyWith(EARNED), ...options });
  await journey.enableAutohealing();
  await journey.startWatch().check();
  return journey;
}

/** The alert comes; the state of the newest request for it. */
async function breaks({ world, fire, newest }: Journey, service = "web") {
  world.state = "down";
  await fire({ service });
  return (await newest())?.state;
}

async function calms({ resolve, pass }: Journey, service = "web") {
  await resolve({ service });
  await pass(30 * MINUTE);
}

/** It breaks, people approve, and it is whole again. */
async function mended(journey: Journey, times = 1, service = "web") {
  for (let n = 0; n < times; n += 1) {
    expect(await breaks(journey, service)).toBe("pending");
    await journey.vote(ANA, "approve");
    await calms(journey, service);
  }
}

/** What waits about leave to run unasked. */
async function offered({ store }: Journey) {
  const waiting = await store.views.pending();
  return waiting.filter(({ plan }) => plan.command.kind === "grant");
}

/** The record has just become good enough. */
async function earned(journey: Journey) {
  await mended(journey, 2);
  expect(await breaks(journey)).toBe("pending");
  await journey.vote(ANA, "approve");
  const [request] = await offered(journey);
  if (request === undefined) throw new Error("nothing is asked");
  return request;
}

/** Also what nobody answered in time. */
function everOffered({ raw }: Journey) {
  return raw.prepare("SELECT count(*) FROM requests WHERE is_grant").pluck().get();
}

async function agree(journey: Journey) {
  const [request] = await offered(journey);
  const planCode = request?.planCode ?? "nothing is asked";
  await journey.vote(ANA, "approve", { planCode, via: "typed", reason: "ten times now" });
  return await journey.vote(BEN, "approve", { planCode, via: "typed", reason: "agreed" });
}

async function granted(options: Parameters<typeof createJourney>[0] = {}) {
  const journey = await begin(options);
  await earned(journey);
  expect((await agree(journey)).outcome).toBe("approved");
  await calms(journey);
  return journey;
}

async function holds({ store }: Journey) {
  return (await store.grants.list()).some(({ end }) => end === null);
}

async function whyEnded({ store }: Journey) {
  return (await store.grants.list())[0]?.end?.why;
}

describe("earned autonomy", () => {
  it("asks until the record passes the rule and two people agree, and then runs unasked", async () => {
    const journey = await begin();

    await mended(journey, 2);
    expect(everOffered(journey)).toBe(0);
    expect(await breaks(journey)).toBe("pending");
    await journey.vote(ANA, "approve");
    const [request] = await offered(journey);
    expect(request).toMatchObject({
      ...{ risk: "high", quorum: 2, requester: null },
      plan: { action: "restart", target: { name: "web" }, command: { verifiedInARow: 3 } },
    });
    expect(request?.reasons[1]?.text).toBe(
      "Of its runs on web, 3 approved: 3 verified, 0 still failing, 0 ended otherwise; 0 rejected. The last 3 in a row helped.",
    );
    expect((await agree(journey)).outcome).toBe("approved");
    await calms(journey);

    expect(await breaks(journey)).toBe("succeeded");
    expect(await journey.newest()).toMatchObject({ isApprovedByPolicy: true });
    expect(journey.runs).toHaveLength(4);
    await journey.startWatch().check();
    expect(journey.told.join("\n")).toContain(
      "restart of web-down may run unasked on web from now on: approved by ana and ben.",
    );
  });

  it("is earned for one target, and not for another", async () => {
    const journey = await granted();

    expect(await breaks(journey, "db")).toBe("pending");
    expect((await journey.newest())?.reasons.at(-1)?.rule).toBe("not_earned");
  });

  it("P6 P7 takes a quorum like a high risk plan: one tap, one person, or one person twice is not enough", async () => {
    const journey = await begin();
    const { planCode } = await earned(journey);

    expect((await journey.vote(ANA, "approve", { planCode })).outcome).toBe("must_type");
    const typed = { planCode, via: "typed", reason: "fine" } as const;
    expect((await journey.vote(ANA, "approve", typed)).outcome).toBe("counted");
    expect((await journey.vote(ANA, "approve", typed)).outcome).toBe("already_voted");
    expect(await holds(journey)).toBe(false);
    await journey.resolve();
    expect(await breaks(journey)).toBe("pending");
  });

  it("P4 is not given by people who answer too late, and asked for again after the next run that helped", async () => {
    const journey = await begin();
    const { planCode } = await earned(journey);
    const typed = { planCode, via: "typed", reason: "fine" } as const;

    await calms(journey);
    expect((await journey.vote(ANA, "approve", typed)).outcome).toBe("expired");
    expect(await offered(journey)).toEqual([]);
    await breaks(journey);
    await journey.vote(ANA, "approve");
    expect(await offered(journey)).toHaveLength(1);
  });

  it.each<[string, string, (journey: Journey) => Promise<unknown> | unknown]>([
    ["a run that did not help", "did not help", (journey) => fails(journey, "still")],
    ["a run that failed", "failed", (journey) => fails(journey, "failed")],
    ["a run that was cut short", "was cut short", (journey) => fails(journey, "unknown")],
    [
      "a run that nobody could verify",
      "could not be verified",
      (journey) => fails(journey, "unverified"),
    ],
    ["a reject", "ben rejected it", rejects],
    ["a person who takes it back", "ana took it back", takesBack],
    ["an undo", "wants", undoes],
  ])("is taken back at once by %s, and told", async (_, why, happens) => {
    const journey = await granted({ runbook: RUNBOOK_WITH_WAY_BACK });

    await happens(journey);

    expect(await holds(journey)).toBe(false);
    expect(await whyEnded(journey)).toContain(why);
    await journey.startWatch().check();
    expect(journey.told.join("\n")).toContain("restart of web-down asks again on web:");
    Object.assign(journey.world, { result: "succeeded", onRun: () => undefined });
    await calms(journey);
    await journey.pass(2 * DAY);
    expect(await breaks(journey)).toBe("pending");
  });

  it.each<[string, (journey: Journey) => void]>([
    [
      "the runbook",
      ({ editRunbook }) => editRunbook((text) => text.replace("Prose", "Other prose")),
    ],
    ["the policy", ({ writePolicy }) => writePolicy(policyWith(EARNED, "freeze: []\n"))],
    [
      "the rule itself",
      ({ writePolicy }) =>
        writePolicy(policyWith("{auto: earned, earned: {verified_in_a_row: 2}}")),
    ],
  ])("does not hold under another %s, before anybody has noticed the change", async (_, change) => {
    const journey = await granted();

    change(journey);

    expect(await breaks(journey)).toBe("pending");
    expect((await journey.newest())?.reasons.map(({ rule }) => rule)).toContain("not_earned");
  });

  it("is void with a changed policy, told, and asked for anew under it where the record still passes", async () => {
    const journey = await granted();

    journey.writePolicy(policyWith(EARNED, "freeze: []\n"));
    await journey.startWatch().check();
    await journey.settle();

    expect(await whyEnded(journey)).toBe("policy.yaml was changed");
    expect(journey.told.join("\n")).toContain("asks again on web: policy.yaml was changed.");
    expect(await offered(journey)).toHaveLength(1);
    await agree(journey);
    expect(await breaks(journey)).toBe("succeeded");
  });

  it("begins at nothing with a changed runbook: what was earned was another action's", async () => {
    const journey = await granted();

    journey.editRunbook((text) => text.replace("Prose", "Other prose"));
    await journey.startWatch().check();
    await journey.settle();

    expect(await whyEnded(journey)).toBe("runbooks/web-down.md was changed");
    expect(everOffered(journey)).toBe(1);
    await earned(journey);
  });

  it("is not asked for again by the same record, once somebody took it back or said no", async () => {
    const journey = await granted();
    await takesBack(journey);

    const { planCode } = await earned(journey);
    await journey.vote(BEN, "reject", { planCode });
    await calms(journey);
    await mended(journey, 4);
    expect(everOffered(journey)).toBe(2);
  });

  it("is not asked for within the days after a reject, however much was verified since", async () => {
    const journey = await begin();
    expect(await breaks(journey)).toBe("pending");
    await journey.vote(BEN, "reject");
    await calms(journey);

    await mended(journey, 4);
    expect(everOffered(journey)).toBe(0);
    await journey.pass(30 * DAY);
    expect(await breaks(journey)).toBe("pending");
    await journey.vote(ANA, "approve");
    expect(await offered(journey)).toHaveLength(1);
  });

  it.each<[string, Partial<Parameters<typeof createJourney>[0]>]>([
    ["medium risk", { risk: "medium" }],
    ["a protected target", { policy: policyWith(EARNED, "protected: [web]\n") }],
    ["a policy that lets low risk run anyway", { policy: policyWith("{auto: true}") }],
    ["a policy that lets nothing run", { policy: policyWith("{auto: false}") }],
  ])("is never asked for with %s", async (_, options) => {
    const journey = await begin(options);

    for (let n = 0; n < 4; n += 1) {
      await breaks(journey);
      const reason = { via: "typed", reason: "again" } as const;
      await journey.vote(ANA, "approve", reason);
      await journey.vote(BEN, "approve", reason);
      await calms(journey);
    }

    expect(journey.runs.length).toBeGreaterThan(3);
    expect(everOffered(journey)).toBe(0);
  });

  it("P11 is stopped by the kill switch and not taken back by it", async () => {
    const journey = await granted();

    await journey.disableAutohealing();
    expect(await breaks(journey)).toBe("pending");
    expect(await holds(journey)).toBe(true);
    await journey.vote(ANA, "approve");
    await calms(journey);
    await journey.enableAutohealing();
    expect(await breaks(journey)).toBe("succeeded");
  });

  it("does not start what was taken back between the claim and the start", async () => {
    const journey = await granted();
    journey.world.onCrashPoint = (place) => {
      if (place === "after-claim") void journey.store.grants.takeBack(ON_WEB, "ana");
    };

    expect(await breaks(journey)).toBe("failed");
    expect(journey.runs).toHaveLength(3);
    const { view } = (await journey.newest()) ?? {};
    expect(view?.executions[0]?.output).toBe(
      "Not started: its leave to run unasked was taken back",
    );
  });

  it("is not given where a run failed after the last vote", async () => {
    const journey = await begin();
    const request = await earned(journey);
    journey.raw.exec("UPDATE verifications SET outcome = 'still_failing'");

    await agree(journey);

    expect(await holds(journey)).toBe(false);
    expect(await journey.store.requests.find(request.id)).toMatchObject({
      state: "cancelled",
      endReason: "0 of 3 approved and verified in a row",
    });
  });

  it("is not given for what was changed since it was shown", async () => {
    const journey = await begin();
    const request = await earned(journey);
    journey.editRunbook((text) => text.replace("/usr/bin/true, restart", "/usr/bin/true, kill"));

    await agree(journey);

    expect(await holds(journey)).toBe(false);
    expect(await journey.store.requests.find(request.id)).toMatchObject({
      state: "cancelled",
      endReason: "what it is for was changed since this was shown",
    });
  });

  it("has no values that an edit could change, and stands in nobody's way who asks for the action", async () => {
    const journey = await begin();
    const request = await earned(journey);

    const edited = await edit(journey.ports, { request, params: { service: "db" }, editor: "ana" });
    journey.world.state = "down";
    const asked = await ask(journey.ports, {
      ...{ runbook: "web-down", action: "restart", params: { service: "web" }, target: null },
      ...{ incident: null, requester: "ana", words: null, call: null, mostLive: null },
    });

    expect(edited).toMatchObject({ outcome: "refused", reasons: [{ rule: "no_change" }] });
    expect(asked.outcome).toBe("asked");
  });
});

/** It runs unasked, and that goes wrong. */
async function fails(journey: Journey, how: "still" | "failed" | "unknown" | "unverified") {
  const { world } = journey;
  if (how === "failed" || how === "unknown") world.result = how;
  world.onRun = () => {
    if (how !== "still") world.state = how === "unverified" ? "unreachable" : "up";
  };
  await breaks(journey);
  await journey.pass(2 * MINUTE);
}

/** Something else makes it ask, and somebody says no. */
async function rejects(journey: Journey) {
  journey.world.state = "down";
  await journey.fire({ severity: "info" });
  await journey.vote(BEN, "reject");
}

async function takesBack({ store }: Journey) {
  expect(await store.grants.takeBack(ON_WEB, "ana")).toBe(true);
  expect(await store.grants.takeBack(ON_WEB, "ana")).toBe(false);
}

async function undoes(journey: Journey) {
  expect(await breaks(journey)).toBe("succeeded");
  const [run] = (await journey.newest())?.view?.executions ?? [];
  const asked = await undo(journey.ports, { executionId: run?.id ?? "", requester: "ben" });
  expect(asked.outcome).toBe("asked");
}

const RUNBOOK_WITH_WAY_BACK = webDown(
  "{probe: {executor: command, with: {argv: [/usr/bin/test, -e, up]}}, expect: {state: up}, within: 1m}",
  `    precondition: {probe: {executor: command, with: {argv: [/usr/bin/test, -e, down]}}, expect: {state: down}}
    rollback: stop
  - id: stop
    title: Stop it again
    risk: low
    executor: command
    with: {argv: [/usr/bin/true, stop, '{{params.service}}']}
    target: '{{params.service}}'
    targets: all
`,
);

it("runs once more in a backtest where it had leave, and asks where the rules are others", async () => {
  const journey = await begin();
  for (let n = 0; n < 4; n += 1) {
    expect(await breaks(journey)).toBe(n < 3 ? "pending" : "succeeded");
    await journey.pass(MINUTE);
    if (n < 3) await journey.vote(ANA, "approve");
    await journey.pass(MINUTE);
    if (n === 2) await agree(journey);
    await calms(journey);
  }
  const test = async () =>
    await backtestHistory(journey.store.bygone, {
      rules: { whitelist: journey.catalogue.read(), executors: journey.ports.executors },
      ...{ against: null, hasSource: false, dedupWindowMs: 300_000 },
      ...{ since: new Date(0), autohealing: null },
    });

  const same = await test();
  journey.writePolicy(policyWith("{auto: earned, earned: {verified_in_a_row: 9}}"));
  const others = await test();

  expect(same).toMatchObject({ would: { ask: 3, run: 1 }, changes: {} });
  expect(others).toMatchObject({ would: { ask: 4, run: 0 }, changes: { "run -> ask": 1 } });
});
