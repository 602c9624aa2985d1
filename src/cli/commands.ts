import { parseArgs } from "node:util";
import { closest, distance } from "fastest-levenshtein";
import { auditExport } from "./audit-export.ts";
import { auditVerify } from "./audit-verify.ts";
import { backtest } from "./backtest.ts";
import { check } from "./check.ts";
import { classify } from "./classify.ts";
import type { CliCommand, Options } from "./command.ts";
import { UsageError } from "./command.ts";
import { drill } from "./drill.ts";
import { evidence } from "./evidence.ts";
import { executor } from "./executor.ts";
import { health } from "./health.ts";
import { history } from "./history.ts";
import { migrate } from "./migrate.ts";
import { runbooksLint } from "./runbooks-lint.ts";
import { sendTest } from "./send-test.ts";
import { serve } from "./serve.ts";
import { signIn } from "./sign-in.ts";
import { version } from "./version.ts";

const COMMANDS: readonly CliCommand[] = [
  serve,
  executor,
  signIn,
  check,
  sendTest,
  drill,
  health,
  history,
  backtest,
  evidence,
  auditVerify,
  auditExport,
  runbooksLint,
  classify,
  migrate,
  version,
];

/**
 * @returns false where the command ran and found that something is wrong
 * @throws UsageError
 */
export async function runCommand(words: readonly string[]): Promise<boolean> {
  const command = COMMANDS.find(({ name }) =>
    name.split(" ").every((word, i) => words[i] === word),
  );
  if (command === undefined) throw unknownCommand(words.slice(0, 2).join(" "));
  return await runParsed(command, words.slice(command.name.split(" ").length));
}

function unknownCommand(typed: string): UsageError {
  const nearest = closest(
    typed,
    COMMANDS.map(({ name }) => name),
  );
  const hint = distance(typed, nearest) <= 3 ? `Did you mean "${nearest}"? ` : "";
  return new UsageError(
    `There is no command "${typed}". ${hint}"countersign --help" lists them all.`,
  );
}

async function runParsed(command: CliCommand, args: readonly string[]): Promise<boolean> {
  if (args.includes("--help") || args.includes("-h")) {
    const details = command.details === undefined ? "" : `\n${command.details}\n`;
    process.stdout.write(`${command.summary}\n\nUsage: countersign ${command.usage}\n${details}`);
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

export function help(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
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
