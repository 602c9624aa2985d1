import { expect, it } from "vitest";
import { createProgram, sleep, testAlert } from "../harness.ts";
import { ANA, BEN, boxStuck, GROUP, gateIn, installBox, TWO_PEOPLE } from "./box.ts";

it("P3 runs once, however many people press at the same moment on however many channels", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE, telegram: { chat: GROUP } });
  const box = installBox(program);
  await program.start();
  const ben = await program.signIn("ben");
  const incident = await program.raise(boxStuck());
  const card = await program.telegramCard(incident, "Approvals: 0 of 1");
  const page = await ben.open(`/incidents/${incident}`);
  const form = page.forms.find(({ button }) => button === "Approve") as (typeof page.forms)[number];

  const answers = await Promise.all([
    program.press(card, "Approve", ANA),
    program.press(card, "Approve", ANA),
    program.press(card, "Approve", BEN),
    ben.send(form).then(({ text }) => text),
    ben.send(form).then(({ text }) => text),
  ]);
  const story = await program.untilStory(incident, ({ verifications }) => verifications.length > 0);
  await sleep(500);

  expect(answers.filter((text) => /✅ Approved|It is about to run/.test(text))).toHaveLength(1);
  expect(answers.filter((text) => /[Dd]ecided/.test(text))).toHaveLength(4);
  expect(box.runs()).toEqual(["ran"]);
  expect(story.executions).toHaveLength(1);
  expect(story.timeline.filter(({ kind }) => kind === "execution.started")).toHaveLength(1);
});

it("P3 runs once for an alert that is sent again and again", async () => {
  const program = await createProgram();
  await program.start();
  const owner = await program.signIn();
  await owner.enableAutohealing();
  const alert = testAlert("warning");

  const answers = await Promise.all(Array.from({ length: 20 }, () => program.fire(alert)));
  const [incident = ""] = answers[0]?.body.incidents ?? [];
  await program.untilRequest(incident, "succeeded");
  await program.fire(alert);
  await sleep(500);

  expect(new Set(answers.flatMap(({ body }) => body.incidents))).toEqual(new Set([incident]));
  expect(answers.map(({ body }) => body.new).reduce((sum, fresh) => sum + fresh, 0)).toBe(1);
  expect(program.runs()).toHaveLength(1);
});

it("P3 starts no second run on a target that is busy", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE });
  const gate = gateIn(program);
  const box = installBox(program, { script: gate.script });
  await program.start();
  const ana = await program.signIn("ana");
  const [one, two] = [await program.raise(boxStuck(1)), await program.raise(boxStuck(2))];
  await program.untilRequest(one, "pending");
  await program.untilRequest(two, "pending");

  await ana.approve(one);
  await ana.approve(two);
  await program.untilRequest(one, "executing");
  await sleep(1_000);
  const whileTheFirstRuns = box.runs();
  gate.open();
  await Promise.all([
    program.untilRequest(one, "succeeded"),
    program.untilRequest(two, "succeeded"),
  ]);

  expect(whileTheFirstRuns).toEqual(["ran"]);
  expect(box.runs()).toEqual(["ran", "ran"]);
});
