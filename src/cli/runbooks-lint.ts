import { loadConfig } from "../config.ts";
import { createExecutors, openCatalogue } from "../executors.ts";
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
    const { runbooks, problems } = openCatalogue(config, createExecutors(config)).read();
    const isFine = problems.length === 0;
    print(
      { ok: isFine, runbooks: runbooks.map(({ id }) => id), problems },
      options.json === true,
      () =>
        isFine
          ? `${runbooks.length} runbooks and the policy are fine`
          : problems.map(({ file, line, message }) => `${file}:${line}: ${message}`).join("\n"),
    );
    return Promise.resolve(isFine);
  },
};
