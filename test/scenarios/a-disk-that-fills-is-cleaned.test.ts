import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Program } from "../harness.ts";
import { createProgram, sleep } from "../harness.ts";
import { startAlertmanager } from "../lab/alertmanager.ts";
import { startNodeExporter } from "../lab/node-exporter.ts";
import { startPrometheus } from "../lab/prometheus.ts";
import type { Peer } from "../peers.ts";
import { havePeer, isRoot } from "../peers.ts";
import { ANA } from "./box.ts";

const NEEDED: readonly Peer[] = ["prometheus", "alertmanager", "node_exporter"];
const missing = [
  ...NEEDED.filter((peer) => !havePeer(peer)),
  ...(canMount() ? [] : ["a right to mount"]),
];

const MEGABYTE = 1024 * 1024;
const TEN_DAYS_MS = 10 * 24 * 3_600_000;

function canMount(): boolean {
  if (!isRoot()) return false;
  // In a container root may lack it.
  const { status } = spawnSync("/usr/bin/unshare", ["--mount", "/usr/bin/true"]);
  return status === 0;
}

/** The shipped rule without its patience, for this memory disk: no other is of any business here. */
function rulesFor(disk: string): string {
  const shipped = readFileSync("runbooks/alerts.rules.yml", "utf8");
  const [rule = ""] = / {6}- alert: HighDiskUsage\n[\s\S]*?\n\n/.exec(shipped) ?? [];
  const ours = rule
    .replace("tmpfs|", "")
    .replace("{fstype", `{mountpoint="${disk}",fstype`)
    .replace("for: 5m", "for: 1s");
  return `groups:\n  - name: machines\n    rules:\n${ours}`;
}

/** The shipped runbook, with its first action declared for a folder on this disk. */
function runbookFor(disk: string): string {
  return readFileSync("runbooks/high-disk-usage.md", "utf8")
    .replace("when: {mountpoint: [/, /var, /var/cache]}", `when: {mountpoint: ${disk}}`)
    .replace(", -name, '*.deb'", "")
    .replaceAll("/var/cache/apt/archives", join(disk, "cache"));
}

interface Homelab {
  readonly program: Program;
  readonly cache: string;
  readonly kept: readonly string[];
  readonly old: readonly string[];
  fill(): void;
}

async function startHomelab(test: TestContext): Promise<Homelab> {
  if (missing.length > 0) test.skip(`${missing.join(", ")} can't be used here`);
  const program = await createProgram({
    policy: "targets:\n  homelab: {executor: command, aliases: [127.0.0.1]}\n",
    telegram: { chat: ANA, adminIds: String(ANA) },
  });
  const disk = join(program.folder, "disk");
  mountSmallDisk(disk);
  program.writeRunbook("high-disk-usage.md", runbookFor(disk));
  const cache = join(disk, "cache");
  mkdirSync(cache);

  const alertmanager = await startAlertmanager({ webhookUrl: `${program.url}/webhook` });
  onTestFinished(() => alertmanager.stop());
  const exporter = await startNodeExporter();
  onTestFinished(() => exporter.stop());
  const prometheus = await startPrometheus({
    scrapeTargets: [{ job: "node", address: exporter.address }],
    rules: rulesFor(disk),
    alertmanagerUrl: alertmanager.url,
  });
  onTestFinished(() => prometheus.stop());
  await program.start({ ALERTMANAGER_URL: alertmanager.url, PROMETHEUS_URL: prometheus.url });

  const old = ["old-1", "old-2"].map((name) => join(cache, name));
  const kept = [join(cache, "new"), join(disk, "precious")];
  function fill(): void {
    writeFileSync(join(cache, "new"), Buffer.alloc(MEGABYTE));
    const longAgo = new Date(Date.now() - TEN_DAYS_MS);
    for (const file of [...old, join(disk, "precious")]) {
      writeFileSync(file, Buffer.alloc(6 * MEGABYTE));
      utimesSync(file, longAgo, longAgo);
    }
  }
  return { program, cache, kept, old, fill };
}

function mountSmallDisk(disk: string): void {
  mkdirSync(disk);
  const options = ["-t", "tmpfs", "-o", "size=20m", "tmpfs", disk];
  const { status, stderr } = spawnSync("/usr/bin/mount", options, { encoding: "utf8" });
  if (status !== 0) throw new Error(`no memory disk: ${stderr}`);
  onTestFinished(() => {
    spawnSync("/usr/bin/umount", ["--lazy", disk]);
  });
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

describe("a disk that fills", { timeout: 90_000 }, () => {
  it("is cleaned inside the declared path without anyone while auto-healing is on, and its alert resolves", async (test) => {
    const { program, old, kept, fill } = await startHomelab(test);
    const owner = await program.signIn();
    await owner.enableAutohealing();

    fill();
    const incident = await untilIncident(program);
    const story = await program.untilStory(
      incident,
      ({ verifications, incident: { state } }) => verifications.length > 0 && state === "resolved",
      30_000,
    );

    expect(story.requests).toMatchObject([{ state: "succeeded", isApprovedByPolicy: true }]);
    expect(story.verifications).toMatchObject([{ outcome: "verified" }]);
    expect(story.executions).toHaveLength(1);
    expect(old.filter((file) => existsSync(file))).toEqual([]);
    expect(kept.filter((file) => existsSync(file))).toEqual(kept);
    expect((await program.telegramCard(incident, "Alert Resolved")).text).toContain("% full");
  });

  it("keeps every file after Reject", async (test) => {
    const { program, old, kept, fill } = await startHomelab(test);
    fill();
    const incident = await untilIncident(program);
    const card = await program.telegramCard(incident, "Approvals: 0 of 1");

    const answer = await program.press(card, "Reject", ANA);
    await sleep(2_000);

    expect(answer).toContain("❌ Rejected");
    expect([...old, ...kept].every((file) => existsSync(file))).toBe(true);
    expect((await program.story(incident)).executions).toEqual([]);
  });

  it("is not cleaned when the declared folder is gone", async (test) => {
    const { program, cache, fill } = await startHomelab(test);
    const owner = await program.signIn();
    await owner.enableAutohealing();
    fill();
    spawnSync("/usr/bin/mv", [cache, `${cache}-elsewhere`]);

    const incident = await untilIncident(program);
    const card = await program.telegramCard(incident, "can't be approved");

    expect(card.text).toContain("The precondition does not hold: exit_code is 1");
    expect((await program.story(incident)).executions).toEqual([]);
    expect(existsSync(join(`${cache}-elsewhere`, "old-1"))).toBe(true);
  });
});
