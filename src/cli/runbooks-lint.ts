import { readFileSync } from "node:fs";
import { loadConfig } from "../config.ts";
import { createExecutors, openCatalogue } from "../executors.ts";
import { inertKeys } from "../remediation/inert-keys.ts";
import { riskyCommands } from "../remediation/risky-commands.ts";
import { parseRuleFile } from "../remediation/rule-file.ts";
import type { Runbook } from "../remediation/runbook.ts";
import { sharedAlerts } from "../remediation/shared-alerts.ts";
import { uncoveredAlerts } from "../remediation/uncovered-alerts.ts";
import type { Problem } from "../remediation/yaml.ts";
import type { CliCommand } from "./command.ts";
import { CommandFailed } from "./command.ts";
import { print } from "./output.ts";

export const runbooksLint: CliCommand = {
  name: "runbooks lint",
  usage: "runbooks lint [--rules FILE]... [--json]",
  summary:
    "Checks every runbook, policy.yaml and kpis.yaml; names alerts of rule files without a runbook",
  options: { json: { type: "boolean" }, rules: { type: "string", multiple: true } },
  maxWords: 0,
  run({ options }) {
    const config = loadConfig();
    const { runbooks, policy, kpis, watches, problems } = openCatalogue(
      config,
      createExecutors(config),
    ).read();
    const files = Array.isArray(options.rules) ? options.rules : [];
    const rules = files.map((file) => coverageOf(file, runbooks));
    const notes = [...riskyCommands(runbooks), ...sharedAlerts(runbooks), ...inertKeys(policy)];
    const isFine = problems.length === 0;
    print(
      {
        ok: isFine,
        runbooks: runbooks.map(({ id }) => id),
        kpis: kpis.map(({ id }) => id),
        watches: watches?.map(({ name }) => name) ?? [],
        problems,
        notes,
        ...(files.length > 0 ? { rules } : {}),
      },
      options.json === true,
      () =>
        [
          ...(isFine
            ? [
                `${runbooks.length} runbooks, ${kpis.length} KPIs, ${watches?.length} watches and the policy are fine`,
                ...notes,
              ]
            : problems.map(shown)),
          ...rules.map(told),
        ].join("\n"),
    );
    return Promise.resolve(isFine);
  },
};

interface Coverage {
  readonly file: string;
  /** How many names of alerts it holds. */
  readonly alerts: number;
  /** Those that only the fallback is there for. */
  readonly uncovered: readonly string[];
}

function coverageOf(file: string, runbooks: readonly Runbook[]): Coverage {
  const parsed = parseRuleFile(file, textOf(file));
  if (!parsed.ok) throw new CommandFailed(parsed.problems.map(shown).join("\n"));
  const names = parsed.value;
  return { file, alerts: new Set(names).size, uncovered: uncoveredAlerts(names, runbooks) };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (typeof code !== "string") throw error;
    throw new CommandFailed(
      `${file} cannot be read (${code}); --rules takes a file of alert rules`,
      { cause: error },
    );
  }
}

function told({ file, alerts, uncovered }: Coverage): string {
  const covered = `${file}: ${alerts - uncovered.length} of ${alerts} alerts have a runbook`;
  return uncovered.length === 0 ? covered : `${covered}; these have none: ${uncovered.join(", ")}`;
}

function shown({ file, line, message }: Problem): string {
  return `${file}:${line}: ${message}`;
}
