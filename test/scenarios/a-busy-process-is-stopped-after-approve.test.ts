import { readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Program } from "../harness.ts";
import { createProgram, sleep } from "../harness.ts";
import { startAlertmanager } from "../lab/alertmanager.ts";
import type { BusyLoop } from "../lab/busy-loop.ts";
import { startBusyLoop } from "../lab/busy-loop.ts";
import { startNodeExporter } from "../lab/node-exporter.ts";
import { startPrometheus } from "../lab/prometheus.ts";
import type { Peer } from "../peers.ts";
import { havePeer, isRoot } from "../peers.ts";
import { ANA } from "./box.ts";

const NEEDED: readonly Peer[] = ["prometheus", "alertmanager", "node_exporter"];
const missing = [
  ...NEEDED.filter((peer) => !havePeer(peer)),
  ...(isRoot() ? [] : ["a right to start processes of others"]),
];

/** Time of the processors that goes to what is a little nice: on a shared machine that is ours alone. */
const NICE = "renice -n 1 $$ >/dev/null;";

/** The shipped rule without its patience, for nice work only. */
function rules(): string {
  const shipped = readFileSync("runbooks/alerts.rules.yml", "utf8");
  const [rule = ""] = / {6}- alert: HighCPU\n[\s\S]*?\n\n/.exec(shipped) ?? [];
  const ours = rule
    .replace("1 - avg without", "sum without")
    .replace('mode="idle"}[5m]', 'mode="nice"}[5s]')
    .replace("> 0.9", "> 0.03")
    .replace("for: 5m", "for: 1s");
  return `groups:\n  - name: machines\n    rules:\n${ours}`;
}

/** The shipped runbook with a list of our own. */
function runbookFor(...loops: readonly BusyLoop[]): string {
  const names = loops.map(({ name }) => name).join(", ");
  return readFileSync("runbooks/high-cpu.md", "utf8").replaceAll(
    "[ffmpeg, HandBrakeCLI, tesseract]",
    `[${names}]`,
  );
}

async function startHomelab(...loops: readonly BusyLoop[]): Promise<Program> {
  const program = await createProgram({
    policy: "targets:\n  homelab: {executor: process, aliases: [127.0.0.1]}\n",
    telegram: { chat: ANA, adminIds: String(ANA) },
    runbooks: { "high-cpu.md": runbookFor(...loops) },
  });
  const alertmanager = await startAlertmanager({ webhookUrl: `${program.url}/webhook` });
  onTestFinished(() => alertmanager.stop());
  const exporter = await startNodeExporter("cpu");
  onTestFinished(() => exporter.stop());
  const prometheus = await startPrometheus({
    scrapeTargets: [{ job: "node", address: exporter.address }],
    rules: rules(),
    alertmanagerUrl: alertmanager.url,
  });
  onTestFinished(() => prometheus.stop());
  await program.start({ ALERTMANAGER_URL: alertmanager.url, PROMETHEUS_URL: prometheus.url });
  return program;
}

/** The incident that the chat is told of. */
function untilIncident(program: Program): Promise<string> {
  const incident = () =>
    program
      .telegram()
      .messages(ANA)
      .map(({ text }) => /inc_[0-9a-f]+/.exec(text)?.[0])
      .find((id) => id !== undefined);
  return program.telegram().waitFor(incident, 25_000);
}

const shown = ({ name, pid }: BusyLoop) => `SIGTERM to ${name} (pid ${pid}) of uid 12345`;

const title =
  missing.length === 0 ? "a busy process" : `a busy process (${missing.join(", ")} is missing)`;

describe.skipIf(missing.length > 0)(title, { timeout: 90_000 }, () => {
  it("is stopped after Approve, it alone, and its alert resolves", async () => {
    const loop = await startBusyLoop({ before: NICE });
    const unlisted = await startBusyLoop();
    const program = await startHomelab(loop);
    const incident = await untilIncident(program);
    const card = await program.telegramCard(incident, "Approvals: 0 of 1", 15_000);
    expect(card.text).toContain(shown(loop));
    expect(card.text).toContain("Risk Level: MEDIUM");
    expect(card.text).toMatch(/takes \d+% of one processor/);
    expect(loop.isThere()).toBe(true);

    await program.press(card, "Approve", ANA);
    const story = await program.untilStory(
      incident,
      ({ verifications, incident: { state } }) => verifications.length > 0 && state === "resolved",
      40_000,
    );

    expect(story.requests).toMatchObject([{ state: "succeeded", isApprovedByPolicy: false }]);
    expect(story.executions).toMatchObject([
      { output: expect.stringContaining(`${loop.name} (pid ${loop.pid}) ended`) },
    ]);
    expect(story.verifications).toMatchObject([{ outcome: "verified" }]);
    expect(loop.isThere()).toBe(false);
    expect(unlisted.isThere()).toBe(true);
  });

  it("goes on after Reject", async () => {
    const loop = await startBusyLoop({ before: NICE });
    const program = await startHomelab(loop);
    const incident = await untilIncident(program);
    const card = await program.telegramCard(incident, "Approvals: 0 of 1", 15_000);

    const answer = await program.press(card, "Reject", ANA);
    await sleep(4_000);

    expect(answer).toContain("❌ Rejected");
    expect(loop.isThere()).toBe(true);
    expect((await program.story(incident)).executions).toEqual([]);
  });

  it("P2 is not stopped by an approval that was given for another one", async () => {
    const first = await startBusyLoop({ before: NICE });
    const second = await startBusyLoop({ before: NICE });
    process.kill(second.pid, "SIGSTOP");
    const program = await startHomelab(first, second);
    const incident = await untilIncident(program);
    const card = await program.telegramCard(incident, "Approvals: 0 of 1", 15_000);
    expect(card.text).toContain(shown(first));
    process.kill(first.pid, "SIGKILL");
    process.kill(second.pid, "SIGCONT");

    await program.press(card, "Approve", ANA);
    const anew = await program.telegramCard(incident, shown(second), 15_000);
    const { requests, executions } = await program.story(incident);

    expect(anew.text).toContain("Approvals: 0 of 1");
    expect(requests.map(({ state }) => state)).toEqual(["pending", "superseded"]);
    expect(requests[1]?.endReason).toBe(
      `the busiest is now ${second.name} (pid ${second.pid}); shown was ${first.name} (pid ${first.pid})`,
    );
    expect(executions).toEqual([]);
    expect(second.isThere()).toBe(true);
  });

  it("of root can't be approved, and the card says how to proceed", async () => {
    const loop = await startBusyLoop({ before: NICE, uid: 0 });
    const program = await startHomelab(loop);
    const incident = await untilIncident(program);

    const card = await program.telegramCard(incident, "can't be approved", 15_000);

    expect(card.text).toContain(`${loop.name} (pid ${loop.pid}) belongs to root`);
    expect(card.text).toContain("restart its service by a runbook with the systemd executor");
    expect((await program.story(incident)).executions).toEqual([]);
    expect(loop.isThere()).toBe(true);
  });
});
