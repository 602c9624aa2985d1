import { loadConfig } from "../config.ts";
import type { CliCommand } from "./command.ts";
import { openOrCreate } from "./open.ts";
import { print } from "./output.ts";

export const migrate: CliCommand = {
  name: "migrate",
  usage: "migrate [--json]",
  summary: "Brings the database up to date (serve does so by itself), with a backup before",
  options: { json: { type: "boolean" } },
  maxWords: 0,
  run({ options }) {
    const config = loadConfig();
    const { databasePath } = config;
    openOrCreate(config).close();
    print({ database: databasePath, upToDate: true }, options.json === true, () => {
      return `${databasePath} is up to date`;
    });
    return Promise.resolve(true);
  },
};
