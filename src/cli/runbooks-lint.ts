import { loadConfig } from "../config.ts";
import { createExecutors, openCatalogue } from "../executors.ts";
import { inertKeys } from "../remediation/inert-keys.ts";
import { riskyCommands } from "../remediation/risky-commands.ts";
import type { CliCommand } from "./command.ts";
import { print } from "./output.ts";

export const runbooksLint: CliCommand = {
  name: "runbooks lint",
  usage: "runbooks lint [--json]",
  summary: "Checks every runbook and policy.yaml, with file and line",
  options: { json: { type: "boolean" } },
  maxWords: 0,
  run({ options }) {
    const config = loadConfig();
    const { runbooks, policy, problems } = openCatalogue(config, createExecutors(config)).read();
    const notes = [
      ...riskyCommands(runbooks),
      ...inertKeys(runbooks, policy.ok ? policy.policy : null),
    ];
    const isFine = problems.length === 0;
    print(
      { ok: isFine, runbooks: runbooks.map(({ id }) => id), problems, notes },
      options.json === true,
      () =>
        isFine
          ? [`${runbooks.length} runbooks and the policy are fine`, ...notes].join("\n")
          : problems.map(({ file, line, message }) => `${file}:${line}: ${message}`).join("\n"),
    );
    return Promise.resolve(isFine);
  },
};
