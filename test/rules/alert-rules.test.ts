import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readConfig } from "../../src/config.ts";
import { createExecutors, openCatalogue } from "../../src/executors.ts";
import { propose } from "../../src/remediation/propose.ts";

const PROMTOOL = "/usr/bin/promtool";

interface Rule {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const { groups } = parse(readFileSync("runbooks/alerts.rules.yml", "utf8")) as {
  groups: { rules: Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);

function readShipped() {
  const config = readConfig({});
  return openCatalogue(config, createExecutors(config)).read();
}

describe("the alert rules", () => {
  it
    .skipIf(!existsSync(PROMTOOL))
    .each(["runbooks/alerts.test.yml", "runbooks/recording.test.yml"])(
    "say what they should of made-up machines (promtool test rules %s)",
    (file) => {
      const { status, stdout, stderr } = spawnSync(PROMTOOL, ["test", "rules", file], {
        encoding: "utf8",
      });

      expect(stdout + stderr).toContain("SUCCESS");
      expect(status).toBe(0);
    },
  );

  it("each have a severity, a summary and a description", () => {
    const lacking = rules.filter(
      ({ labels, annotations }) =>
        !["warning", "critical"].includes(labels.severity ?? "") ||
        !annotations.summary ||
        !annotations.description,
    );

    expect(lacking).toEqual([]);
  });

  it("each have a runbook of their own", () => {
    const { runbooks } = readShipped();
    const without = rules
      .map(({ alert }) => alert)
      .filter((alertname) => {
        const alert = { labels: { alertname }, annotations: {} };
        const { runbook } = propose({ alert, runbooks, policy: null });
        return runbook === null || runbook.id === "unknown-alert";
      });

    expect(without).toEqual([]);
  });

  it("lie in the runbook folder without a complaint of its catalogue", () => {
    expect(readShipped().problems).toEqual([]);
  });
});
