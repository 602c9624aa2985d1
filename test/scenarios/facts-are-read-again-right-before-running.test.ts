import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { expect, it, onTestFinished } from "vitest";
import type { Alert } from "../harness.ts";
import { createProgram, sleep, testAlert } from "../harness.ts";
import { startAlertmanager } from "../lab/alertmanager.ts";
import { findFreePort } from "../lab/peer-process.ts";
import { havePeer } from "../peers.ts";
import { boxStuck, installBox, TWO_PEOPLE } from "./box.ts";

/** An Alertmanager that tells nobody anything: it can only be asked. */
async function startSilentAlertmanager(test: TestContext) {
  if (!havePeer("alertmanager")) test.skip("alertmanager is not here");
  const alertmanager = await startAlertmanager({ webhookUrl: "http://127.0.0.1:1/" });
  onTestFinished(() => alertmanager.stop());
  const post = async (path: string, body: unknown) => {
    const response = await fetch(`${alertmanager.url}/api/v2/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
  };
  return {
    url: alertmanager.url,
    knows: ({ labels, startsAt }: Alert) => post("alerts", [{ labels, startsAt }]),
    forgets: ({ labels, startsAt }: Alert) =>
      post("alerts", [{ labels, startsAt, endsAt: new Date().toISOString() }]),
    silences: ({ labels }: Alert) =>
      post("silences", {
        matchers: Object.entries(labels).map(([name, value]) => ({ name, value, isRegex: false })),
        startsAt: new Date().toISOString(),
        endsAt: new Date(Date.now() + 600_000).toISOString(),
        createdBy: "a test",
        comment: "while it is mended",
      }),
  };
}

it("P8 does not run what was approved when the real Alertmanager no longer reports the alert", async (test) => {
  const source = await startSilentAlertmanager(test);
  const program = await createProgram({ env: { ALERTMANAGER_URL: source.url } });
  await program.start();
  const owner = await program.signIn();
  const alert = testAlert("critical");
  await source.knows(alert);
  const incident = await program.raise(alert);
  await program.untilRequest(incident, "pending");

  await source.forgets(alert);
  await sleep(300);
  await owner.approve(incident);
  const request = await program.untilRequest(incident, "cancelled");

  expect(request.endReason).toBe("Alertmanager no longer reports the alert");
  expect(program.runs()).toEqual([]);
});

it("P8 runs while the real Alertmanager reports the alert, silenced or not", async (test) => {
  const source = await startSilentAlertmanager(test);
  const program = await createProgram({ env: { ALERTMANAGER_URL: source.url } });
  await program.start();
  const owner = await program.signIn();
  const alert = testAlert("critical");
  await source.knows(alert);
  const incident = await program.raise(alert);
  await program.untilRequest(incident, "pending");

  await source.silences(alert);
  await owner.approve(incident);
  await program.untilRequest(incident, "succeeded");

  expect(program.runs()).toHaveLength(1);
});

it("P8 proposes nothing that can be approved for an alert its own source does not know", async (test) => {
  const source = await startSilentAlertmanager(test);
  const program = await createProgram({ env: { ALERTMANAGER_URL: source.url } });
  await program.start();
  const owner = await program.signIn();
  await owner.enableAutohealing();

  const incident = await program.raise(testAlert("warning"));
  const story = await program.untilStory(incident, ({ requests }) => requests.length > 0);

  expect(story.requests).toMatchObject([{ state: "denied" }]);
  expect(story.requests[0]?.reasons.map(({ rule }) => rule)).toContain("alert_absent");
  expect(program.runs()).toEqual([]);
});

it("P8 runs nothing while the alert's source can't be asked, approved or not", async () => {
  const nobody = `http://127.0.0.1:${await findFreePort()}`;
  const program = await createProgram({ env: { ALERTMANAGER_URL: nobody } });
  await program.start();
  const owner = await program.signIn();
  await owner.enableAutohealing();

  const incident = await program.raise(testAlert("warning"));
  const asked = await program.untilRequest(incident, "pending");
  await owner.approve(incident);
  await sleep(2_500);
  const { requests, executions } = await program.story(incident);

  expect(asked.reasons.map(({ rule }) => rule)).toContain("source_unreachable");
  expect(requests[0]?.state).toBe("approved");
  expect(executions).toEqual([]);
  expect(program.runs()).toEqual([]);
});

it("P8 does not run what was approved when its precondition no longer holds", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE });
  const flag = join(program.folder, "is-stuck");
  const probe = `{executor: command, with: {argv: [/usr/bin/test, -e, ${flag}]}}`;
  const more = `precondition: {probe: ${probe}, expect: {exit_code: '0'}}`;
  const box = installBox(program, { more });
  writeFileSync(flag, "");
  await program.start();
  const ana = await program.signIn("ana");
  const incident = await program.raise(boxStuck());
  await program.untilRequest(incident, "pending");

  rmSync(flag);
  await ana.approve(incident);
  const request = await program.untilRequest(incident, "cancelled");

  expect(request.endReason).toContain("the precondition no longer holds: exit_code is 1");
  expect(box.runs()).toEqual([]);
});
