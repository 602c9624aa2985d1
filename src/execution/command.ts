import { isAbsolute, normalize } from "node:path";
import { z } from "zod";
import { classifyArgv } from "../remediation/classify.ts";
import type { Command, Target } from "../remediation/proposal.ts";
import { firstBytes } from "./clean-output.ts";
import type { Executor, ProbeResult, RunLimits, RunResult } from "./execution.ts";
import { InvalidAction } from "./execution.ts";
import { runProcess } from "./process.ts";

const PROBE_TIMEOUT_MS = 10_000;
const MAX_FACT_BYTES = 4096;

type Argv = [string, ...string[]];

const ArgvAction = z.strictObject({
  argv: z.tuple([z.string()], z.string()),
});

/** Runs programs on this machine, as the user that Countersign itself runs as. */
export function createCommandExecutor(): Executor {
  return { name: "command", describe, run, describeProbe, probe, check };
}

function describe(action: Readonly<Record<string, unknown>>, target: Target): Command {
  return { kind: "argv", argv: parseArgv(action), directory: target.directory };
}

async function run(command: Command, { timeoutMs, signal }: RunLimits): Promise<RunResult> {
  if (command.kind !== "argv") throw new InvalidAction("the command executor runs argv only");
  return await runProcess({ argv: command.argv, directory: command.directory, timeoutMs, signal });
}

function describeProbe(probed: Readonly<Record<string, unknown>>, target: Target): Command {
  const argv = parseArgv(probed);
  const { verdict, reason, ends } = classifyArgv(argv);
  if (verdict !== "low") {
    throw new InvalidAction(`a probe only reads, and ${argv[0]} is rated ${verdict}: ${reason}`);
  }
  if (!ends) throw new InvalidAction(`a probe has to end by itself, and this ${argv[0]} does not`);
  return { kind: "argv", argv, directory: target.directory };
}

async function probe(
  probed: Readonly<Record<string, unknown>>,
  target: Target,
): Promise<ProbeResult> {
  const command = describeProbe(probed, target);
  const result = await run(command, { timeoutMs: PROBE_TIMEOUT_MS });
  const output = firstBytes(result.output.trim(), MAX_FACT_BYTES);

  if (result.outcome === "timed_out") {
    return { status: "missing", text: `No answer within ${PROBE_TIMEOUT_MS / 1000} s.` };
  }
  if (result.exitCode === null) return { status: "missing", text: output };
  return {
    status: "found",
    facts: { exit_code: String(result.exitCode), output },
    text: output === "" ? `Exit code ${result.exitCode}, no output.` : output,
  };
}

async function check(): Promise<string> {
  const result = await runProcess({ argv: ["/usr/bin/id"], directory: "/", timeoutMs: 2000 });
  const text = result.output.trim();
  if (result.outcome === "succeeded") return `Commands run as ${text}.`;
  throw new Error(`Can't start programs here: ${text || result.outcome}`);
}

function parseArgv(action: Readonly<Record<string, unknown>>): Argv {
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
