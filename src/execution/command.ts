import type { Command, Target } from "../remediation/proposal.ts";
import { lookOf, parseArgv, parseProbeArgv } from "./argv-action.ts";
import type { Executor, ProbeResult, RunLimits, RunResult } from "./execution.ts";
import { InvalidAction } from "./execution.ts";
import { runProcess } from "./process.ts";

const PROBE_TIMEOUT_MS = 10_000;

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
  return { kind: "argv", argv: parseProbeArgv(probed), directory: target.directory };
}

async function probe(
  probed: Readonly<Record<string, unknown>>,
  target: Target,
): Promise<ProbeResult> {
  const command = describeProbe(probed, target);
  return lookOf(await run(command, { timeoutMs: PROBE_TIMEOUT_MS }), PROBE_TIMEOUT_MS);
}

async function check(): Promise<string> {
  const result = await runProcess({ argv: ["/usr/bin/id"], directory: "/", timeoutMs: 2000 });
  const text = result.output.trim();
  if (result.outcome === "succeeded") return `Commands run as ${text}.`;
  throw new Error(`Can't start programs here: ${text || result.outcome}`);
}
