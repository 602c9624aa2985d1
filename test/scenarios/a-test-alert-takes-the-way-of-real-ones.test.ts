import { describe, expect, it, onTestFinished } from "vitest";
import type { Ended, Program } from "../harness.ts";
import { createProgram } from "../harness.ts";
import type { Alertmanager } from "../lab/alertmanager.ts";
import { startAlertmanager } from "../lab/alertmanager.ts";
import { findFreePort } from "../lab/peer-process.ts";
import { havePeer } from "../peers.ts";

const KEY = "a-key-of-the-tests-that-is-long-enough";

interface Answer {
  readonly ok: boolean;
  readonly way: string;
  readonly incidents: readonly string[];
  readonly link: string;
  readonly problem: string;
}

function sendTest(program: Program, ...args: string[]): Promise<Ended> {
  return program.command(["send-test", ...args]);
}

async function sendTestJson(program: Program, ...args: string[]): Promise<Answer> {
  return JSON.parse((await sendTest(program, "--json", ...args)).stdout) as Answer;
}

async function startBoth(
  options: Partial<Parameters<typeof startAlertmanager>[0]> = {},
): Promise<{ program: Program; alertmanager: Alertmanager }> {
  const program = await createProgram({ env: { PROMETHEUS_API_KEY: KEY } });
  const alertmanager = await startAlertmanager({
    webhookUrl: `${program.url}/prometheus/webhook`,
    apiKey: KEY,
    ...options,
  });
  onTestFinished(() => alertmanager.stop());
  await program.start({ ALERTMANAGER_URL: alertmanager.url });
  return { program, alertmanager };
}

describe.skipIf(!havePeer("alertmanager"))("with a real Alertmanager, send-test", () => {
  it("sends through it, so that what is approved does run (P8), and ends it there", async () => {
    const { program } = await startBoth();

    const { code, stdout } = await sendTest(program);
    const { incident } = await program.story();
    await program.untilRequest(incident.id, "pending");
    const owner = await program.signIn();
    await owner.approve(incident.id);
    await program.untilRequest(incident.id, "succeeded");
    const end = await sendTest(program, "--resolve");

    expect(code).toBe(0);
    expect(stdout).toContain("Sent TestAlert through Alertmanager");
    expect(stdout).toContain(`Incident ${incident.id}: ${program.url}/incidents/${incident.id}`);
    expect(stdout).toContain("To end it: npx countersign send-test --resolve");
    expect(program.runs()).toEqual(["TestAlert test-instance low"]);
    expect(end).toMatchObject({ code: 0, stderr: "" });
    expect(end.stdout).toContain("Ended TestAlert in Alertmanager");
    expect((await program.story()).incident.state).toBe("resolved");
  });

  it("says that it fires already, names the end of another, and finds nothing to end twice", async () => {
    const { program } = await startBoth();
    const labels = ["--severity", "critical", "--label", "room=the attic"];

    const first = await sendTest(program, ...labels);
    const again = await sendTest(program, ...labels);
    const wrongEnd = await sendTest(program, "--resolve");
    const end = await sendTestJson(program, ...labels, "--resolve");

    expect(first.stdout).toContain(
      "send-test --severity critical --label 'room=the attic' --resolve",
    );
    expect(again.stdout).toContain("TestAlert fires already");
    expect(wrongEnd).toMatchObject({ code: 1, stdout: "" });
    expect(wrongEnd.stderr).toContain("nothing to end");
    expect(end).toMatchObject({
      ok: true,
      way: "alertmanager",
      incidents: [expect.stringMatching(/^inc_/)],
    });
    expect((await program.history()).length).toBe(1);
  });

  it("--direct goes past it, and says that nothing can run", async () => {
    const { program } = await startBoth();

    const { code, stdout } = await sendTest(program, "--direct");

    expect(code).toBe(0);
    expect(stdout).toContain("straight to Countersign's webhook");
    expect(stdout).toContain("Nothing can run for it");
    expect(stdout).toContain("send-test --direct --resolve");
  });

  it("says that Alertmanager has no route to Countersign, or another one for this alert", async () => {
    const none = await startBoth({ webhookUrl: "http://127.0.0.1:9/elsewhere" });
    const other = await startBoth({
      extra: {
        route: {
          receiver: "mail",
          routes: [{ receiver: "countersign", matchers: ['severity="critical"'] }],
        },
        receivers: [
          { name: "mail" },
          { name: "countersign", webhook_configs: [{ url: "http://127.0.0.1:9/webhook" }] },
        ],
      },
    });

    const noWay = await sendTest(none.program);
    const otherWay = await sendTest(other.program);

    expect(noWay).toMatchObject({ code: 1, stdout: "" });
    expect(noWay.stderr).toContain('has no way to Countersign: it goes to "countersign"');
    expect(noWay.stderr).toContain("ends in /prometheus/webhook");
    expect(otherWay).toMatchObject({ code: 1, stdout: "" });
    expect(otherWay.stderr).toContain('routes it to "mail", not to "countersign"');
  });

  it("says that the key in alertmanager.yml is wrong, and never shows one", async () => {
    const { program } = await startBoth({ apiKey: "another-key" });

    const { code, stderr } = await sendTest(program);

    expect(code).toBe(1);
    expect(stderr).toContain("Countersign refused the key");
    expect(stderr).not.toContain(KEY);
  });

  it("says that it is silenced, and that the webhook can't be reached", async () => {
    const { program, alertmanager } = await startBoth();
    const nobody = await startBoth({
      webhookUrl: `http://127.0.0.1:${await findFreePort()}/webhook`,
    });
    const now = Date.now();
    await fetch(`${alertmanager.url}/api/v2/silences`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        matchers: [{ name: "alertname", value: "TestAlert", isRegex: false, isEqual: true }],
        startsAt: new Date(now).toISOString(),
        endsAt: new Date(now + 60_000).toISOString(),
        createdBy: "a test",
        comment: "a test",
      }),
    });

    const muted = await sendTest(program, "--wait", "3s");
    const unheard = await sendTestJson(nobody.program, "--wait", "1s");

    expect(muted.code).toBe(1);
    expect(muted.stderr).toContain("it is silenced");
    expect(unheard).toMatchObject({ ok: false });
    expect(unheard.problem).toContain("has not heard of it within 1 s");
  });
});

describe("without an Alertmanager, send-test", () => {
  it("sends straight to the webhook with the key, and tells the incident and its end", async () => {
    const program = await createProgram({ env: { PROMETHEUS_API_KEY: `${KEY},second` } });
    await program.start();

    const sent = await sendTestJson(program);
    const again = await sendTest(program);
    const end = await sendTest(program, "--resolve");
    const twice = await sendTest(program, "--resolve");

    const { incident } = await program.story();
    expect(sent).toMatchObject({
      ok: true,
      way: "webhook",
      incidents: [incident.id],
      link: `${program.url}/incidents/${incident.id}`,
    });
    expect(again.stdout).toContain("fires already");
    expect(end.stdout).toContain("TestAlert is over");
    expect(incident.state).toBe("resolved");
    expect(twice.stdout).toContain("nothing to end");
  });

  it("says the way out of each mistake, with the exit code for it", async () => {
    const program = await createProgram({ env: { PROMETHEUS_API_KEY: KEY } });
    const nobody = `http://127.0.0.1:${await findFreePort()}`;

    const notRunning = await sendTest(program);
    await program.start();
    const ask = (args: string[], more: Record<string, string> = {}) =>
      program.command(["send-test", ...args], more);
    const [wrongKey, noPeer, noJson, wrongLabel, wrongWait, badSetting] = await Promise.all([
      ask([], { PROMETHEUS_API_KEY: "wrong" }),
      ask([], { ALERTMANAGER_URL: nobody }),
      ask(["--json"], { ALERTMANAGER_URL: nobody }),
      ask(["--label", "mount-point=/"]),
      ask(["--wait", "soon"]),
      ask([], { PROMETHEUS_WEBHOOK_PORT: "none" }),
    ]);

    expect(notRunning).toMatchObject({ code: 1, stdout: "" });
    expect(notRunning.stderr).toContain("start Countersign (npm start)");
    expect(wrongKey).toMatchObject({ code: 1, stdout: "" });
    expect(wrongKey.stderr).toContain("Countersign refused the key");
    expect(noPeer).toMatchObject({ code: 1, stdout: "" });
    expect(noPeer.stderr).toContain(`ALERTMANAGER_URL is ${nobody}`);
    expect(noPeer.stderr).toContain("--direct");
    expect(noJson.code).toBe(1);
    expect(JSON.parse(noJson.stdout)).toMatchObject({ ok: false });
    expect(wrongLabel.code).toBe(2);
    expect(wrongLabel.stderr).toContain("--label mount-point=/");
    expect(wrongWait.code).toBe(2);
    expect(badSetting.code).toBe(78);
    expect(badSetting.stderr).toContain("PROMETHEUS_WEBHOOK_PORT");
    expect(await program.history()).toEqual([]);
  });
});
