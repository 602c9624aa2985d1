import { classifyArgv, classifyText } from "../remediation/classify.ts";
import type { CliCommand } from "./command.ts";
import { UsageError } from "./command.ts";
import { print } from "./output.ts";

export const classify: CliCommand = {
  name: "classify",
  usage: "classify [--json] (--text 'command as for a shell' | -- program [argument]…)",
  summary: "Says what a command can do at worst: low, medium, high or forbidden",
  options: { text: { type: "string" }, json: { type: "boolean" } },
  maxWords: Number.POSITIVE_INFINITY,
  run({ words, options: { text, json } }) {
    if ((typeof text === "string") === words.length > 0) {
      throw new UsageError("classify takes either --text '…' or, after --, a program.");
    }
    const { verdict, reason } = typeof text === "string" ? classifyText(text) : classifyArgv(words);
    print({ verdict, reason }, json === true, () => `${verdict}: ${reason}`);
    return Promise.resolve(verdict !== "forbidden");
  },
};
