import { expect, it } from "vitest";
import { readConfig } from "../src/config.ts";
import { createReads } from "../src/console-reads.ts";
import { createJourney } from "./responder/journey.ts";

const SECRET = "xoxb-1-very-secret";

function openReads(policy?: string) {
  const journey = createJourney(policy === undefined ? {} : { policy });
  const { store } = journey;
  const anchor = { head: { seq: 1, hash: "ab" }, lastAnchor: null, checked: null };
  const seen = async () => ({ ...anchor, isChecking: false });
  const sent: string[] = [];
  const reads = createReads({
    backtest: () => Promise.reject(new Error("nobody asks what if")),
    ...{ store, catalogue: journey.ports.catalogue, now: journey.now },
    prometheus: null,
    anchors: { seen, audit: seen },
    costs: async () => null,
    drawing: { svg: async ({ title }) => `<svg>${title}</svg>` },
    config: readConfig({
      SLACK_BOT_TOKEN: SECRET,
      SLACK_CHANNEL: "C0123ABCD45",
      SLACK_SIGNING_SECRET: SECRET,
      PROMETHEUS_API_KEY: SECRET,
    }),
    sendTest: async (severity) => {
      sent.push(severity);
      return { incidentId: null, text: "sent" };
    },
  });
  return { journey, reads, sent };
}

it("shows which settings are in effect, and no secret", () => {
  const { reads } = openReads();

  const text = JSON.stringify(reads.settings());

  expect(text).toContain("C0123ABCD45");
  expect(text).not.toContain(SECRET);
});

it("lets operators send a test alert, and records who else tried", async () => {
  const { journey, reads, sent } = openReads();

  const vera = await reads.sendTest({
    severity: "info",
    person: { name: "vera", roles: ["viewer"] },
  });
  const olga = await reads.sendTest({
    severity: "info",
    person: { name: "olga", roles: ["viewer", "operator"] },
  });

  expect([vera.outcome, olga.outcome, sent]).toEqual(["refused", "sent", ["info"]]);
  const [newest] = (await reads.record(null)).entries;
  expect(newest?.kind).toBe("attempt.refused");
  expect(await journey.store.record.head()).toMatchObject({ seq: newest?.seq });
});

it("counts what the history amounts to, and what an action has done", async () => {
  const { journey, reads } = openReads();
  await journey.enableAutohealing();
  await journey.fire();
  await journey.pass(120_000);
  await journey.resolve();
  journey.world.state = "down";
  await journey.pass(86_400_000);
  await journey.disableAutohealing();
  await journey.fire({ service: "db" });
  await journey.vote({ name: "ana" }, "approve");
  await journey.pass(60_000);
  await journey.resolve({ service: "db" });

  const found = await reads.statistics();
  const runbook = await reads.runbook("web-down");
  const [action] = runbook?.actions ?? [];

  expect(found).toMatchObject({
    incidents: 2,
    fixes: { resolved: 2, unasked: 1, approved: 1 },
    decide: { count: 1 },
    recover: { count: 2 },
  });
  // Sunday 03:00 and Monday 03:02, a week from Monday on.
  expect(found.byHour.flatMap((count, hour) => (count > 0 ? [[hour, count]] : []))).toEqual([
    [3, 1],
    [6 * 24 + 3, 1],
  ]);
  expect(action).toMatchObject({ runs: 2, verified: 2, outcome: { verdict: "ask" } });
  expect(action?.outcome.why).toEqual(["Auto-healing is off."]);
  expect(action?.medianRecoveryMs).toBeLessThan(120_000);
  expect((await reads.targets())?.find(({ name }) => name === "db")).toMatchObject({ runs: 1 });
});

it("numbers that were counted are counted anew as soon as something has changed", async () => {
  const { journey, reads } = openReads();
  const counted = async () => [
    (await reads.statistics()).incidents,
    (await reads.report("week")).report.now.incidents,
  ];
  await journey.fire();
  await journey.pass(60_000);

  expect(await counted()).toEqual([1, 1]);
  await journey.fire({ service: "db" });
  await journey.pass(60_000);

  expect(await counted()).toEqual([2, 2]);
});

it("says of each action what the policy makes of it and why", async () => {
  const low = openReads("targets: {web: {executor: command}}\nprotected: [web]\n");
  const none = openReads("targets: {other: {executor: systemd}}\n");
  const unreadable = openReads("people: 7\n");
  await low.journey.enableAutohealing();

  expect((await low.reads.policy())?.actions).toMatchObject([
    { outcome: { verdict: "ask", why: ["Its targets are protected: that is high risk."] } },
  ]);
  expect((await none.reads.policy())?.actions).toMatchObject([{ outcome: { verdict: "deny" } }]);
  expect(await unreadable.reads.policy()).toBeNull();
  expect(await unreadable.reads.targets()).toBeNull();
});

it("shows rota and maintenance on the policy's page, and the target's", async () => {
  const { reads } = openReads(`targets: {web: {executor: command}, db: {executor: command}}
escalation: {to: on_call}
rota: {people: [owner], starts: 2026-02-02 09:00}
maintenance:
  - {title: Patch night, targets: [web], cron: '* * * * *', for: 1h}
  - {title: The move, match: {instance: [/db-.*/, mail]}, cron: '0 3 * * 0', for: 2h}
`);

  const rules = new Map((await reads.policy())?.rules.map(({ name, text }) => [name, text]));
  const targets = await reads.targets();

  expect(rules.get("Nobody answers")).toContain("then whoever is on call after");
  expect(rules.get("On call")).toMatch(/^owner until 2026-03-02 .* UTC, then owner until /);
  expect(rules.get("Rota")).toBe("owner: a week each, from Monday 09:00 of this machine");
  expect(rules.get("Maintenance: Patch night")).toBe("web; * * * * *, for 1 h");
  expect(rules.get("Maintenance: The move")).toBe(
    "alerts with instance=/db-.*/|mail; 0 3 * * 0, for 2 h",
  );
  expect(targets?.map(({ name, maintenanceUntil }) => [name, maintenanceUntil])).toEqual(
    expect.arrayContaining([
      ["web", expect.any(Date)],
      ["db", null],
    ]),
  );
});
