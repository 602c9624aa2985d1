import { expect, it } from "vitest";
import { createProgram, sleep, testAlert } from "../harness.ts";
import { ANA, BEN, boxStuck, GROUP, gateIn, installBox, TWO_PEOPLE, VIC } from "./box.ts";

/** Long enough for a busy machine to show it and to approve it. */
const SHORT = `${TWO_PEOPLE}
approval: {medium: {expires: 8s}}
`;
const dataOf = (card: { buttons: readonly { callback_data?: string }[] }) => ({
  data: card.buttons[0]?.callback_data ?? "",
});

it("P4 an expired request is not run by a press, a page or a typed code", async () => {
  const program = await createProgram({ policy: SHORT, telegram: { chat: GROUP } });
  const box = installBox(program);
  await program.start();
  const ben = await program.signIn("ben");
  const incident = await program.raise(boxStuck());
  const card = await program.telegramCard(incident, "Approvals: 0 of 1");
  const page = await ben.open(`/incidents/${incident}`);
  const { planCode } = await program.untilRequest(incident, "expired");

  const form = page.forms.find(({ button }) => button === "Approve") as (typeof page.forms)[number];
  const answers = [
    await program.press(card, dataOf(card), ANA),
    (await ben.send(form)).text,
    await program.say(`/approve ${planCode} please`, ANA),
  ];
  const expiredCard = await program.telegramCard(incident, "Approval Expired");
  await sleep(300);

  expect(answers[0]).toContain("Too late");
  expect(answers[1]).toContain("Too late: this request has expired and will not run.");
  expect(answers[2]).toContain("Too late");
  expect(expiredCard.buttons).toEqual([]);
  expect(box.runs()).toEqual([]);
});

it("P4 what was approved in time and could not start in time does not run", async () => {
  const program = await createProgram({ policy: SHORT });
  const box = installBox(program);
  await program.start({ COUNTERSIGN_CRASH_POINT: "before-claim" });
  const ana = await program.signIn("ana");
  const incident = await program.raise(boxStuck());
  const { expiresAt } = await program.untilRequest(incident, "pending");
  await program.crashBy(ana.approve(incident));
  await sleep(Date.parse(expiresAt) - Date.now());

  await program.start({ COUNTERSIGN_CRASH_POINT: "" });
  await program.untilRequest(incident, "expired");
  await sleep(300);

  expect(box.runs()).toEqual([]);
});

it("P4 a rejected request is not run by an approval that comes after it", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE, telegram: { chat: GROUP } });
  const box = installBox(program);
  await program.start();
  const incident = await program.raise(boxStuck());
  const card = await program.telegramCard(incident, "Approvals: 0 of 1");
  const { planCode } = await program.untilRequest(incident, "pending");

  await program.press(card, "Reject", BEN);
  const answers = [
    await program.press(card, dataOf(card), ANA),
    await program.say(`/approve ${planCode} please`, ANA),
  ];
  const { state } = await program.untilRequest(incident, "rejected");

  expect(answers.map((text) => text.startsWith("Decided already"))).toEqual([true, true]);
  expect(state).toBe("rejected");
  expect((await program.telegramCard(incident, "Fix Rejected")).buttons).toEqual([]);
  expect(box.runs()).toEqual([]);
});

it("P4 a request whose alert resolved is over", async () => {
  const program = await createProgram({ telegram: { chat: ANA, adminIds: String(ANA) } });
  await program.start();
  const alert = testAlert("critical");
  const incident = await program.raise(alert);
  const card = await program.telegramCard(incident, "Approvals: 0 of 1");

  await program.resolve(alert);
  const answer = await program.press(card, dataOf(card), ANA);
  const request = await program.untilRequest(incident, "cancelled");
  await sleep(300);

  expect(answer).toContain("Decided already: cancelled");
  expect(request.endReason).toBe("the alert resolved");
  expect((await program.telegramCard(incident, "Alert Resolved")).buttons).toEqual([]);
  expect(program.runs()).toEqual([]);
});

it("P5 one reject ends what another has approved, until the moment it runs", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE });
  const gate = gateIn(program);
  const box = installBox(program, { script: gate.script });
  await program.start();
  const [ana, ben] = [await program.signIn("ana"), await program.signIn("ben")];
  const [running, waiting] = [await program.raise(boxStuck(1)), await program.raise(boxStuck(2))];
  await program.untilRequest(running, "pending");
  await program.untilRequest(waiting, "pending");
  await ana.approve(running);
  await program.untilRequest(running, "executing");
  await ana.approve(waiting);
  await program.untilRequest(waiting, "approved");

  const page = await ben.reject(waiting, "one is enough");
  gate.open();
  await program.untilRequest(running, "succeeded");
  await sleep(2_500);

  expect(page.text).toContain("Rejected. It will not run.");
  expect(await program.untilRequest(waiting, "rejected")).toMatchObject({
    endReason: "rejected by ben: one is enough",
  });
  expect(box.runs()).toEqual(["ran"]);
});

it("P5 nobody rejects or approves without the role for it", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE, telegram: { chat: GROUP } });
  installBox(program);
  await program.start();
  const vic = await program.signIn("vic");
  const incident = await program.raise(boxStuck());
  const card = await program.telegramCard(incident, "Approvals: 0 of 1");

  const answers = [
    await program.press(card, "Reject", VIC),
    await program.press(card, "Approve", VIC),
    await program.press(card, "Reject", 666),
  ];
  const page = await vic.open(`/incidents/${incident}`);

  expect(answers[0]).toContain("You can't decide this");
  expect(answers[1]).toContain("You can't decide this");
  expect(answers[2]).toContain("You have no role here");
  expect(page.text).toContain("You can't decide this: it takes an approver");
  expect(page.forms.map(({ button }) => button)).not.toContain("Reject");
  expect(await program.untilRequest(incident, "pending")).toMatchObject({ votes: [] });
});
