import { expect, it, onTestFinished } from "vitest";
import { startFakeTelegram } from "../fakes/telegram.ts";
import { comesTrue, createProgram, sleep, testAlert } from "../harness.ts";
import { findFreePort } from "../lab/peer-process.ts";
import { ANA, boxStuck, installBox } from "./box.ts";

const TOKEN = "42:fake-token-fake-token-fake-token-42";

function settingsFor(port: number): Record<string, string> {
  return {
    TELEGRAM_BOT_TOKEN: TOKEN,
    TELEGRAM_CHAT_ID: String(ANA),
    TELEGRAM_ADMIN_IDS: String(ANA),
    TELEGRAM_API_ROOT: `http://127.0.0.1:${port}`,
  };
}

it("P12 while Telegram is down the console decides, and when it is back each card appears once", async () => {
  const port = await findFreePort();
  const program = await createProgram({ env: settingsFor(port) });
  await program.start();
  const owner = await program.signIn();
  const decided = await program.raise(testAlert("critical", { number: "1" }));
  const waiting = await program.raise(testAlert("critical", { number: "2" }));
  await program.untilRequest(decided, "pending");
  await owner.approve(decided);
  await program.untilRequest(decided, "succeeded");
  const health = await program.health();

  const telegram = await startFakeTelegram({ chats: [{ id: ANA }], port });
  onTestFinished(() => telegram.stop());
  const cardsOf = (id: string) =>
    telegram.messages(ANA).filter(({ text }) => text.includes(`· ${id}`));
  const areBack = await comesTrue(
    () => cardsOf(decided).length > 0 && cardsOf(waiting).length > 0,
    20_000,
  );
  await sleep(2_500);

  expect(health.status).toBe("degraded");
  expect(health.checks.telegram?.status).toBe("degraded");
  expect(program.runs()).toHaveLength(1);
  expect(areBack).toBe(true);
  expect([cardsOf(decided).length, cardsOf(waiting).length]).toEqual([1, 1]);
  expect(cardsOf(waiting)[0]?.buttons.map(({ text }) => text)).toEqual(["✅ Approve", "❌ Reject"]);
}, 60_000);

it("P12 runs nothing unasked while Alertmanager can't be asked", async () => {
  const nobody = `http://127.0.0.1:${await findFreePort()}`;
  const program = await createProgram({ env: { ALERTMANAGER_URL: nobody } });
  await program.start();
  const owner = await program.signIn();
  await owner.enableAutohealing();

  const incident = await program.raise(testAlert("warning"));
  const request = await program.untilRequest(incident, "pending");

  expect(request.reasons.map(({ rule }) => rule)).toContain("source_unreachable");
  expect((await program.health()).checks.alertmanager).toMatchObject({ status: "degraded" });
  expect(program.runs()).toEqual([]);
});

it("P12 runs nothing unasked while Prometheus can't be asked for the precondition", async () => {
  const nobody = `http://127.0.0.1:${await findFreePort()}`;
  const policy = "targets:\n  box: {executor: command}\n";
  const program = await createProgram({ policy, env: { PROMETHEUS_URL: nobody } });
  const box = installBox(program, { risk: "low", more: "precondition: {promql: 'up == 0'}" });
  await program.start();
  const owner = await program.signIn();
  await owner.enableAutohealing();

  const incident = await program.raise(boxStuck());
  const request = await program.untilRequest(incident, "pending");

  expect(request.reasons.map(({ rule }) => rule)).toContain("missing_facts");
  expect((await program.health()).checks.prometheus).toMatchObject({ status: "degraded" });
  expect(box.runs()).toEqual([]);
});

it("P12 an invalid policy.yaml stops every action and is said on the card, in health and in the console", async () => {
  const program = await createProgram({
    policy: "targets:\n  box: {executer: command}\n",
    telegram: { chat: ANA, adminIds: String(ANA) },
  });
  const box = installBox(program, { risk: "low" });
  await program.start();
  const owner = await program.signIn();

  const incident = await program.raise(boxStuck());
  const card = await program.telegramCard(incident, "policy.yaml can't be read or is wrong");
  const page = await owner.open("/");
  const health = await program.health();

  expect(card.buttons).toEqual([]);
  expect(page.text).toMatch(/policy\.yaml:2/);
  expect(health.status).toBe("degraded");
  expect(health.checks.runbooks?.detail).toMatch(/policy\.yaml:2: .*executer/);
  expect((await program.story(incident)).executions).toEqual([]);
  expect(box.runs()).toEqual([]);
});

it("P12 a policy.yaml that breaks while requests wait lets nobody decide, and nothing is lost when it is mended", async () => {
  const policy = "targets:\n  box: {executor: command}\n";
  const program = await createProgram({
    policy,
    telegram: { chat: ANA, adminIds: String(ANA) },
  });
  const box = installBox(program);
  await program.start();
  const owner = await program.signIn();
  const incident = await program.raise(boxStuck());
  const card = await program.telegramCard(incident, "Approvals: 0 of 1");

  program.writeRunbook("policy.yaml", "targets: [");
  const pressed = await program.press(card, "Approve", ANA);
  const page = await owner.open(`/incidents/${incident}`);
  program.writeRunbook("policy.yaml", policy);
  const mended = await program.press(card, "Approve", ANA);
  await program.untilRequest(incident, "succeeded");

  expect(pressed).not.toContain("Approved");
  expect(page.forms.map(({ button }) => button)).not.toContain("Approve");
  expect(mended).toContain("✅ Approved");
  expect(box.runs()).toEqual(["ran"]);
});

it.each([
  [
    "a chat that does not exist",
    { TELEGRAM_CHAT_ID: "12345" },
    /TELEGRAM_CHAT_ID=12345 is no chat/,
  ],
  [
    "a token that is not accepted",
    { TELEGRAM_BOT_TOKEN: "43:another-token-another-token" },
    /TELEGRAM_BOT_TOKEN is not accepted by Telegram/,
  ],
])("P12 %s is said in health, and the rest works", async (_, env, detail) => {
  const program = await createProgram({ telegram: { chat: ANA, adminIds: String(ANA) }, env });
  await program.start();
  const owner = await program.signIn();

  const incident = await program.raise(testAlert("critical"));
  await program.untilRequest(incident, "pending");
  await owner.approve(incident);
  await program.untilRequest(incident, "succeeded");
  const health = await program.health();

  expect(health.status).toBe("degraded");
  expect(health.checks.telegram?.detail).toMatch(detail);
  expect(program.log()).not.toContain("another-token");
  expect(program.runs()).toHaveLength(1);
});
