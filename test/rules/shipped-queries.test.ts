import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readConfig } from "../../src/config.ts";
import { createExecutors, openCatalogue } from "../../src/executors.ts";

const PROMTOOL = "/usr/bin/promtool";

describe("the queries of the shipped runbooks", () => {
  it.skipIf(!existsSync(PROMTOOL))("are all understood by Prometheus (promtool)", () => {
    const config = readConfig({});
    const { runbooks } = openCatalogue(config, createExecutors(config)).read();
    const rules = runbooks.flatMap(({ id, evidence }) =>
      evidence.flatMap(({ id: item, promql }) =>
        promql === undefined
          ? []
          : [{ record: `${id}:${item}`.replaceAll("-", "_"), expr: filled(promql) }],
      ),
    );
    const folder = mkdtempSync(join(tmpdir(), "countersign-queries-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "rules.yml");
    // YAML reads JSON.
    writeFileSync(file, JSON.stringify({ groups: [{ name: "all", rules }] }));

    const { stdout, stderr } = spawnSync(PROMTOOL, ["check", "rules", file], { encoding: "utf8" });

    expect(rules.length).toBeGreaterThan(30);
    expect(stdout + stderr).toContain(`SUCCESS: ${rules.length} rules found`);
  });
});

function filled(promql: string): string {
  return promql.replaceAll(/\{\{[\w.]+\}\}/g, "x");
}
