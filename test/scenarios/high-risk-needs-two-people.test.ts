import { expect, it } from "vitest";
import { createProgram, sleep } from "../harness.ts";
import { ANA, BEN, boxStuck, GROUP, installBox, TWO_PEOPLE } from "./box.ts";

it("P6 runs after two people typed the plan code and a reason, in the chat and in the console", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE, telegram: { chat: GROUP } });
  const box = installBox(program, { risk: "high" });
  await program.start();
  const ben = await program.signIn("ben");
  const incident = await program.raise(boxStuck());
  const { planCode } = await program.untilRequest(incident, "pending");
  const card = await program.telegramCard(incident, "Approvals: 0 of 2");

  const tapped = await program.press(card, "Approve", ANA);
  const withoutReason = await program.say(`/approve ${planCode}`, ANA);
  const first = await program.say(`/approve ${planCode} the disk is full`, ANA);
  const counted = await program.telegramCard(incident, "Approvals: 1 of 2");
  const ranEarly = box.runs();
  const wrongCode = await ben.approveTyped(incident, "00000000", "seen it");
  const second = await ben.approveTyped(incident, planCode, "seen it");
  const request = await program.untilRequest(incident, "succeeded");

  expect(tapped).toBe(`Send: /approve ${planCode} <reason>`);
  expect(withoutReason).toContain(`Send: /approve ${planCode} <reason>`);
  expect(first).toContain("1 more approval needed");
  expect(counted.text).toContain("(ana)");
  expect(ranEarly).toEqual([]);
  expect(wrongCode.text).toContain("That is not the plan code");
  expect(second.text).toContain("Approved. It is about to run.");
  expect(request.votes).toMatchObject([
    { person: "ana", channel: "telegram", reason: "the disk is full" },
    { person: "ben", channel: "console", reason: "seen it" },
  ]);
  expect(box.runs()).toEqual(["ran"]);
});

it("P6 counts one person once, on however many channels", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE, telegram: { chat: GROUP } });
  const box = installBox(program, { risk: "high" });
  await program.start();
  const ana = await program.signIn("ana");
  const incident = await program.raise(boxStuck());
  const { planCode } = await program.untilRequest(incident, "pending");
  const page = await ana.open(`/incidents/${incident}`);
  const form = page.forms.find(({ button }) => button.startsWith("Approve"));
  await program.say(`/approve ${planCode} once`, ANA);

  const again = await program.say(`/approve ${planCode} twice`, ANA);
  const inTheConsole = await ana.send(form as NonNullable<typeof form>, {
    typed_code: planCode,
    reason: "thrice",
  });
  await sleep(300);

  expect(again).toContain("You have approved this already");
  expect(inTheConsole.text).toContain("You have decided on this before");
  expect(await program.untilRequest(incident, "pending")).toMatchObject({
    votes: [{ person: "ana", reason: "once" }],
  });
  expect(box.runs()).toEqual([]);
});

it("P6 the reject of one ends it after the approval of another", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE, telegram: { chat: GROUP } });
  const box = installBox(program, { risk: "high" });
  await program.start();
  const incident = await program.raise(boxStuck());
  const { planCode } = await program.untilRequest(incident, "pending");
  const card = await program.telegramCard(incident, "Approvals: 0 of 2");
  await program.say(`/approve ${planCode} yes`, ANA);

  const answer = await program.press(card, "Reject", BEN);
  const late = await program.say(`/approve ${planCode} but`, ANA);

  expect(answer).toContain("❌ Rejected");
  expect(late).toContain("Decided already");
  expect(box.runs()).toEqual([]);
});

it("P6 where one person alone can approve, the typed plan code is the second step", async () => {
  const policy = `
people:
  - {name: ana, telegram: ${ANA}, roles: [viewer, operator, approver, admin]}
targets:
  box: {executor: command}
`;
  const program = await createProgram({ policy, telegram: { chat: ANA } });
  const box = installBox(program, { risk: "high" });
  await program.start();
  const incident = await program.raise(boxStuck());
  const { planCode } = await program.untilRequest(incident, "pending");
  const card = await program.telegramCard(incident, "Approvals: 0 of 1");

  const tapped = await program.press(card, "Approve", ANA);
  const ranEarly = box.runs();
  const typed = await program.say(`/approve ${planCode} I am alone`, ANA);
  await program.untilRequest(incident, "succeeded");

  expect(tapped).toBe(`Send: /approve ${planCode} <reason>`);
  expect(ranEarly).toEqual([]);
  expect(typed).toContain("✅ Approved");
  expect(box.runs()).toEqual(["ran"]);
});

it("P6 a protected target makes a low action a high risk", async () => {
  const program = await createProgram({ policy: `${TWO_PEOPLE}protected: [box]\n` });
  const box = installBox(program, { risk: "low" });
  await program.start();
  const ana = await program.signIn("ana");
  await ana.enableAutohealing();

  const incident = await program.raise(boxStuck());
  const request = await program.untilRequest(incident, "pending");

  expect(request).toMatchObject({ risk: "high", quorum: 2 });
  expect(request.reasons.map(({ rule }) => rule)).toContain("protected_target");
  expect(box.runs()).toEqual([]);
});
