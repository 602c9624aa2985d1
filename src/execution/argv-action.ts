import { isAbsolute, normalize } from "node:path";
import { z } from "zod";
import { classifyArgv } from "../remediation/classify.ts";
import { firstBytes } from "./clean-output.ts";
import type { ProbeResult, RunResult } from "./execution.ts";
import { InvalidAction } from "./execution.ts";

const MAX_FACT_BYTES = 4096;

export type Argv = [string, ...string[]];

const ArgvAction = z.strictObject({
  argv: z.tuple([z.string()], z.string()),
});

/** `with: {argv: [/absolute/program, argument, …]}`, wherever the program runs. */
export function parseArgv(action: Readonly<Record<string, unknown>>): Argv {
  const parsed = ArgvAction.safeParse(action);
  if (!parsed.success) {
    throw new InvalidAction(
      "`with` must be {argv: [/absolute/program, argument, …]}, all strings",
      {
        cause: parsed.error,
      },
    );
  }

  const { argv } = parsed.data;
  const [program] = argv;
  if (!isAbsolute(program) || normalize(program) !== program || program.endsWith("/")) {
    throw new InvalidAction(
      `argv must begin with an absolute path, not ${JSON.stringify(program)}`,
    );
  }
  if (argv.some((argument) => argument.includes("\0"))) {
    throw new InvalidAction("an argument may not hold a NUL character");
  }
  return argv;
}

/** The same, and only what the classifier knows to read and to end. */
export function parseProbeArgv(probed: Readonly<Record<string, unknown>>): Argv {
  const argv = parseArgv(probed);
  const { verdict, reason, ends } = classifyArgv(argv);
  if (verdict !== "low") {
    throw new InvalidAction(`a probe only reads, and ${argv[0]} is rated ${verdict}: ${reason}`);
  }
  if (!ends) throw new InvalidAction(`a probe has to end by itself, and this ${argv[0]} does not`);
  return argv;
}

/** What a look by a program says: its exit code and the beginning of its output. */
export function lookOf(result: RunResult, timeoutMs: number): ProbeResult {
  const output = firstBytes(result.output.trim(), MAX_FACT_BYTES);
  if (result.outcome === "timed_out") {
    return { status: "missing", text: `No answer within ${timeoutMs / 1000} s.` };
  }
  if (result.exitCode === null) return { status: "missing", text: output };
  return {
    status: "found",
    facts: { exit_code: String(result.exitCode), output },
    text: output === "" ? `Exit code ${result.exitCode}, no output.` : output,
  };
}
