import { expect, it } from "vitest";
import { createProgram, testAlert } from "../harness.ts";

it("P10 a kill -9 in a burst of webhooks loses no alert that was acknowledged", async () => {
  const program = await createProgram();
  await program.start();
  const acknowledged = new Set<string>();
  let isDead = false;
  let next = 0;

  async function pour(): Promise<void> {
    while (!isDead) {
      const alerts = [testAlert("critical", { number: String(next++) })];
      const answer = await program.fire(...alerts).catch(() => null);
      if (answer?.status === 200) for (const id of answer.body.incidents) acknowledged.add(id);
      else isDead = true;
    }
  }
  const burst = Promise.all(Array.from({ length: 16 }, pour));
  while (acknowledged.size < 200) await new Promise((soon) => setTimeout(soon, 5));
  await program.kill9();
  await burst;

  await program.start();
  const stored = new Set((await program.history()).map(({ incident }) => incident.id));

  expect(acknowledged.size).toBeGreaterThanOrEqual(200);
  expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([]);
  expect(await program.audit()).toMatchObject({ ok: true });
}, 60_000);

it("P10 an alert that Alertmanager sends again after a crash is known, and acted on once", async () => {
  const program = await createProgram();
  await program.start();
  const owner = await program.signIn();
  await owner.enableAutohealing();
  const alert = testAlert("warning");
  const incident = await program.raise(alert);

  await program.kill9();
  await program.start();
  const again = await program.fire(alert);
  await program.untilRequest(incident, "succeeded");

  expect(again.body).toMatchObject({ new: 0, deduplicated: 1, incidents: [incident] });
  expect(program.runs()).toHaveLength(1);
});
