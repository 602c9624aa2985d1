import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseEnv } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { help } from "../../src/cli/commands.ts";
import { readConfig } from "../../src/config.ts";
import { createExecutors } from "../../src/executors.ts";
import { createCatalogue } from "../../src/remediation/catalogue.ts";

const PROMTOOL = "/usr/bin/promtool";
const AMTOOL = "/usr/bin/amtool";

const page = readFileSync("docs/first-evening.md", "utf8");
const blocks = [...page.matchAll(/^ *```(?<kind>\w+)\n(?<text>[\s\S]*?)^ *```/gm)].map(
  ({ groups }) => ({ kind: groups?.kind ?? "", text: groups?.text ?? "" }),
);
const files = blocks.flatMap(({ text }) => {
  const named = /^ *(?:# (?<path>[\w./-]+)|<!-- (?<page>[\w./-]+) -->)\n(?<body>[\s\S]*)$/.exec(
    text,
  );
  const path = named?.groups?.path ?? named?.groups?.page;
  return path === undefined ? [] : [{ path, text: named?.groups?.body ?? "" }];
});

/** The files of the page, side by side in a folder of their own. */
function writeFiles(): string {
  const folder = mkdtempSync(join(tmpdir(), "countersign-evening-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const { path, text } of files) {
    const here = text.replaceAll("/etc/prometheus/", `${folder}/`);
    if (path !== ".env") writeFileSync(join(folder, basename(path)), here, { mode: 0o644 });
  }
  return folder;
}

function run(program: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  return { status, output: stdout + stderr };
}

describe("docs/first-evening.md", () => {
  it("says of each file where it goes", () => {
    expect(files.map(({ path }) => path)).toEqual([
      "/etc/prometheus/prometheus.yml",
      "/etc/prometheus/scratch.rules.yml",
      "/etc/prometheus/alertmanager.yml",
      ".env",
      ".env",
      "runbooks/scratch-full.md",
      "runbooks/policy.yaml",
    ]);
  });

  it.skipIf(!existsSync(PROMTOOL))("has a sound prometheus.yml with its rule (promtool)", () => {
    const { status, output } = run(
      PROMTOOL,
      "check",
      "config",
      join(writeFiles(), "prometheus.yml"),
    );

    expect(output).toContain("1 rules found");
    expect(status).toBe(0);
  });

  it.skipIf(!existsSync(AMTOOL))("has a sound alertmanager.yml (amtool)", () => {
    const { status, output } = run(AMTOOL, "check-config", join(writeFiles(), "alertmanager.yml"));

    expect(output).toContain("SUCCESS");
    expect(status).toBe(0);
  });

  it("has settings that the program takes, without a word about any", () => {
    const text = files.filter(({ path }) => path === ".env").map((file) => file.text);
    const config = readConfig(parseEnv(text.join("\n")));

    expect(config).toMatchObject({
      prometheus: { url: "http://127.0.0.1:9090" },
      alertmanager: { url: "http://127.0.0.1:9093" },
      telegram: { chatId: "7654321" },
      notes: [],
    });
  });

  it("has a runbook and a policy that the program takes, and that fit each other and the rule", () => {
    const dir = writeFiles();
    const config = readConfig({});
    const { adminIds } = config;
    const executors = createExecutors(config);
    const { runbooks, policy, problems } = createCatalogue({
      dir,
      dataDir: dir,
      adminIds,
      executors,
    }).read();
    const [runbook] = runbooks;
    const rule = readFileSync(join(dir, "scratch.rules.yml"), "utf8");
    const names = policy?.targets.map(({ name }) => name) ?? [];

    expect(problems).toEqual([]);
    expect(runbook?.id).toBe("scratch-full");
    expect(names).toContain("homelab");
    expect(runbook?.actions[0]?.targets).toEqual(["homelab"]);
    expect(rule).toContain("alert: ScratchFull");
  });

  it("uses commands and pictures that exist", () => {
    const used = [...page.matchAll(/npx countersign ((?:[a-z-]+ ?){1,2})/g)].map(([, words]) =>
      (words ?? "").trim(),
    );
    const pictures = [...page.matchAll(/!\[[^\]]+\]\((?<file>[^)]+)\)/g)].map(
      ({ groups }) => groups?.file ?? "",
    );
    const known = help();

    expect(used.length).toBeGreaterThan(5);
    for (const words of used) {
      const isKnown = [words, words.split(" ")[0]].some((name) => known.includes(`\n  ${name} `));
      expect(isKnown, words).toBe(true);
    }
    expect(pictures.filter((file) => !existsSync(join("docs", file)))).toEqual([]);
  });
});
