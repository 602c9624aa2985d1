import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Channel, Person } from "../../src/approval/approval.ts";
import { createDesk } from "../../src/desk.ts";
import { createMetrics } from "../../src/metrics.ts";
import { ask, tryOut } from "../../src/responder/ask.ts";
import { edit } from "../../src/responder/edit.ts";
import { createLookNow } from "../../src/responder/look-now.ts";
import type { Place } from "../../src/responder/ports.ts";
import { silence } from "../../src/responder/silence.ts";
import { undo } from "../../src/responder/undo.ts";
import { createJourney } from "../responder/journey.ts";
import { watch } from "./watch.ts";

const MINUTE = 60_000;
const ANA: Person = { name: "ana", roles: ["viewer", "operator", "approver", "admin"] };
const BEN: Person = { name: "ben", roles: ["viewer", "operator", "approver"] };
const EVE: Person = { name: "eve", roles: ["viewer"] };

const policyWith = (rest: string) => `people:
  - {name: ana, telegram: 7, slack: T1:U1, roles: [viewer, operator, approver, admin]}
  - {name: ben, telegram: 8, slack: T1:U2, roles: [viewer, operator, approver]}
  - {name: eve, telegram: 9, roles: [viewer]}
targets:
  web: {executor: command}
  db: {executor: command}
${rest}
`;
const POLICIES = [
  policyWith(""),
  policyWith("approval: {medium: {quorum: 2}}"),
  policyWith("protected: [web]"),
  policyWith("approval: {low: {auto: false}}"),
  "people: [this is no policy",
];

/** Four minutes of every ten, for a target or for an alert. */
const MAINTAINED = policyWith(`maintenance:
  - {title: A, targets: [web], cron: '*/10 * * * *', for: 4m}
  - {title: B, match: {service: db}, cron: '*/10 * * * *', for: 4m}`);

type Journey = ReturnType<typeof createJourney>;
type Event = (actor: Actor) => Promise<unknown>;

/** The people, the alerts and the world around one journey. */
function createActor(journey: Journey, seen: ReturnType<typeof watch>) {
  const desk = createDesk({
    store: journey.store,
    catalogue: journey.catalogue,
    health: () => Promise.resolve({ status: "ok" as const, checks: {} }),
    metrics: createMetrics(() => Promise.resolve({})),
    ask: (wish) => ask(journey.ports, wish),
    tryOut: (wish) => tryOut(journey.ports, wish),
    now: journey.ports.now,
    costs: () => Promise.resolve(null),
    audit: () => Promise.reject(new Error("nobody asks here")),
    edit: (wish) => edit(journey.ports, wish),
    lookNow: createLookNow(journey.ports),
    hasPasskey: () => Promise.resolve(false),
    undo: (wanted) => undo(journey.ports, wanted),
    silence: (wanted) => silence(journey.ports, { ...wanted, requestId: null, comment: "quiet" }),
    onAutohealingChanged: () => undefined,
  });

  /** The plan codes of everything that was ever put forward, the newest last: people press old buttons too. */
  async function planCodes(): Promise<string[]> {
    const { items } = await journey.store.views.find({ limit: 20 });
    const views = await Promise.all(items.map(({ id }) => journey.store.views.incident(id)));
    const planned = views
      .flatMap((view) => view?.requests ?? [])
      .filter((request) => request.state !== "denied");
    return planned
      .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
      .map(({ planCode }) => planCode);
  }

  return { journey, seen, desk: desk.chat, planCodes };
}
type Actor = ReturnType<typeof createActor>;

const service = fc.constantFrom("web", "db");
const person = fc.constantFrom(ANA, BEN, ANA, BEN, EVE);
const channel = fc.constantFrom<Channel>("telegram", "slack", "console");
const crashPoint = fc.constantFrom<Place>(
  "before-looks",
  "before-plan",
  "before-look-again",
  "before-claim",
  "after-claim",
  "after-start",
  "after-run",
);

const fires = fc.tuple(service, fc.constantFrom("critical", "warning", "info")).map(
  ([name, severity]): Event =>
    async ({ journey, seen }) => {
      seen.fires(name);
      journey.world.state = "down";
      await journey.fire({ service: name, severity });
    },
);
const resolves = service.map(
  (name): Event =>
    async ({ journey, seen }) => {
      // Without another start it is a body of the newest episode, whoever sends it twice.
      const before = await journey.store.views.openAlerts(null);
      if (before.some(({ name: of }) => of === "WebDown")) seen.resolves(name);
      await journey.resolve({ service: name });
    },
);
const decides = fc
  .record({
    person,
    channel,
    decision: fc.constantFrom("approve", "approve", "approve", "reject"),
    via: fc.constantFrom("tap", "typed"),
    reason: fc.constantFrom(null, "checked"),
    /** 0 is the newest. */
    age: fc.constantFrom(0, 0, 0, 1, 2),
  })
  .map(
    ({ age, ...attempt }): Event =>
      async ({ desk, seen, journey, planCodes }) => {
        const planCode = (await planCodes()).at(-1 - age);
        if (planCode === undefined) return;
        const ruling = await desk.decide({ ...attempt, planCode, requestId: null } as never);
        seen.ruled(attempt.person.name, ruling);
        await journey.settle();
      },
  );
const switches = fc.tuple(fc.boolean(), fc.constantFrom(null, 2 * MINUTE), fc.boolean()).map(
  ([isOn, forMs, all]): Event =>
    async ({ desk, seen, journey }) => {
      const until = forMs === null ? null : journey.now().getTime() + forMs;
      await desk.setAutohealing({ isOn, person: ANA, channel: "console", forMs, all });
      seen.switched(isOn, until);
      await journey.settle();
    },
);
const passes = fc.constantFrom(1_000, MINUTE, 5 * MINUTE, 16 * MINUTE, 61 * MINUTE).map(
  (ms): Event =>
    ({ journey }) =>
      journey.pass(ms),
);
const jumps = fc.constantFrom(-2 * 60 * MINUTE, -MINUTE, 9 * MINUTE, 24 * 60 * MINUTE).map(
  (ms): Event =>
    ({ journey }) => {
      journey.jump(ms);
      return journey.settle();
    },
);
const edits = fc.constantFrom(...POLICIES.slice(0, 3), ...POLICIES).map(
  (text): Event =>
    ({ journey }) => {
      journey.writePolicy(text);
      return journey.settle();
    },
);
const rewrites = fc.constantFrom("low", "medium").map(
  (risk): Event =>
    ({ journey }) => {
      journey.editRunbook((text) => text.replace(/risk: \w+/, `risk: ${risk}`));
      return journey.settle();
    },
);
const world = fc
  .record({
    alertmanager: fc.constantFrom<(boolean | "unreachable" | null)[]>(
      ...[null, null, null, true, true, true, false, "unreachable" as const],
    ),
    state: fc.constantFrom("down", "down", "up", "unreachable"),
    result: fc.constantFrom("succeeded", "failed", "timed_out", "unknown"),
    isFixed: fc.boolean(),
  })
  .map(
    ({ isFixed, ...now }): Event =>
      ({ journey, seen }) => {
        Object.assign(journey.world, now);
        journey.world.onRun = () => {
          seen.onRun();
          if (isFixed) journey.world.state = "up";
        };
        return journey.settle();
      },
  );
const maintains = fc.tuple(service, fc.constantFrom(0, 5 * MINUTE)).map(
  ([target, forMs]): Event =>
    async ({ desk }) =>
      await desk.maintain({ target, forMs, person: BEN }),
);
const asks = fc.tuple(service, fc.constantFrom(ANA, BEN)).map(
  ([name, who]): Event =>
    async ({ desk, journey }) => {
      await desk.run({
        ...{ runbook: "web-down", action: null, params: { service: name }, target: null },
        ...{ person: who, channel: "console" as const, incident: null },
      });
      await journey.settle();
    },
);
const reviews = fc.constant<Event>(async ({ journey }) => {
  const execution = (await journey.newest())?.view?.executions[0];
  if (execution !== undefined) await journey.store.executions.markReviewed(execution.id, "ana");
});
/** The power goes out the next time this point is reached. */
const crashes = crashPoint.map(
  (wanted): Event =>
    ({ journey }) => {
      journey.world.onCrashPoint = (name) => {
        if (name !== wanted) return;
        journey.world.onCrashPoint = () => undefined;
        throw new PowerCut();
      };
      return Promise.resolve();
    },
);

class PowerCut extends Error {
  override readonly name = "PowerCut";
}

/** One after the other; where the power goes out, it comes back. */
async function happenTo(actor: Actor, events: readonly Event[]): Promise<void> {
  const { journey, seen } = actor;
  for (const happen of events) {
    await happen(actor).catch(async (error: unknown) => {
      if (!(error instanceof PowerCut)) throw error;
      await journey.restart();
    });
    seen.check();
  }
  await seen.settled();
}

/** A whole alert: it comes, somebody approves or rejects what is asked, the fix works or does not, and it is over. */
const heals = fc
  .record({
    name: service,
    severity: fc.constantFrom("critical", "critical", "info"),
    works: fc.constantFrom(...Array.from({ length: 9 }, () => true), false),
    result: fc.constantFrom(
      ...Array.from({ length: 17 }, () => "succeeded" as const),
      ...(["failed", "timed_out", "unknown"] as const),
    ),
    decision: fc.constantFrom<Decision[]>(
      ...Array.from({ length: 7 }, () => "approve" as const),
      "reject",
    ),
  })
  .map(
    ({ name, severity, works, result, decision }): Event =>
      async ({ desk, journey, seen }) => {
        Object.assign(journey.world, { alertmanager: null, state: "down", result });
        journey.world.onRun = () => {
          seen.onRun();
          if (works) journey.world.state = "up";
        };
        seen.fires(name);
        await journey.fire({ service: name, severity });
        for (const { request } of await desk.pending()) {
          if (request.episodeId === null) continue;
          await decide(decision, request.planCode, ANA, { desk, journey, seen });
        }
        await journey.pass(2 * MINUTE);
        seen.resolves(name);
        await journey.resolve({ service: name });
      },
  );
/** Whoever is asked whether something may run unasked says yes: both, or one of them. */
const agrees = fc.subarray([ANA, BEN], { minLength: 1 }).map(
  (people): Event =>
    async (actor) => {
      for (const { request } of await actor.desk.pending()) {
        if (request.plan.command.kind !== "grant") continue;
        for (const one of people) await decide("approve", request.planCode, one, actor);
      }
    },
);
type Decision = "approve" | "reject";
async function decide(
  decision: Decision,
  planCode: string,
  by: Person,
  { desk, journey, seen }: Pick<Actor, "desk" | "journey" | "seen">,
): Promise<void> {
  const about = { planCode, requestId: null, person: by, channel: "telegram" } as const;
  const reason = { decision, reason: "checked", via: "typed" } as const;
  seen.ruled(by.name, await desk.decide({ ...about, ...reason }));
  await journey.settle();
}
const takesBack = service.map(
  (target): Event =>
    ({ desk }) =>
      desk.takeBack({ runbookId: "web-down", actionId: "restart", target, person: ANA }),
);
const wantsUndone = fc.constantFrom(ANA, BEN).map(
  (by): Event =>
    async ({ desk, journey }) => {
      const [run] = (await journey.newest())?.view?.executions ?? [];
      if (run === undefined) return;
      await desk.undo({ execution: run.id, person: by, channel: "console" });
      await journey.settle();
    },
);
/** Somebody notices what was changed in the runbook folder. */
const notices = fc.constant<Event>(async ({ journey }) => {
  await journey.startWatch().check();
  await journey.settle();
});

const anyEvent = fc.oneof(
  { weight: 5, arbitrary: fires },
  { weight: 2, arbitrary: resolves },
  { weight: 9, arbitrary: decides },
  { weight: 2, arbitrary: switches },
  { weight: 3, arbitrary: passes },
  { weight: 1, arbitrary: jumps },
  { weight: 1, arbitrary: edits },
  { weight: 1, arbitrary: rewrites },
  { weight: 3, arbitrary: world },
  { weight: 1, arbitrary: maintains },
  { weight: 2, arbitrary: asks },
  { weight: 1, arbitrary: reviews },
  { weight: 2, arbitrary: crashes },
);

describe("whatever happens, in whatever order", () => {
  it("P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 hold at every run, and none is in a maintenance window", async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("low", "medium"),
        fc.constantFrom(...POLICIES.slice(0, 3), MAINTAINED),
        fc.array(anyEvent, { minLength: 10, maxLength: 40, size: "max" }),
        async (risk, policy, events) => {
          const journey = createJourney({ risk, policy });
          const seen = watch(journey);
          const actor = createActor(journey, seen);
          journey.world.onRun = seen.onRun;
          await happenTo(actor, events);
          runs += seen.runs();
        },
      ),
      { numRuns: 100 },
    );
    // Events that never come to a run would prove nothing.
    expect(runs).toBeGreaterThan(15);
  }, 120_000);
});

const EARN_RULE = { verifiedInARow: 2, noneRejectedInMs: 60 * MINUTE };
const EARNED = policyWith(
  "approval: {low: {auto: earned, earned: {verified_in_a_row: 2, none_rejected_in: 1h}}}",
);
const rules = fc.constantFrom(EARNED, EARNED, `${EARNED}freeze: []\n`, ...POLICIES).map(
  (text): Event =>
    ({ journey }) => {
      journey.writePolicy(text);
      return journey.settle();
    },
);
/** Long enough for a rejection not to count by itself any more. */
const forgets = fc.constant<Event>(({ journey }) => journey.pass(61 * MINUTE));
const leadingToLeave = fc.oneof(
  { weight: 20, arbitrary: heals },
  { weight: 10, arbitrary: agrees },
  { weight: 1, arbitrary: passes },
  { weight: 3, arbitrary: forgets },
  { weight: 4, arbitrary: reviews },
  { weight: 1, arbitrary: anyEvent },
  { weight: 1, arbitrary: takesBack },
  { weight: 1, arbitrary: wantsUndone },
  { weight: 1, arbitrary: notices },
  { weight: 1, arbitrary: rules },
  { weight: 1, arbitrary: crashes },
);
/** Without what only takes time: the rule is what is looked at. */
const earnable = (text: string) =>
  text.replace(/ {4}(?:cooldown|limit): .*\n/g, "").replace(
    "---\nProse",
    `    rollback: stop
  - id: stop
    title: Stop it again
    risk: medium
    executor: command
    with: {argv: [/usr/bin/true, stop, '{{params.service}}']}
    params: {service: {from: labels.service, pattern: '[a-z]+'}}
    target: '{{params.service}}'
    targets: all
---
Prose`,
  );

describe("where low risk has to be earned", () => {
  it("P1 P2 P3 P4 P5 P6 P7 P8 P9 P11 no order of events lets an action run unasked that its rule does not allow", async () => {
    let earned = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(leadingToLeave, { minLength: 20, maxLength: 45, size: "max" }),
        async (events) => {
          const journey = createJourney({ policy: EARNED });
          journey.editRunbook(earnable);
          await journey.startWatch().check();
          const seen = watch(journey);
          const actor = createActor(journey, seen);
          await actor.desk.setAutohealing({
            ...{ isOn: true, person: ANA, channel: "console", forMs: null, all: false },
          });
          seen.switched(true, null);
          await happenTo(actor, events);
          seen.expectLeavesEarned(EARN_RULE);
          earned += seen.earnedRuns();
        },
      ),
      { numRuns: 50 },
    );
    expect(earned).toBeGreaterThan(10);
  }, 240_000);
});
