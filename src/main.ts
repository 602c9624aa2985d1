#!/usr/bin/env node
import { CommandFailed, UsageError } from "./cli/command.ts";
import { help, runCommand } from "./cli/commands.ts";
import { InvalidConfig } from "./config.ts";
import { CannotListen } from "./server.ts";
import { DatabaseUnusable } from "./store/open.ts";

const OK = 0;
const FAILED = 1;
const WRONG_USE = 2;
const BAD_CONFIGURATION = 78;

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  if (words.length === 0 || words[0] === "--help" || words[0] === "-h" || words[0] === "help") {
    process.stdout.write(help());
    return words.length === 0 ? WRONG_USE : OK;
  }
  try {
    return (await runCommand(words)) ? OK : FAILED;
  } catch (error) {
    return explain(error);
  }
}

/** What a person can mend is said in plain words; anything else is a bug and keeps its stack. */
function explain(error: unknown): number {
  if (error instanceof UsageError) return say(error.message, WRONG_USE);
  if (error instanceof InvalidConfig) return say(error.message, BAD_CONFIGURATION);
  if ([DatabaseUnusable, CannotListen, CommandFailed].some((kind) => error instanceof kind)) {
    return say((error as Error).message, FAILED);
  }
  throw error;
}

function say(message: string, exitCode: number): number {
  process.stderr.write(`${message}\n`);
  return exitCode;
}
