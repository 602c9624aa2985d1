import { describe, expect, it } from "vitest";
import { createProgram, sleep, testAlert } from "../harness.ts";
import { ANA } from "./box.ts";

const onePerson = { telegram: { chat: ANA, adminIds: String(ANA) } };

it("P3 a press made while the program was dead is heard after the restart, once", async () => {
  const program = await createProgram(onePerson);
  await program.start();
  const incident = await program.raise(testAlert("critical"));
  const card = await program.settledCard(incident, "Approvals: 0 of 1");
  await program.kill9();

  const [answer] = await Promise.all([program.press(card, "Approve", ANA), program.start()]);
  const story = await program.untilStory(incident, ({ verifications }) => verifications.length > 0);

  expect(answer).toContain("✅ Approved");
  expect(story.requests).toMatchObject([{ state: "succeeded", votes: [{ channel: "telegram" }] }]);
  expect(program.runs()).toHaveLength(1);
  expect(program.cardsOf(incident)).toHaveLength(1);
});

it("P3 a card from before the crash can still be decided after it", async () => {
  const program = await createProgram(onePerson);
  await program.start();
  const incident = await program.raise(testAlert("critical"));
  const card = await program.settledCard(incident, "Approvals: 0 of 1");

  await program.kill9();
  await program.start();
  const answer = await program.press(card, "Approve", ANA);
  await program.untilRequest(incident, "succeeded");

  expect(answer).toContain("✅ Approved");
  expect(program.runs()).toHaveLength(1);
});

describe.each(["before-claim", "after-claim"])("a crash %s", (point) => {
  it("P3 ends in exactly one run after the restart", async () => {
    const program = await createProgram();
    await program.start({ COUNTERSIGN_CRASH_POINT: point });
    const owner = await program.signIn();
    const incident = await program.raise(testAlert("critical"));
    await program.untilRequest(incident, "pending");
    const { signal } = await program.crashBy(owner.approve(incident));
    const whenItDied = program.runs();

    await program.start({ COUNTERSIGN_CRASH_POINT: "" });
    await program.untilRequest(incident, "succeeded");
    await program.kill9();
    await program.start();
    await sleep(500);

    expect(signal).toBe("SIGKILL");
    expect(whenItDied).toEqual([]);
    expect(program.runs()).toHaveLength(1);
    expect((await program.story(incident)).executions).toMatchObject([{ state: "finished" }]);
    expect(await program.audit()).toMatchObject({ ok: true });
  });
});

describe.each([
  ["after-start", 0],
  ["after-run", 1],
] as const)("a crash %s", (point, runsBefore) => {
  it("P3 leaves the run unknown, says so, and never repeats it", async () => {
    const program = await createProgram(onePerson);
    await program.start({ COUNTERSIGN_CRASH_POINT: point });
    const owner = await program.signIn();
    const incident = await program.raise(testAlert("critical"));
    await program.untilRequest(incident, "pending");
    await program.crashBy(owner.approve(incident));

    await program.start({ COUNTERSIGN_CRASH_POINT: "" });
    await program.untilRequest(incident, "unknown");
    const card = await program.telegramCard(incident, "Outcome Unknown");
    const page = await owner.open(`/incidents/${incident}`);
    await program.kill9();
    await program.start();
    await sleep(2_500);

    expect(program.runs()).toHaveLength(runsBefore);
    expect((await program.story(incident)).executions).toMatchObject([{ state: "unknown" }]);
    expect(card.text).toContain("nobody can say whether it took effect");
    expect(card.buttons).toEqual([]);
    expect(page.text).toContain("Outcome unknown");
    expect(page.forms.map(({ button }) => button)).toContain("Mark as looked at");
    expect(await program.audit()).toMatchObject({ ok: true });
  });
});

it("P3 asks after an unknown run until somebody has looked at it, then runs by itself again", async () => {
  const program = await createProgram();
  await program.start();
  const owner = await program.signIn();
  await owner.enableAutohealing();
  await program.restart({ COUNTERSIGN_CRASH_POINT: "after-run" });
  const first = await program.raise(testAlert("warning", { number: "1" }));
  await program.untilEnded();
  await program.start({ COUNTERSIGN_CRASH_POINT: "" });
  await program.untilRequest(first, "unknown");

  const second = await program.raise(testAlert("warning", { number: "2" }));
  const asked = await program.untilRequest(second, "pending");
  await owner.reject(second);
  const page = await owner.markReviewed(first);
  const third = await program.raise(testAlert("warning", { number: "3" }));
  const unasked = await program.untilRequest(third, "succeeded");

  expect(asked.reasons.map(({ rule }) => rule)).toContain("unknown_run");
  expect(page.text).toContain("Looked at by owner");
  expect(unasked).toMatchObject({ isApprovedByPolicy: true, votes: [] });
  expect(program.runs()).toHaveLength(2);
});

it("P3 asks after an unknown run that had not taken effect, and runs by itself once somebody has looked", async () => {
  const program = await createProgram();
  await program.start();
  const owner = await program.signIn();
  await owner.enableAutohealing();
  await program.restart({ COUNTERSIGN_CRASH_POINT: "after-start" });
  const first = await program.raise(testAlert("warning", { number: "1" }));
  await program.untilEnded();
  await program.start({ COUNTERSIGN_CRASH_POINT: "" });
  await program.untilStory(first, ({ verifications }) => verifications.length > 0, 20_000);

  const second = await program.raise(testAlert("warning", { number: "2" }));
  await program.untilRequest(second, "pending");
  await owner.reject(second);
  await owner.markReviewed(first);
  const third = await program.raise(testAlert("warning", { number: "3" }));
  await program.untilRequest(third, "succeeded");

  expect(program.runs()).toHaveLength(1);
});
