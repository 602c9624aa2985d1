import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { startFakeLoki } from "../fakes/loki.ts";
import { findFreePort } from "../lab/peer-process.ts";
import { startPrometheus } from "../lab/prometheus.ts";
import { havePeer } from "../peers.ts";

const RUNBOOK = `---
id: slow
title: The shop is slow
match: {alertname: Slow}
evidence:
  - {id: answers, title: What it answers, promql: 'vector(7)'}
  - {id: says, title: What it says, logql: '{app="{{labels.app}}"}'}
  - {id: here, title: How long this machine is up, probe: {executor: command, with: {argv: [/usr/bin/uptime]}}}
---
Prose.
`;

async function run(env: Record<string, string>, args: readonly string[], input = "") {
  const folder = mkdtempSync(join(tmpdir(), "countersign-evidence-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "slow.md"), RUNBOOK);
  writeFileSync(join(folder, "alert.json"), '{"labels": {"alertname": "Slow", "app": "shop"}}');
  const child = spawn(process.execPath, [resolve("dist/main.js"), "evidence", ...args], {
    cwd: folder,
    env: { PATH: "/usr/bin:/bin", RUNBOOKS_DIR: folder, ...env },
  });
  child.stdin.end(input);
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  const code = await new Promise((done) => child.once("close", done));
  return { code, out, err, hasDatabase: existsSync(join(folder, "data")) };
}

describe("countersign evidence", { timeout: 60_000 }, () => {
  it.skipIf(!havePeer("prometheus"))(
    "prints what the sources and the runbook's probes know, and makes nothing",
    async () => {
      const peer = await startPrometheus({ scrapeTargets: [] });
      onTestFinished(() => peer.stop());
      const loki = await startFakeLoki([
        { labels: { app: "shop" }, atMs: Date.now() - 60_000, text: "ERROR out of stock" },
      ]);
      onTestFinished(() => loki.stop());
      const env = { PROMETHEUS_URL: peer.url, LOKI_URL: loki.url };

      const text = await run(env, ["alert.json"]);
      const json = await run(
        env,
        ["-", "--json"],
        JSON.stringify({
          version: "4",
          alerts: [
            { labels: { alertname: "Slow", app: "shop" }, startsAt: new Date().toISOString() },
          ],
        }),
      );

      expect(text.err).toBe("");
      expect(text.code).toBe(0);
      expect(text.out).toMatch(/^Slow {2}since /);
      expect(text.out).toMatch(/E1 What it answers: \n {3}now 7/);
      expect(text.out).toContain("1× (before 0×) ERROR out of stock");
      expect(text.out).toMatch(/How long this machine is up: \n.*load average/);
      expect(text.out).toContain("Opinion of the rules (medium): The shop is slow.");
      expect(text.hasDatabase).toBe(false);
      const { evidence } = JSON.parse(json.out);
      expect(evidence.map(({ id, kind }: { id: string; kind: string }) => [id, kind])).toEqual([
        ["E1", "promql"],
        ["E2", "logql"],
        ["E3", "probe"],
        ["E4", "logql"],
      ]);
      expect(evidence[0].measurements[0]).toMatchObject({ role: "runbook", query: "vector(7)" });
    },
  );

  it.skipIf(!havePeer("prometheus"))(
    "draws what was measured, as the service draws it",
    async () => {
      const peer = await startPrometheus({ scrapeTargets: [] });
      onTestFinished(() => peer.stop());
      const folder = mkdtempSync(join(tmpdir(), "countersign-graphs-"));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const [svg, png] = [join(folder, "svg"), join(folder, "png")];
      const env = { PROMETHEUS_URL: peer.url };

      const { code, out } = await run(env, ["alert.json", "--svg", svg, "--png", png, "--json"]);
      const nowhere = await run(env, ["alert.json", "--svg", join(folder, "svg", "E1-1.svg")]);

      expect(code).toBe(0);
      expect(JSON.parse(out).graphs).toEqual([
        { file: join(svg, "E1-1.svg"), alt: expect.stringContaining("last 7") },
        { file: join(png, "E1-1.png"), alt: expect.stringContaining("What it answers") },
      ]);
      const drawn = readFileSync(join(svg, "E1-1.svg"), "utf8");
      expect(drawn).toMatch(/^<svg [\s\S]*What it answers[\s\S]*<\/svg>\s*$/);
      expect([...readFileSync(join(png, "E1-1.png")).subarray(0, 4)]).toEqual([137, 80, 78, 71]);
      expect(nowhere).toMatchObject({
        code: 1,
        err: expect.stringContaining("can't be written (EEXIST); name a folder for the pictures"),
      });
    },
  );

  it("says what is missing, and fails where everything is", async () => {
    const url = `http://127.0.0.1:${await findFreePort()}`;

    const { code, out } = await run({ PROMETHEUS_URL: url }, ["alert.json"]);

    expect(code).toBe(0);
    expect(out).toContain("What it answers: missing");
    expect(out).toContain("can't be reached (ECONNREFUSED)");
  });

  it.each([
    [[], "", 2, "Name a file with an alert"],
    [["gone.json"], "", 1, "gone.json can't be read"],
    [["-"], "{", 1, "- is not JSON"],
    [["-"], '{"labels": {"a": 1}}', 1, "this is no alert: labels.a"],
    [["-"], '{"alerts": []}', 1, "It needs at least"],
  ])("with %j and %j", async (args, input, code, message) => {
    const ended = await run({}, args as string[], input);

    expect([ended.code, ended.err]).toEqual([code, expect.stringContaining(message)]);
  });
});
