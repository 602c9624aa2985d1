import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Program } from "../harness.ts";
import { createProgram, sleep } from "../harness.ts";
import type { Box } from "./box.ts";
import { boxStuck, installBox, TWO_PEOPLE } from "./box.ts";

const edits: readonly [string, (program: Program, box: Box) => void, RegExp][] = [
  [
    "the runbook",
    (_, box) => box.writeRunbook({ more: "cooldown: 1m" }),
    /box\.md was changed since this was shown/,
  ],
  [
    "the policy",
    (program) => program.writeRunbook("policy.yaml", `${TWO_PEOPLE}protected: [pve]\n`),
    /policy\.yaml was changed since this was shown/,
  ],
  [
    "the script",
    (_, box) => appendFileSync(box.script, "echo more\n"),
    /fix\.sh was changed since this was shown/,
  ],
];

describe.each(edits)("P2 after %s was edited", (_, edit, why) => {
  it("an approval of what was shown before runs nothing and asks anew", async () => {
    const program = await createProgram({ policy: TWO_PEOPLE });
    const box = installBox(program);
    await program.start();
    const ana = await program.signIn("ana");
    const incident = await program.raise(boxStuck());
    const shown = await program.untilRequest(incident, "pending");

    edit(program, box);
    await ana.approve(incident);
    const story = await program.untilStory(incident, ({ requests }) => requests.length > 1);

    const [anew, old] = story.requests;
    expect(old).toMatchObject({ id: shown.id, state: "superseded" });
    expect(old?.endReason).toMatch(why);
    expect(anew).toMatchObject({ state: "pending", votes: [] });
    expect(anew && "planCode" in anew && anew.planCode).not.toBe(shown.planCode);
    expect((await ana.open(`/incidents/${incident}`)).text).toMatch(why);
    expect(box.runs()).toEqual([]);

    await ana.approve(incident);
    await program.untilRequest(incident, "succeeded");

    expect(box.runs()).toEqual(["ran"]);
  });

  it("what was approved before and had not started yet does not run either", async () => {
    const program = await createProgram({ policy: TWO_PEOPLE });
    const box = installBox(program);
    await program.start({ COUNTERSIGN_CRASH_POINT: "before-claim" });
    const ana = await program.signIn("ana");
    const incident = await program.raise(boxStuck());
    await program.untilRequest(incident, "pending");
    await program.crashBy(ana.approve(incident));

    edit(program, box);
    await program.start({ COUNTERSIGN_CRASH_POINT: "" });
    const story = await program.untilStory(incident, ({ requests }) => requests.length > 1);

    expect(story.requests).toMatchObject([
      { state: "pending", votes: [] },
      { state: "superseded" },
    ]);
    expect(story.requests[1]?.endReason).toMatch(why);
    expect(box.runs()).toEqual([]);
  });
});

it("P2 an old page can't approve a new plan", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE });
  const box = installBox(program);
  await program.start();
  const [ana, ben] = [await program.signIn("ana"), await program.signIn("ben")];
  const incident = await program.raise(boxStuck());
  await program.untilRequest(incident, "pending");
  const oldPage = await ana.open(`/incidents/${incident}`);
  box.writeRunbook({ more: "cooldown: 1m" });
  await ben.approve(incident);
  await program.untilStory(incident, ({ requests }) => requests.length > 1);

  const oldForm = oldPage.forms.find(({ button }) => button === "Approve");
  const answer = await ana.send(oldForm as NonNullable<typeof oldForm>);
  await sleep(300);

  expect(answer.text).toContain("nothing changed");
  expect(await program.untilRequest(incident, "pending")).toMatchObject({ votes: [] });
  expect(box.runs()).toEqual([]);
});

it("P2 runs the very bytes that were shown when nothing was edited", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE });
  const box = installBox(program);
  await program.start();
  const ana = await program.signIn("ana");
  const incident = await program.raise(boxStuck());
  const { plan } = await program.untilRequest(incident, "pending");

  await ana.approve(incident);
  await program.untilRequest(incident, "succeeded");

  expect(plan.command).toMatchObject({ kind: "argv", argv: [join(program.folder, "fix.sh")] });
  expect(plan.files.map(({ path }) => path)).toContain(box.script);
  expect(box.runs()).toEqual(["ran"]);
});
