import { loadConfig } from "../config.ts";
import type { HealthReport } from "../health.ts";
import type { CliCommand } from "./command.ts";
import { print } from "./output.ts";
import { askRunning } from "./running.ts";

export const health: CliCommand = {
  name: "health",
  usage: "health [--json]",
  summary: "Asks the running program how it and its parts are; fails where it can't take alerts",
  options: { json: { type: "boolean" } },
  maxWords: 0,
  async run({ options }) {
    const response = await askRunning(loadConfig(), "/health");
    const report = (await response.json()) as HealthReport;
    print(report, options.json === true, () =>
      [
        report.status,
        ...Object.entries(report.checks).map(
          ([name, { status, detail }]) => `${status.padEnd(8)}  ${name}: ${detail}`,
        ),
      ].join("\n"),
    );
    return report.status !== "failing";
  },
};
