import { expect, it } from "vitest";
import { backtestHistory } from "../src/backtest.ts";
import { cardOf } from "../src/chat/card.ts";
import { ask } from "../src/responder/ask.ts";
import { createShadow } from "../src/shadow.ts";
import { createJourney } from "./responder/journey.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const TARGETS = "targets:\n  web: {executor: command}\n  db: {executor: command}\n";
const SHADOW = `shadow: true\n${TARGETS}`;
type Journey = ReturnType<typeof createJourney>;

function watch({ catalogue, ports, store, now }: Journey, told: string[]) {
  return createShadow({
    isShadow: () => {
      const { policy } = catalogue.read();
      return policy !== null && policy.isShadow;
    },
    switches: store.switches,
    backtest: (since) =>
      backtestHistory(store.bygone, {
        rules: { whitelist: catalogue.read(), executors: ports.executors },
        ...{ against: null, hasSource: false, dedupWindowMs: 300_000, since, autohealing: true },
      }),
    announce: (text) => told.push(text),
    publicUrl: "http://127.0.0.1:9095",
    log: {
      error: (about: unknown) => {
        throw new Error(JSON.stringify(about));
      },
    },
    now,
  });
}

it("P1 in shadow mode nothing runs and nothing can be approved, and the card says what would have run", async () => {
  const journey = createJourney({ policy: SHADOW });
  await journey.enableAutohealing();
  await journey.fire();
  const request = await journey.newest();
  if (request?.state !== "denied" || request.view == null) throw new Error(request?.state);

  const voted = await journey.vote({ name: "ana" }, "approve", {
    planCode: request.rehearsed?.planCode ?? "",
  });
  const asked = await ask(journey.ports, {
    ...{ runbook: "web-down", action: "restart", params: { service: "web" }, target: "web" },
    ...{ incident: null, requester: "ana", words: null, call: null, mostLive: null },
  });
  await journey.pass(DAY);

  const text =
    "Shadow mode is on (policy.yaml): nothing runs, and nobody can approve it. Otherwise it would have run by itself.";
  expect(request.reasons[0]).toEqual({ rule: "shadow_auto_run", text });
  expect(voted).toEqual({ outcome: "not_allowed", why: text });
  expect(asked).toMatchObject({
    outcome: "denied",
    verdict: { reasons: [{ rule: "shadow_ask" }, {}, {}, {}] },
  });
  expect(journey.runs).toEqual([]);
  const context = { now: journey.now(), publicUrl: "http://x", autohealing: false };
  const card = cardOf(request.view, context);
  const shown = JSON.stringify(card);
  expect(shown).toContain("/usr/bin/true restart web");
  expect(shown).toContain(text);
  expect(shown).not.toContain("Auto-healing is off");
  expect(card.buttons).toEqual([]);
});

it("P1 what was approved before shadow mode was turned on does not run after it", async () => {
  const journey = createJourney({ risk: "medium", policy: TARGETS });
  await journey.fire();
  journey.world.onCrashPoint = (place) => {
    if (place === "before-look-again") journey.writePolicy(SHADOW);
  };
  await journey.vote({ name: "ana" }, "approve");
  await journey.pass(MINUTE);

  expect(journey.runs).toEqual([]);
  expect((await journey.newest())?.reasons[0]?.rule).toBe("shadow_ask");
});

it("tells after a week in shadow mode what would have happened, and begins anew", async () => {
  const journey = createJourney({ policy: SHADOW });
  const told: string[] = [];
  const shadow = watch(journey, told);
  await shadow.look();
  for (const service of ["web", "db", "nobody"]) {
    await journey.fire({ service });
    await journey.pass(MINUTE);
    await journey.resolve({ service });
    await journey.pass(DAY);
  }
  await shadow.look();
  expect(told).toEqual([]);

  await journey.pass(5 * DAY);
  await shadow.look();
  await shadow.look();

  expect(told).toEqual([
    "👻 Shadow mode, the last week: 3 alerts, and nothing ran. With auto-healing on, 2 fixes would have run by themselves, " +
      "0 would have been asked about, 1 refused; for 0 no runbook has a fix. By itself: web-down/restart on web (1), web-down/restart on db (1). " +
      "http://127.0.0.1:9095/what-if",
  ]);
  expect(journey.runs).toEqual([]);
  journey.writePolicy(TARGETS);
  await journey.pass(8 * DAY);
  await shadow.look();
  expect(await journey.store.switches.shadowSince()).toBeNull();
  expect(told).toHaveLength(1);
});
