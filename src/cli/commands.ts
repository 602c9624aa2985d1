import { parseArgs } from "node:util";
import { closest, distance } from "fastest-levenshtein";
import { auditVerify } from "./audit-verify.ts";
import { check } from "./check.ts";
import type { CliCommand, Options } from "./command.ts";
import { UsageError } from "./command.ts";
import { history } from "./history.ts";
import { migrate } from "./migrate.ts";
import { runbooksLint } from "./runbooks-lint.ts";
import { sendTest } from "./send-test.ts";
import { serve } from "./serve.ts";
import { signIn } from "./sign-in.ts";
import { version } from "./version.ts";

export const COMMANDS: readonly CliCommand[] = [
  serve,
  signIn,
  check,
  sendTest,
  history,
  auditVerify,
  runbooksLint,
  migrate,
  version,
];

const LATER = ["executor", "drill", "audit export", "backtest", "evidence"];

export function commandNamed(words: readonly string[]): {
  command: { run(rest: readonly string[]): Promise<boolean> };
  rest: readonly string[];
} {
  const found = COMMANDS.find(({ name }) => name.split(" ").every((word, i) => words[i] === word));
  if (found === undefined) {
    const typed = words.slice(0, 2).join(" ");
    const nearest = closest(
      typed,
      COMMANDS.map(({ name }) => name),
    );
    const hint = distance(typed, nearest) <= 3 ? `Did you mean "${nearest}"? ` : "";
    const later = LATER.find((name) => typed.startsWith(name));
    throw new UsageError(
      later === undefined
        ? `There is no command "${typed}". ${hint}"countersign --help" lists them all.`
        : `"${later}" is not part of this version yet. "countersign --help" lists what is.`,
    );
  }
  const rest = words.slice(found.name.split(" ").length);
  return { command: { run: (args) => runParsed(found, args) }, rest };
}

async function runParsed(command: CliCommand, args: readonly string[]): Promise<boolean> {
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(`${command.summary}\n\nUsage: countersign ${command.usage}\n`);
    return true;
  }
  const usage = `Usage: countersign ${command.usage}`;
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...args], options: command.options, allowPositionals: true });
  } catch (error) {
    const [why] = (error as Error).message.split(". ");
    throw new UsageError(`${why}.\n${usage}`, { cause: error });
  }
  if (parsed.positionals.length > command.maxWords) {
    throw new UsageError(
      `"${parsed.positionals[command.maxWords]}" is one word too many.\n${usage}`,
    );
  }
  return await command.run({ words: parsed.positionals, options: parsed.values as Options });
}

export function help(commands: readonly CliCommand[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    "Countersign: alerts in, evidence and one exact fix out.",
    "",
    "Usage: countersign <command> [options]",
    "",
    ...lines,
    "",
    "Settings come from the environment and .env; .env.example lists them all.",
    "Every command explains itself with --help. Exit codes: 0 ok, 1 failed, 2 wrong use, 78 bad configuration.",
    "",
  ].join("\n");
}
