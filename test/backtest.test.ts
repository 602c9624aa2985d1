import { expect, it } from "vitest";
import type { Backtest } from "../src/backtest.ts";
import { backtestHistory } from "../src/backtest.ts";
import type { Rules } from "../src/replay.ts";
import { createJourney } from "./responder/journey.ts";
import { createLab } from "./store/lab.ts";

const MINUTE = 60_000;
type Journey = ReturnType<typeof createJourney>;

async function test(
  journey: Journey,
  over: { autohealing?: boolean | null; against?: Rules } = {},
): Promise<Backtest> {
  const rules = { whitelist: journey.catalogue.read(), executors: journey.ports.executors };
  return await backtestHistory(journey.store.bygone, {
    ...{ rules, against: over.against ?? null, hasSource: true, dedupWindowMs: 300_000 },
    ...{ since: new Date(0), autohealing: over.autohealing ?? null },
  });
}

/** Down, and up again after so long. */
async function once(journey: Journey, service: string, forMs = 2 * MINUTE): Promise<void> {
  journey.world.state = "down";
  await journey.fire({ service });
  await journey.pass(forMs);
  await journey.resolve({ service });
  await journey.pass(6 * MINUTE);
}

/** A few hours with everything in it that makes the verdict what it is. */
async function live(journey: Journey): Promise<void> {
  journey.world.alertmanager = true;
  await once(journey, "web");
  await journey.enableAutohealing();
  for (let n = 0; n < 9; n += 1) await once(journey, "web");
  await once(journey, "nobody");
  journey.world.alertmanager = "unreachable";
  await once(journey, "db");
  journey.world.alertmanager = true;
  journey.world.state = "up";
  await journey.fire({ service: "db" });
  await journey.pass(MINUTE);
  await journey.resolve({ service: "db" });
  await journey.pass(40 * MINUTE);
  journey.world.onRun = () => undefined;
  await once(journey, "db", 5 * MINUTE);
  await once(journey, "db");
  const { store } = journey;
  await store.switches.maintain("web", new Date(journey.now().getTime() + 30 * MINUTE), "ana");
  await once(journey, "web");
  await journey.disableAutohealing({ forMs: 60 * MINUTE, all: false });
  await once(journey, "db");
}

it("comes to what happened under the rules that held then, alert by alert", async () => {
  const journey = createJourney();
  await live(journey);
  const runs = journey.runs.length;

  const found = await test(journey);

  expect(found.alerts.filter(({ isDifferent }) => isDifferent)).toEqual([]);
  expect(found.would).toEqual(found.was);
  expect(found.would.run).toBe(runs);
  expect(found.would).toMatchObject({ nothing: 0 });
  expect([found.would.run, found.would.ask, found.would.refuse].every((count) => count > 0)).toBe(
    true,
  );
  const rules = new Set(found.alerts.flatMap(({ would }) => would.reasons.map(({ rule }) => rule)));
  for (const rule of [
    ...["autohealing_off", "cooldown", "limit", "flapping", "unknown_target", "maintenance"],
    ...["source_unreachable", "precondition", "ineffective_run"],
  ]) {
    expect(rules).toContain(rule);
  }
});

it("says what other rules would have changed, and starts nothing for it", async () => {
  const journey = createJourney();
  journey.world.alertmanager = true;
  await journey.enableAutohealing();
  await once(journey, "web");
  await once(journey, "db");
  const runs = journey.runs.length;
  const entries = journey.raw.prepare("SELECT count(*) FROM record").pluck();
  const before = entries.get();

  journey.editRunbook((text) => text.replace("risk: low", "risk: medium"));
  const stricter = await test(journey);
  journey.editRunbook((text) => text.replace("risk: medium", "risk: low"));
  const off = await test(journey, { autohealing: false });
  journey.writePolicy("targets: {web: {executor: command}}\n");
  const fewer = await test(journey);

  expect(stricter.changes).toEqual({ "run -> ask": 2 });
  expect(off.changes).toEqual({ "run -> ask": 2 });
  expect(fewer.changes).toEqual({ "run -> refuse": 1 });
  expect(fewer.alerts.find(({ isDifferent }) => isDifferent)).toMatchObject({
    where: "",
    was: { outcome: "run", action: "web-down/restart", target: "db" },
    would: { outcome: "refuse", reasons: [{ rule: "unknown_target" }] },
  });
  expect(fewer.runs).toEqual([{ action: "web-down/restart", target: "web", count: 1 }]);
  expect(journey.runs).toHaveLength(runs);
  expect(entries.get()).toBe(before);
});

it("counts what the policy ignores as ignored: it offers nothing, and no limit counts it", async () => {
  const journey = createJourney();
  journey.world.alertmanager = true;
  await journey.enableAutohealing();
  await once(journey, "web");
  await once(journey, "db");
  const counted = `targets: {web: {executor: command}, db: {executor: command}}
limits: {executions_per_hour: 1}
`;
  journey.writePolicy(counted);
  const both = await test(journey);
  journey.writePolicy(`${counted}alerts: {ignore: [{service: web}]}\n`);
  const found = await test(journey);

  expect(both.alerts.map(({ would }) => would.outcome)).toEqual(["run", "ask"]);
  expect(found.alerts).toMatchObject([
    { would: { outcome: "ignored", action: null }, was: { outcome: "run" }, isDifferent: true },
    { would: { outcome: "run", target: "db" }, isDifferent: false },
  ]);
  expect(found.would).toEqual({ run: 1, ask: 0, refuse: 0, nothing: 0, ignored: 1 });
  expect(found.changes).toEqual({ "run -> ignored": 1 });
});

it("says where another policy tells an alert", async () => {
  const journey = createJourney();
  journey.world.alertmanager = true;
  await once(journey, "web");
  await once(journey, "db");
  const told = (to: string) => `alerts: {route: [{match: {service: db}, to: [${to}]}]}\n`;
  const inventory = "targets: {web: {executor: command}, db: {executor: command}}\n";
  journey.writePolicy(inventory + told("telegram"));
  const against = { whitelist: journey.catalogue.read(), executors: journey.ports.executors };
  journey.writePolicy(inventory + told("pagerduty, slack"));

  const beside = await test(journey, { against });
  const history = await test(journey);

  expect(beside.alerts).toMatchObject([
    { would: { to: null }, was: { to: null }, isDifferent: false },
    { would: { to: ["pagerduty", "slack"] }, was: { to: ["telegram"] }, isDifferent: true },
  ]);
  expect(history.alerts.filter(({ isDifferent }) => isDifferent)).toEqual([]);
});

it("lets people decide again what they decided then, so that their runs count", async () => {
  const journey = createJourney({ risk: "medium" });
  journey.world.alertmanager = true;
  await journey.enableAutohealing();
  await journey.fire();
  await journey.vote({ name: "ana" }, "approve");
  await journey.pass(2 * MINUTE);
  await journey.resolve();
  await journey.pass(6 * MINUTE);
  journey.world.state = "down";
  await journey.fire();
  await journey.pass(20 * MINUTE);
  await journey.resolve();

  const same = await test(journey);

  expect(journey.runs).toHaveLength(1);
  expect(same.changes).toEqual({});
  // The second one stands within the cooldown of the run that ana approved.
  expect(same.alerts[1]?.would.reasons.map(({ rule }) => rule)).toContain("cooldown");
});

it("lets everything else go on, however long it takes", async () => {
  const journey = createJourney();
  for (let n = 0; n < 40; n += 1) await once(journey, "web");
  let turns = 0;
  const others = setInterval(() => {
    turns += 1;
  }, 1);

  await test(journey);
  clearInterval(others);

  expect(turns).toBeGreaterThan(0);
});

it("writes nothing into a database that it reads", async () => {
  const lab = createLab();
  await lab.fire();
  const reader = lab.open(false, { isReadOnly: true });

  expect(await reader.bygone.alertsSince(new Date(0))).toHaveLength(1);
  await expect(reader.switches.enable("ana")).rejects.toThrow("readonly");
  expect(await lab.store.switches.autohealing()).toMatchObject({ isOn: false });
  reader.close();
});
