import { VERSION } from "../version.ts";
import type { CliCommand } from "./command.ts";
import { print } from "./output.ts";

export const version: CliCommand = {
  name: "version",
  usage: "version [--json]",
  summary: "Prints the version",
  options: { json: { type: "boolean" } },
  maxWords: 0,
  run({ options }) {
    print({ version: VERSION, node: process.version }, options.json === true, () => VERSION);
    return Promise.resolve(true);
  },
};
