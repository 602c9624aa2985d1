import { describe, expect, it } from "vitest";
import type { PlannedRequest } from "../../src/approval/approval.ts";
import { cardOf } from "../../src/chat/card.ts";
import { ana, ben, openCounter, PEOPLE, TARGETS } from "./counter.ts";
import { createJourney } from "./journey.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface Wanted {
  readonly rollback?: string;
  readonly risk?: string;
  readonly backRisk?: string;
}

function runbook({ rollback = "scale-down", risk = "low", backRisk = "low" }: Wanted = {}): string {
  return `---
id: web-down
title: The web service is down
match: {alertname: WebDown}
params: {service: {from: labels.service, pattern: '[a-z]+'}}
actions:
  - id: scale-up
    title: Give it more
    risk: ${risk}
    executor: command
    with: {argv: [/usr/bin/true, up, '{{params.service}}']}
    target: '{{params.service}}'
    targets: all
    verify: {alert: resolved, within: 1m}
    rollback: ${rollback}
  - id: scale-down
    title: Give it less
    risk: ${backRisk}
    executor: command
    with: {argv: [/usr/bin/true, down, '{{params.service}}']}
    target: '{{params.service}}'
    targets: all
    verify: {probe: {executor: command, with: {argv: [/usr/bin/test]}}, expect: {state: down}, within: 1m}
---
Prose.
`;
}

const UP = "/usr/bin/true up web";
const DOWN = "/usr/bin/true down web";
const AUTO = "{action: scale-down, auto: true}";

function open(wanted: Wanted = {}) {
  const journey = createJourney({ policy: PEOPLE + TARGETS, runbook: runbook(wanted) });
  journey.world.onRun = () => undefined;
  return { journey, ...openCounter(journey) };
}

/** One run by a person's approval that did not help. */
async function ran(wanted: Wanted = {}) {
  const lab = open(wanted);
  await lab.journey.fire();
  await lab.decide("approve", ben);
  await lab.journey.settle();
  expect(lab.journey.runs).toEqual([UP]);
  await lab.journey.pass(2 * MINUTE);
  const view = (await lab.journey.newest())?.view;
  return { ...lab, execution: view?.executions[0]?.id ?? "" };
}

const undo = ({ desk }: ReturnType<typeof open>, execution: string) =>
  desk.chat.undo({ execution, person: ana, channel: "telegram" });

const cardText = async ({ journey }: ReturnType<typeof open>) => {
  const view = (await journey.newest())?.view;
  if (view == null) throw new Error("there is no incident");
  const context = { autohealing: false, now: journey.now(), publicUrl: "http://127.0.0.1:9095" };
  return JSON.stringify(cardOf(view, context as Parameters<typeof cardOf>[1]));
};

describe("/undo", () => {
  it("stands on the card of what did not help, and nowhere once somebody has asked", async () => {
    const lab = await ran();
    expect(await cardText(lab)).toContain(`/undo ${lab.execution}`);

    await undo(lab, lab.execution);

    expect(await cardText(lab)).not.toContain(`/undo ${lab.execution}`);
  });

  it("asks for what the runbook names, with the same values on the same target, beside what it undoes", async () => {
    const lab = await ran();

    const answer = await undo(lab, lab.execution.slice(0, 8));

    const request = await lab.journey.newest();
    expect(answer).toMatchObject({
      outcome: "asked",
      incidentId: request?.incidentId,
      target: "web",
    });
    expect(request).toMatchObject({
      state: "pending",
      requester: "ana",
      undoes: lab.execution,
      proposal: { actionId: "scale-down", params: { service: "web" }, target: { name: "web" } },
    });
    expect(request?.reasons[0]).toEqual({ rule: "undo", text: `It undoes ${lab.execution}.` });
    expect(lab.journey.runs).toEqual([UP]);
  });

  it("P7 is decided by others than whoever asked for it, and then runs once", async () => {
    const lab = await ran();
    await undo(lab, lab.execution);

    const own = await lab.decide("approve", ana);
    const other = await lab.decide("approve", ben);
    await lab.journey.settle();

    expect([own.outcome, other.outcome]).toEqual(["not_allowed", "approved"]);
    expect(lab.journey.runs).toEqual([UP, DOWN]);
    expect((await lab.journey.newest())?.view?.verifications).toContainEqual(
      expect.objectContaining({ outcome: "verified" }),
    );
  });

  it("is asked for once, and not again when it is undone", async () => {
    const lab = await ran();
    await undo(lab, lab.execution);
    expect((await undo(lab, lab.execution)).outcome).toBe("duplicate");
    await lab.decide("approve", ben);
    await lab.journey.settle();

    const again = await undo(lab, lab.execution);

    expect(again).toMatchObject({ outcome: "refused", reasons: [{ rule: "undone" }] });
    expect(lab.journey.runs).toEqual([UP, DOWN]);
  });

  it.each<[string, Wanted, string]>([["names nothing", { rollback: "none" }, "no_rollback"]])(
    "is refused where the runbook %s",
    async (_, wanted, rule) => {
      const lab = await ran(wanted);

      expect(await undo(lab, lab.execution)).toMatchObject({
        outcome: "refused",
        reasons: [{ rule }],
      });
      expect(await cardText(lab)).not.toContain("/undo");
    },
  );

  it("is refused for what is no run, and for what was before a day", async () => {
    const lab = await ran();

    const unknown = await undo(lab, "exe_000000000000");
    await lab.journey.pass(23 * HOUR);
    const inTime = await undo(lab, lab.execution);
    await lab.decide("reject", ben);
    await lab.journey.pass(2 * HOUR);
    const late = await undo(lab, lab.execution);

    expect(unknown).toMatchObject({ outcome: "refused", reasons: [{ rule: "unknown_run" }] });
    expect(inTime.outcome).toBe("asked");
    expect(late).toMatchObject({ outcome: "refused", reasons: [{ rule: "too_late" }] });
  });

  it("is refused for what never started", async () => {
    const lab = open();
    await lab.journey.enableAutohealing();
    lab.journey.world.onCrashPoint = (point) => {
      if (point === "after-claim") void lab.journey.disableAutohealing();
    };
    await lab.journey.fire();
    const execution = (await lab.journey.newest())?.view?.executions[0]?.id ?? "";
    expect(lab.journey.runs).toEqual([]);
    expect(execution).toMatch(/^exe_/);

    expect(await undo(lab, execution)).toMatchObject({
      outcome: "refused",
      reasons: [{ rule: "not_run" }],
    });
  });

  it("uses the runbook as it is now: a way back that was taken out is none", async () => {
    const lab = await ran();
    lab.journey.editRunbook((text) => text.replace("rollback: scale-down", "rollback: none"));

    expect(await undo(lab, lab.execution)).toMatchObject({
      outcome: "refused",
      reasons: [{ rule: "no_rollback" }],
    });
  });
});

describe("a rollback by itself", () => {
  const requestsOf = async ({ journey }: ReturnType<typeof open>) =>
    ((await journey.newest())?.view?.requests ?? []) as PlannedRequest[];

  it("happens where the runbook says auto, the risk is low and the fix did not help", async () => {
    const lab = open({ rollback: AUTO });
    await lab.journey.enableAutohealing();
    await lab.journey.fire();

    await lab.journey.pass(2 * MINUTE);

    expect(lab.journey.runs).toEqual([UP, DOWN]);
    const [back, fix] = await requestsOf(lab);
    expect(back).toMatchObject({ isApprovedByPolicy: true, state: "succeeded" });
    expect(back?.undoes).toBe(
      (await lab.journey.newest())?.view?.executions.find(({ requestId }) => requestId === fix?.id)
        ?.id,
    );
  });

  it("is not undone in turn, and happens once", async () => {
    const lab = open({ rollback: AUTO });
    await lab.journey.enableAutohealing();
    lab.journey.world.onRun = () => {
      lab.journey.world.state = "neither";
    };
    await lab.journey.fire();

    await lab.journey.pass(HOUR);

    expect(lab.journey.runs).toEqual([UP, DOWN]);
  });

  it("does not undo what a person has undone meanwhile", async () => {
    const lab = open({ rollback: AUTO });
    await lab.journey.enableAutohealing();
    await lab.journey.fire();
    const execution = (await lab.journey.newest())?.view?.executions[0]?.id ?? "";
    await undo(lab, execution);
    await lab.decide("approve", ben);
    await lab.journey.settle();
    expect(lab.journey.runs).toEqual([UP, DOWN]);

    await lab.journey.pass(10 * MINUTE);

    expect(lab.journey.runs).toEqual([UP, DOWN]);
  });

  it("asks while auto-healing is off", async () => {
    const lab = open({ rollback: AUTO });
    await lab.journey.fire();
    await lab.decide("approve", ben);
    await lab.journey.settle();

    await lab.journey.pass(2 * MINUTE);

    expect(lab.journey.runs).toEqual([UP]);
    expect(await lab.journey.newest()).toMatchObject({
      state: "pending",
      proposal: { actionId: "scale-down" },
    });
  });

  it.each<[string, (lab: ReturnType<typeof open>) => void, Wanted]>([
    ["without auto", () => undefined, {}],
    [
      "after a fix that helped",
      ({ journey }) => void Object.assign(journey.world, { alertmanager: false }),
      { rollback: AUTO },
    ],
    [
      "where nobody knows whether it helped",
      ({ journey }) => void Object.assign(journey.world, { alertmanager: "unreachable" }),
      { rollback: AUTO },
    ],
  ])("does not happen %s", async (_, onRun, wanted) => {
    const lab = open(wanted);
    lab.journey.world.alertmanager = true;
    lab.journey.world.onRun = () => onRun(lab);
    await lab.journey.enableAutohealing();
    await lab.journey.fire();

    await lab.journey.pass(10 * MINUTE);

    expect(lab.journey.runs).toEqual([UP]);
    expect(await requestsOf(lab)).toHaveLength(1);
  });

  it("is no fix: the way back is never offered for an alert by itself", async () => {
    const lab = open();
    await lab.journey.fire();
    await lab.decide("reject", ben);

    expect(await requestsOf(lab)).toMatchObject([{ proposal: { actionId: "scale-up" } }]);
  });
});
