import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import type { Alert } from "../harness.ts";
import { comesTrue, createProgram, sleep, testAlert } from "../harness.ts";
import { ANA } from "./box.ts";

const onePerson = { telegram: { chat: ANA, adminIds: String(ANA) } };

it("P11 a fresh installation runs nothing unasked", async () => {
  const program = await createProgram();
  await program.start();

  const incident = await program.raise(testAlert("warning"));
  const request = await program.untilRequest(incident, "pending");

  expect(await program.health()).toMatchObject({ autohealing: false });
  expect(request.reasons.map(({ rule }) => rule)).toContain("autohealing_off");
  expect(program.runs()).toEqual([]);
});

it("P11 enabling lists what would run unasked and takes a confirmation", async () => {
  const program = await createProgram();
  await program.start();
  const owner = await program.signIn();

  const offer = await owner.command("/enable_autohealing");
  const before = (await program.health()).autohealing;
  const confirm = offer.forms.find(({ button }) => button === "Turn auto-healing on");
  await owner.send(confirm as NonNullable<typeof confirm>);
  const twice = await owner.send(confirm as NonNullable<typeof confirm>);

  expect(offer.text).toContain("Write a line to test-alert.log");
  expect(offer.text).not.toContain("after a person said yes");
  expect([before, (await program.health()).autohealing]).toEqual([false, true]);
  expect(twice.text).toContain("not valid");
});

it.each(["Telegram", "the console"])(
  "P11 a disable in %s holds for the next alert and after a restart",
  async (where) => {
    const program = await createProgram(onePerson);
    await program.start();
    const owner = await program.signIn();
    await owner.enableAutohealing();
    const first = await program.raise(testAlert("warning", { number: "1" }));
    await program.untilRequest(first, "succeeded");

    if (where === "Telegram") await program.say("/disable_autohealing", ANA);
    else await owner.press("/", "Turn off now");
    const second = await program.raise(testAlert("warning", { number: "2" }));
    await program.untilRequest(second, "pending");
    await program.kill9();
    await program.start();
    const third = await program.raise(testAlert("warning", { number: "3" }));
    await program.untilRequest(third, "pending");

    expect(await program.health()).toMatchObject({ autohealing: false });
    expect(program.runs()).toHaveLength(1);
  },
);

it("P11 what waited while auto-healing was off still asks when it is on", async () => {
  const program = await createProgram();
  await program.start();
  const owner = await program.signIn();
  const incident = await program.raise(testAlert("warning"));
  await program.untilRequest(incident, "pending");

  await owner.enableAutohealing();
  await sleep(1_500);

  await program.untilRequest(incident, "pending");
  expect(program.runs()).toEqual([]);
});

/** Says that the alert fires; from the second time it is asked about it, it takes its time to say so. */
async function startHesitantSource(alert: Alert) {
  let asked = 0;
  let answer = (): void => undefined;
  const released = new Promise<void>((done) => {
    answer = done;
  });
  const server = createServer(async (incoming, response) => {
    const isAboutAlerts = incoming.url?.startsWith("/api/v2/alerts?");
    if (isAboutAlerts) asked += 1;
    if (isAboutAlerts && asked > 1) await released;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify([{ ...alert, fingerprint: "f", status: { state: "active" } }]));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked: () => asked, answer };
}

it("P11 asks anew for what the policy had approved and had not started yet", async () => {
  const alert = testAlert("warning");
  const source = await startHesitantSource(alert);
  const program = await createProgram({ env: { ALERTMANAGER_URL: source.url } });
  await program.start();
  const owner = await program.signIn();
  await owner.enableAutohealing();
  const incident = await program.raise(alert);
  await comesTrue(() => source.asked() > 1, 5_000);
  const approved = await program.untilRequest(incident, "approved");

  const page = await owner.command("/disable_autohealing");
  source.answer();
  const asked = await program.untilRequest(incident, "pending");
  await sleep(300);

  expect(approved.isApprovedByPolicy).toBe(true);
  expect(page.text).toContain("1 request stopped");
  expect(asked.reasons.map(({ rule }) => rule)).toContain("autohealing_off");
  expect(program.runs()).toEqual([]);
});
