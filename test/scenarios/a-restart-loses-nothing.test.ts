import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, it, onTestFinished } from "vitest";
import { comesTrue, createProgram, sleep, testAlert } from "../harness.ts";
import { ANA, boxStuck, gateIn, installBox, TWO_PEOPLE } from "./box.ts";

const onePerson = { telegram: { chat: ANA, adminIds: String(ANA) } };

it.each(["kill9", "stop"] as const)(
  "P10 a %s with the queue half done loses no alert and shows no card twice",
  async (how) => {
    const program = await createProgram(onePerson);
    await program.start();
    const alerts = Array.from({ length: 5 }, (_, number) =>
      testAlert("critical", { number: String(number) }),
    );
    const incidents = await Promise.all(alerts.map((alert) => program.raise(alert)));
    await program.settledCard(incidents[0] as string, "");

    await program[how]();
    await program.start();
    for (const incident of incidents) await program.telegramCard(incident, "Approvals: 0 of 1");
    await sleep(1_500);
    const stories = await program.history();

    expect(incidents.map((id) => program.cardsOf(id).length)).toEqual([1, 1, 1, 1, 1]);
    expect(stories.map(({ requests }) => requests.map(({ state }) => state))).toEqual(
      alerts.map(() => ["pending"]),
    );
    expect(await program.audit()).toMatchObject({ ok: true });
  },
  40_000,
);

it("P10 a request, its votes and its time left survive a restart", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE });
  const box = installBox(program, { risk: "high" });
  await program.start();
  const ana = await program.signIn("ana");
  const incident = await program.raise(boxStuck());
  const before = await program.untilRequest(incident, "pending");
  await ana.approveTyped(incident, before.planCode, "seen it");

  await program.kill9();
  await program.start();
  const after = await program.untilRequest(incident, "pending");
  const ben = await program.signIn("ben");
  await ben.approveTyped(incident, before.planCode, "me too");
  await program.untilRequest(incident, "succeeded");

  expect(after).toMatchObject({
    planCode: before.planCode,
    expiresAt: before.expiresAt,
    votes: [{ person: "ana" }],
  });
  expect(box.runs()).toEqual(["ran"]);
});

it("ends within a few seconds of SIGTERM with exit code 0, while pages and chats are open", async () => {
  const program = await createProgram(onePerson);
  await program.start();
  const owner = await program.signIn();
  const incident = await program.raise(testAlert("critical"));
  await program.telegramCard(incident, "Approvals: 0 of 1");
  const live = fetch(`${program.url}/api/events`, { headers: { cookie: owner.cookie() } });
  await live;

  const from = Date.now();
  const end = await program.stop();

  expect(end).toMatchObject({ code: 0, signal: null, stderr: "" });
  expect(Date.now() - from).toBeLessThan(3_000);
  await live.then((response) => response.text()).catch(() => "cut");
});

it("lets a run that is under way end before it stops, and records how it ended", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE });
  const gate = gateIn(program);
  const box = installBox(program, { script: gate.script });
  await program.start();
  const ana = await program.signIn("ana");
  const incident = await program.raise(boxStuck());
  await program.untilRequest(incident, "pending");
  await ana.approve(incident);
  await program.untilRequest(incident, "executing");

  const stopped = program.stop();
  gate.open();
  const end = await stopped;
  const { requests, executions } = await program.story(incident);

  expect(end).toMatchObject({ code: 0, stderr: "" });
  expect(requests[0]?.state).toBe("succeeded");
  expect(executions).toMatchObject([{ state: "finished", exitCode: 0 }]);
  expect(box.runs()).toEqual(["ran"]);
});

it("P3 cuts a run short that takes longer than a stop may take, and calls its outcome unknown", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE });
  const box = installBox(program, { script: gateIn(program).script });
  await program.start();
  const ana = await program.signIn("ana");
  const incident = await program.raise(boxStuck());
  await program.untilRequest(incident, "pending");
  await ana.approve(incident);
  await program.untilRequest(incident, "executing");

  const end = await program.stop();
  await program.start();
  await program.untilRequest(incident, "unknown");

  expect(end).toMatchObject({ code: 0, stderr: "" });
  expect(box.runs()).toEqual(["ran"]);
}, 40_000);

it("T75 takes a step that did not end before a stop for no crash, however often that happens", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE });
  const box = installBox(program, { probe: ["/usr/bin/sleep", "60"] });
  await program.start();
  const ana = await program.signIn("ana");
  const incident = await program.raise(boxStuck());
  await program.untilRequest(incident, "pending");
  const database = new Database(join(program.dataDir, "countersign.db"), { readonly: true });
  onTestFinished(() => void database.close());
  const verifies = database
    .prepare("SELECT 1 FROM steps WHERE kind = 'verify' AND is_leased")
    .pluck();
  await ana.approve(incident);

  for (let stops = 1; stops <= 3; stops += 1) {
    expect(await comesTrue(() => verifies.get() === 1, 20_000)).toBe(true);
    expect(await program.stop()).toMatchObject({ code: 0, signal: null });
    await program.start();
  }
  const { checks } = await program.health();

  expect(checks.queue).toMatchObject({ status: "ok", detail: "nothing is set aside" });
  expect(box.runs()).toEqual(["ran"]);
}, 120_000);
