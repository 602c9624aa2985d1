import { describe, expect, it } from "vitest";
import { createJourney } from "./journey.ts";
import { webDown } from "./web-down.ts";

const MINUTE = 60_000;

const BY_ALERT = "{alert: resolved, within: 1m}";
const REPLACE = `  - id: replace
    title: Replace the web service
    risk: low
    executor: command
    with: {argv: [/usr/bin/true, replace, '{{params.service}}']}
    target: '{{params.service}}'
    targets: all
    verify: ${BY_ALERT}
`;
const ALERT = { alertname: "WebDown", severity: "critical", service: "web" };
const FIRING = { __name__: "ALERTS", alertstate: "firing" };

type World = ReturnType<typeof createJourney>["world"];

/** One unasked run, and what is judged of it when its window is over. */
async function judged(world: Partial<World>, onRun: Partial<World>, verify = BY_ALERT) {
  const journey = createJourney({ runbook: webDown(verify) });
  Object.assign(journey.world, world);
  journey.world.onRun = () => void Object.assign(journey.world, onRun);
  await journey.enableAutohealing();
  await journey.fire();
  expect(journey.runs).toHaveLength(1);
  await journey.pass(2 * MINUTE);
  return (await journey.newest())?.view?.verifications[0];
}

describe("whether a fix helped", () => {
  it.each<[string, string, Partial<World>, Partial<World>]>([
    ["the command succeeded and the alert stays", "still_failing", { alertmanager: true }, {}],
    [
      "the command failed and the alert goes",
      "verified",
      { alertmanager: true, result: "failed" },
      { alertmanager: false },
    ],
    [
      "both sources say that it is over",
      "verified",
      { alertmanager: true, prometheus: [{ ...FIRING, ...ALERT }] },
      { alertmanager: false, prometheus: [] },
    ],
    [
      "Prometheus is dead, and Alertmanager has forgotten the alert",
      "inconclusive",
      { alertmanager: true, prometheus: [] },
      { alertmanager: false, prometheus: "unreachable" },
    ],
    [
      "Prometheus still reports what Alertmanager has forgotten",
      "still_failing",
      { alertmanager: true, prometheus: [] },
      { alertmanager: false, prometheus: [{ ...FIRING, ...ALERT }] },
    ],
    [
      "Prometheus reports it without the labels that the sender adds",
      "still_failing",
      { alertmanager: true, prometheus: [] },
      { alertmanager: false, prometheus: [{ ...FIRING, alertname: "WebDown", service: "web" }] },
    ],
    [
      "Prometheus reports another one of the same name",
      "verified",
      { alertmanager: true, prometheus: [] },
      { alertmanager: false, prometheus: [{ ...FIRING, ...ALERT, service: "db" }] },
    ],
    [
      "Alertmanager can't be asked any more",
      "inconclusive",
      { alertmanager: true },
      { alertmanager: "unreachable" },
    ],
    ["there is nobody to ask, and no resolution came", "still_failing", {}, {}],
  ])("%s: %s", async (_, outcome, before, after) => {
    expect(await judged(before, after)).toMatchObject({ outcome });
  });

  it.each<[string, World["prometheus"]]>([
    ["verified", null],
    ["verified", []],
    ["inconclusive", "unreachable"],
  ])(
    "a resolution that was sent is %s where Prometheus answers %j",
    async (outcome, prometheus) => {
      const journey = createJourney({ runbook: webDown(BY_ALERT) });
      journey.world.prometheus = prometheus;
      await journey.enableAutohealing();
      await journey.fire();

      await journey.resolve();
      await journey.pass(2 * MINUTE);

      expect((await journey.newest())?.view?.verifications).toMatchObject([{ outcome }]);
    },
  );

  it("is not believed of one check alone: the probe and the query count as well", async () => {
    const all = `{alert: resolved, promql: 'up == 1', probe: {executor: command, with: {argv: [/usr/bin/test]}}, expect: {state: up}, within: 1m}`;
    const over = { alertmanager: false, prometheus: [] as Record<string, string>[] };

    expect(await judged({ alertmanager: true }, { ...over, state: "up" }, all)).toMatchObject({
      outcome: "still_failing",
      detail: expect.stringContaining("up == 1 does not hold"),
    });
  });
});

describe("what comes after a fix that did not help", () => {
  it("is the next action of the runbook, to be asked for", async () => {
    const journey = createJourney({ runbook: webDown(BY_ALERT, REPLACE) });
    await journey.enableAutohealing();
    await journey.fire();
    await journey.pass(2 * MINUTE);

    const next = await journey.newest();
    expect(next).toMatchObject({
      state: "pending",
      risk: "medium",
      proposal: { actionId: "replace" },
    });
    expect(next?.reasons.map(({ rule }) => rule)).toContain("next_step");
    await journey.vote({ name: "ben" }, "approve");

    expect(journey.runs).toEqual(["/usr/bin/true restart web", "/usr/bin/true replace web"]);
  });

  it("is nothing once everything was tried, nor a second try of the same", async () => {
    const journey = createJourney({ runbook: webDown(BY_ALERT, REPLACE) });
    await journey.enableAutohealing();
    await journey.fire();
    await journey.pass(2 * MINUTE);
    await journey.vote({ name: "ben" }, "approve");

    await journey.pass(10 * MINUTE);

    expect(journey.runs).toHaveLength(2);
    const view = (await journey.newest())?.view;
    expect(view?.requests.map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
  });

  it.each<
    [string, Partial<World>, (journey: ReturnType<typeof createJourney>) => Promise<unknown>]
  >([
    ["where the alert is over", {}, (journey) => journey.resolve()],
    ["where nobody could find out", { alertmanager: "unreachable" }, () => Promise.resolve()],
  ])("is nothing %s", async (_, onRun, after) => {
    const journey = createJourney({ runbook: webDown(BY_ALERT, REPLACE) });
    journey.world.alertmanager = true;
    journey.world.onRun = () => void Object.assign(journey.world, onRun);
    await journey.enableAutohealing();
    await journey.fire();

    await after(journey);
    await journey.pass(3 * MINUTE);

    expect((await journey.newest())?.view?.requests).toHaveLength(1);
  });

  it("begins with the first action again when the alert fires anew", async () => {
    const journey = createJourney({ runbook: webDown(BY_ALERT, REPLACE) });
    await journey.enableAutohealing();
    await journey.fire();
    await journey.pass(2 * MINUTE);
    await journey.resolve();
    await journey.pass(MINUTE);

    await journey.fire();

    expect(await journey.newest()).toMatchObject({ proposal: { actionId: "restart" } });
  });
});
