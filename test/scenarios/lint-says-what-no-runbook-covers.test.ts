import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createProgram } from "../harness.ts";

const RULES = `groups:
  - name: mixed
    rules:
      - {alert: ContainerDown, expr: vector(1)}
      - {alert: FridgeOpen, expr: vector(1)}
      - {alert: FridgeWarm, expr: vector(1)}
      - {alert: FridgeWarm, expr: vector(2)}
`;

async function lint(rules: string, ...more: readonly string[]) {
  const program = await createProgram();
  const file = join(program.dataDir, "mixed.yml");
  writeFileSync(file, rules);
  const ended = await program.command(["runbooks", "lint", "--rules", file, ...more]);
  return { ...ended, file };
}

it("names the alerts of a rule file that no runbook is written for", async () => {
  const { code, stdout, file } = await lint(RULES);

  expect(code).toBe(0);
  expect(stdout).toContain(
    `\n${file}: 1 of 3 alerts have a runbook; these have none: FridgeOpen, FridgeWarm\n`,
  );
});

it("says it to programs, too", async () => {
  const { stdout, file } = await lint(RULES, "--json");

  expect(JSON.parse(stdout)).toMatchObject({
    ok: true,
    rules: [{ file, alerts: 3, uncovered: ["FridgeOpen", "FridgeWarm"] }],
  });
});

it("says why where a rule file is none, or is not there", async () => {
  const broken = await lint("groups:\n  - rules: 5\n");
  const program = await createProgram();
  const missing = await program.command(["runbooks", "lint", "--rules", "/nowhere/x.yml"]);

  expect(broken.code).toBe(1);
  expect(broken.stderr).toMatch(/mixed\.yml:\d: must hold alert rules/);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain("/nowhere/x.yml cannot be read (ENOENT)");
});

it("says of two runbooks for one alert what becomes of it", async () => {
  const program = await createProgram();
  program.writeRunbook("zz.md", "---\nid: zz\ntitle: Z\nmatch: {alertname: ContainerDown}\n---\n");

  const { code, stdout } = await program.command(["runbooks", "lint"]);

  expect(code).toBe(0);
  expect(stdout).toContain(
    "runbooks/container-down.md and runbooks/zz.md both match ContainerDown:",
  );
});
