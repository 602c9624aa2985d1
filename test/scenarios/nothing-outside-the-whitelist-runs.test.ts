import { expect, it } from "vitest";
import { anAlert, createProgram, sleep, testAlert } from "../harness.ts";
import { ANA, GROUP, installBox, TWO_PEOPLE } from "./box.ts";

it.each([
  ["$(reboot)", "a command in a label"],
  ["-rf", "a label that looks like an option"],
  ["sandbox; reboot", "a label with a second command"],
])("P1 does not put %s into a command: %s", async (instance) => {
  const program = await createProgram();
  await program.start();
  const owner = await program.signIn();
  await owner.enableAutohealing();

  const incident = await program.raise(testAlert("warning", { instance }));
  const story = await program.untilStory(incident, ({ requests }) => requests.length > 0);
  const page = await owner.open(`/incidents/${incident}`);

  expect(story.requests).toMatchObject([{ state: "denied", plan: null }]);
  expect(JSON.stringify(story.requests[0]?.reasons)).toContain("instance");
  expect(page.text).toContain("Nobody can approve this as it stands");
  expect(page.forms.map(({ button }) => button)).not.toContain("Approve");
  expect(program.runs()).toEqual([]);
  expect(story.executions).toEqual([]);
});

it("P1 runs nothing on a target the inventory lacks, and says what to add", async () => {
  const program = await createProgram({ telegram: { chat: ANA, adminIds: String(ANA) } });
  await program.start();
  const owner = await program.signIn();
  await owner.enableAutohealing();

  const alert = anAlert("ContainerDown", { severity: "warning", name: "nginx" });
  const incident = await program.raise(alert);
  const card = await program.telegramCard(incident, "can't be approved");
  const { requests, executions } = await program.story(incident);

  expect(card.text).toContain("nginx: {executor: docker}");
  expect(card.buttons).toEqual([]);
  expect((await owner.open(`/incidents/${incident}`)).text).toContain("nginx: {executor: docker}");
  expect(requests).toMatchObject([{ state: "denied" }]);
  expect(executions).toEqual([]);
});

it("P1 runs nothing for an alert nobody wrote a runbook for, and says so", async () => {
  const program = await createProgram({ telegram: { chat: ANA, adminIds: String(ANA) } });
  await program.start();
  const owner = await program.signIn();
  await owner.enableAutohealing();

  const incident = await program.raise(anAlert("Strange", { severity: "critical", instance: "x" }));
  const card = await program.telegramCard(incident, "No runbook offers a fix for this.");
  const page = await owner.open(`/incidents/${incident}`);
  const { requests, executions } = await program.story(incident);

  expect(card.buttons).toEqual([]);
  expect(page.text).toContain("A file in the runbooks folder would add one");
  expect([requests, executions]).toEqual([[], []]);
});

it("P1 takes nothing that is written in the chat for a command to run", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE, telegram: { chat: GROUP } });
  const box = installBox(program);
  await program.start();
  const ana = await program.signIn("ana");

  const answers = [
    await program.say("/fix box", ANA),
    await program.say(`/${box.script}`, ANA).catch(() => "no answer"),
    await program.say("/approve 00000000 because", ANA),
    (await ana.command("/run $(reboot)")).text,
  ];
  await sleep(300);

  expect(answers[0]).toContain("There is no command");
  expect(answers[2]).toContain("No request has this plan code now");
  expect(box.runs()).toEqual([]);
  expect(await program.history()).toEqual([]);
});
