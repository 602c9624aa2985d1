import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { comesTrue, createProgram, testAlert } from "../harness.ts";

const run = promisify(execFile);

it("shows a card in the console within a second of the curl line that the start prints", async () => {
  const program = await createProgram();
  await program.start();
  const owner = await program.signIn();
  const line = /Send a first alert: (?<curl>curl .+)/.exec(program.log())?.groups?.curl ?? "";

  const sentAt = Date.now();
  const { stdout } = await run("/bin/sh", ["-c", line]);
  const isShown = await comesTrue(async () => {
    const { text } = await owner.open("/");
    return text.includes("1 waiting for you") && text.includes("TestAlert");
  }, 5_000);

  expect(isShown).toBe(true);
  expect(Date.now() - sentAt).toBeLessThan(1_000);
  expect(JSON.parse(stdout)).toMatchObject({ status: "accepted", received: 1, new: 1 });
  const [incident] = JSON.parse(stdout).incidents;
  const page = await owner.open(`/incidents/${incident}`);
  expect(page.text).toContain("/usr/bin/awk");
  expect(page.text).toContain("Auto-healing is off");
});

it("runs the test action once after Approve, verifies it and keeps the whole story", async () => {
  const program = await createProgram();
  await program.start();
  const owner = await program.signIn();
  const incident = await program.raise(testAlert("warning"));
  const { planCode } = await program.untilRequest(incident, "pending");

  const page = await owner.approve(incident);
  const story = await program.untilStory(incident, ({ verifications }) => verifications.length > 0);

  expect(page.text).toContain("Approved. It is about to run.");
  expect(program.runs()).toEqual(["TestAlert test-instance low"]);
  expect(story.requests).toMatchObject([
    { state: "succeeded", planCode, votes: [{ person: "owner", channel: "console" }] },
  ]);
  expect(story.executions).toMatchObject([{ state: "finished", exitCode: 0, target: "sandbox" }]);
  expect(story.verifications).toMatchObject([{ outcome: "verified" }]);
  expect(story.timeline.map(({ kind }) => kind)).toEqual([
    "incident.opened",
    "alert.fired",
    "request.proposed",
    "request.pending",
    "request.approved",
    "execution.claimed",
    "execution.started",
    "execution.finished",
    "request.succeeded",
    "verification.verified",
  ]);
  expect(await program.audit()).toMatchObject({ ok: true });
});

it("proposes the medium action for severity critical, which asks even while auto-healing is on", async () => {
  const program = await createProgram();
  await program.start();
  const owner = await program.signIn();
  await owner.enableAutohealing();

  const incident = await program.raise(testAlert("critical"));
  const request = await program.untilRequest(incident, "pending");

  expect(request).toMatchObject({ risk: "medium", proposal: { actionId: "append-medium" } });
  expect(program.runs()).toEqual([]);
});

it("runs the low action unasked while auto-healing is on", async () => {
  const program = await createProgram();
  await program.start();
  const owner = await program.signIn();
  await owner.enableAutohealing();

  const incident = await program.raise(testAlert("warning"));
  const story = await program.untilStory(incident, ({ verifications }) => verifications.length > 0);

  expect(program.runs()).toEqual(["TestAlert test-instance low"]);
  expect(story.requests).toMatchObject([
    { state: "succeeded", isApprovedByPolicy: true, votes: [] },
  ]);
  expect(story.verifications).toMatchObject([{ outcome: "verified" }]);
});

it("rejects by one press, and nothing runs", async () => {
  const program = await createProgram();
  await program.start();
  const owner = await program.signIn();
  const incident = await program.raise(testAlert("critical"));
  await program.untilRequest(incident, "pending");

  const page = await owner.reject(incident, "not tonight");

  expect(page.text).toContain("Rejected. It will not run.");
  expect(await program.untilRequest(incident, "rejected")).toMatchObject({
    votes: [{ person: "owner", decision: "reject", reason: "not tonight" }],
  });
  expect(program.runs()).toEqual([]);
});
