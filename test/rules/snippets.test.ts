import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readConfig } from "../../src/config.ts";
import { createCatalogue } from "../../src/remediation/catalogue.ts";

const PROMTOOL = "/usr/bin/promtool";
const AMTOOL = "/usr/bin/amtool";
const RULES = "/etc/prometheus/alerts.rules.yml";

const page = readFileSync("docs/prometheus.md", "utf8");
const snippets = [...page.matchAll(/```yaml\n# (?<path>\S+)\n(?<text>[\s\S]*?)```/g)];

/** A whole file of the page, by its name, in a folder of its own. */
function write(name: string): string {
  const found = snippets.find(({ groups }) => basename(groups?.path ?? "") === name);
  if (found?.groups?.text === undefined) throw new Error(`no ${name} in docs/prometheus.md`);
  const folder = mkdtempSync(join(tmpdir(), "countersign-snippets-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, name);
  const rules = resolve("runbooks/alerts.rules.yml");
  writeFileSync(file, found.groups.text.replace(RULES, rules), { mode: 0o644 });
  return file;
}

function run(program: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  return { status, stdout, output: stdout + stderr };
}

function receiversOf(config: string, ...labels: string[]): string {
  const file = `--config.file=${config}`;
  return run(AMTOOL, "config", "routes", "test", file, "alertname=X", ...labels).stdout.trim();
}

describe("the settings in docs/prometheus.md", () => {
  it.skipIf(!existsSync(PROMTOOL))("are a sound prometheus.yml (promtool)", () => {
    const { status, output } = run(PROMTOOL, "check", "config", write("prometheus.yml"));

    expect(output).toContain("11 rules found");
    expect(status).toBe(0);
  });

  it.skipIf(!existsSync(AMTOOL))("are a sound alertmanager.yml (amtool)", () => {
    const { status, output } = run(AMTOOL, "check-config", write("alertmanager.yml"));

    expect(output).toContain("SUCCESS");
    expect(status).toBe(0);
  });

  it.skipIf(!existsSync(AMTOOL))(
    "send critical alerts past Countersign as well, and others to it alone (amtool)",
    () => {
      const config = write("alertmanager.yml");

      expect(receiversOf(config, "severity=critical")).toBe("fallback,countersign");
      expect(receiversOf(config, "severity=warning")).toBe("countersign");
    },
  );

  it("are a sound policy.yaml", () => {
    const dir = resolve(write("policy.yaml"), "..");
    const { adminIds } = readConfig({});
    const executors = new Map();
    const { problems } = createCatalogue({ dir, dataDir: dir, adminIds, executors }).read();

    expect(problems).toEqual([]);
  });
});
