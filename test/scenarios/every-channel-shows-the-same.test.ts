import { expect, it, onTestFinished } from "vitest";
import type { FakeSlack } from "../fakes/slack.ts";
import { startFakeSlack, wordsOf } from "../fakes/slack.ts";
import type { Program } from "../harness.ts";
import { comesTrue, createProgram } from "../harness.ts";
import { ANA, boxStuck, GROUP, installBox } from "./box.ts";

const SHOWN_WITHIN_MS = 1_000;

/** Ana and Ben, each with an account wherever there is a chat. */
async function createEverywhere(connection: "socket" | "http" = "socket") {
  const fake = await startFakeSlack();
  onTestFinished(() => fake.stop());
  const policy = `
people:
  - {name: ana, telegram: 7, slack: "${fake.account("ana")}", roles: [viewer, operator, approver, admin]}
  - {name: ben, telegram: 8, slack: "${fake.account("ben")}", roles: [viewer, operator, approver]}
  - {name: vic, slack: "${fake.account("vic")}", roles: [viewer]}
targets:
  box: {executor: command}
`;
  const program = await createProgram({
    policy,
    telegram: { chat: GROUP },
    slack: { fake, connection },
  });
  return { fake, program };
}

/** The three views of one incident: none of them offers a decision any more. */
async function isDecidedEverywhere(program: Program, fake: FakeSlack, incident: string) {
  const ben = await program.signIn("ben");
  return async () => {
    const [telegram] = program.cardsOf(incident);
    const slack = fake.cards().find(({ blocks }) => wordsOf(blocks).includes(incident));
    const page = await ben.open(`/incidents/${incident}`);
    return (
      telegram?.buttons.length === 0 &&
      fake.buttons(slack?.blocks ?? []).length === 0 &&
      page.forms.every(({ button }) => !/Approve|Reject/.test(button))
    );
  };
}

it.each(["socket", "http"] as const)(
  "P3 one incident in Telegram, Slack and the console is approved in Slack (%s): all agree within a second, it runs once",
  async (connection) => {
    const { fake, program } = await createEverywhere(connection);
    const box = installBox(program);
    await program.start();
    const incident = await program.raise(boxStuck());
    const card = await program.slackCard(incident, "Approvals: 0 of 1");
    await program.settledCard(incident, "Approvals: 0 of 1");
    const isDecided = await isDecidedEverywhere(program, fake, incident);

    const ack = await fake.press(card, "Approve", fake.user("ana"));
    expect(ack).toMatchObject({ status: 200, body: null });
    const doAllAgree = await comesTrue(isDecided, SHOWN_WITHIN_MS);
    const second = await program.say(`/approve ${"0".repeat(8)}`, ANA);
    const request = await program.untilRequest(incident, "succeeded");

    expect(doAllAgree).toBe(true);
    expect(second).toContain("No request has this plan code");
    expect(request).toMatchObject({ votes: [{ person: "ana", channel: "slack" }] });
    expect(box.runs()).toEqual(["ran"]);
    expect((await program.health()).checks.slack).toMatchObject({ status: "ok" });
    expect(fake.messages().flatMap(({ mentions }) => mentions)).toEqual([]);
  },
  60_000,
);

it("P5 a reject in Telegram or in the console ends it in Slack within a second, and an old button there does nothing", async () => {
  const { fake, program } = await createEverywhere();
  const box = installBox(program);
  await program.start();
  for (const [number, where] of ["telegram", "console"].entries()) {
    const incident = await program.raise(boxStuck(number + 1));
    const card = await program.slackCard(incident, "Approvals: 0 of 1");
    const inTelegram = await program.telegramCard(incident, "Approvals: 0 of 1");
    const isDecided = await isDecidedEverywhere(program, fake, incident);
    const ana = await program.signIn("ana");

    if (where === "telegram") await program.press(inTelegram, "Reject", ANA);
    else await ana.reject(incident, "not now");
    const doAllAgree = await comesTrue(isDecided, SHOWN_WITHIN_MS);
    const before = fake.whispers.length;
    await fake.press(card, "Approve", fake.user("ben"));
    const told = await fake.waitFor(() => fake.whispers[before]);

    expect(doAllAgree, where).toBe(true);
    expect(told.text).toContain("Decided already");
  }
  expect(box.runs()).toEqual([]);
});

it("P6 T51 high risk: a form in Slack and a typed code in Telegram by one person count once, the second person decides", async () => {
  const { fake, program } = await createEverywhere();
  const box = installBox(program, { risk: "high" });
  await program.start();
  const incident = await program.raise(boxStuck());
  const { planCode } = await program.untilRequest(incident, "pending");
  const card = await program.slackCard(incident, "Approvals: 0 of 2");

  await fake.press(card, "Approve", fake.user("ana"));
  const form = await fake.waitFor(() => fake.views()[0]);
  const wrong = await fake.submit(form, { plan_code: "00000000", reason: "r" }, fake.user("ana"));
  await fake.submit(form, { plan_code: planCode, reason: "it is stuck" }, fake.user("ana"));
  await program.slackCard(incident, "Approvals: 1 of 2");
  const again = await program.say(`/approve ${planCode} again`, ANA);
  const ranEarly = box.runs();
  const typed = await fake.say(`approve ${planCode} seen it`, fake.user("ben"));
  const request = await program.untilRequest(incident, "succeeded");

  expect(wrong.body).toMatchObject({ response_action: "errors" });
  expect(again).toContain("You have approved this already");
  expect(ranEarly).toEqual([]);
  expect((typed.body as { text: string }).text).toContain("Approved");
  expect(request.votes).toMatchObject([
    { person: "ana", channel: "slack", reason: "it is stuck" },
    { person: "ben", channel: "slack", reason: "seen it" },
  ]);
  expect(box.runs()).toEqual(["ran"]);
  expect(await program.audit()).toMatchObject({ ok: true });
});

it("P11 a disable in Slack is told in both chats, and T01 T12 what is refused stands in the record", async () => {
  const { fake, program } = await createEverywhere();
  await program.start();
  await fake.waitFor(() => fake.connections() === 1);

  await fake.say("disable_autohealing", fake.user("vic"));
  await fake.say("disable_autohealing", fake.user("eve"));
  await fake.say("disable_autohealing", fake.user("ana"), { team_id: "T666" });
  const inSlack = await fake.waitFor(() => fake.messages()[0]);
  const inTelegram = await program.telegram().waitFor(() => program.telegram().messages(GROUP)[0]);

  expect(wordsOf(inSlack.blocks)).toContain("vic disabled auto-healing");
  expect(inTelegram.text).toContain("vic disabled auto-healing");
  expect(fake.messages()).toHaveLength(1);
  expect(await program.metrics()).toMatch(/refused_total\{reason="other_workspace"\} 1/);
  expect(await program.metrics()).toMatch(/refused_total\{reason="unlisted"\} 1/);
});

it("says in check and in health what is wrong with Slack, and shows alerts in Telegram meanwhile", async () => {
  const { fake, program } = await createEverywhere();
  fake.removeFromChannel();
  await program.start();
  const incident = await program.raise(boxStuck());
  await program.telegramCard(incident);

  const { code, stdout } = await program.command(["check"]);
  const { checks } = await program.health();

  expect(code).toBe(1);
  expect(stdout).toContain("wrong  slack: The app is not in SLACK_CHANNEL");
  expect(stdout).not.toContain("nobody can decide");
  expect(checks.slack).toMatchObject({ status: "degraded" });
  expect(checks.telegram).toMatchObject({ status: "ok" });
});

it("says in check that nobody can decide in a chat yet, and how that is mended", async () => {
  const fake = await startFakeSlack();
  onTestFinished(() => fake.stop());
  const program = await createProgram({ slack: { fake, connection: "socket" } });

  const { code, stdout } = await program.command(["check"]);

  expect(code).toBe(0);
  expect(stdout).toMatch(
    /ok {5}slack: nobody can decide there yet: write \/countersign whoami .* SLACK_ADMIN_IDS/,
  );
});
