import { getuid } from "node:process";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Command } from "../remediation/proposal.ts";
import { firstBytes } from "./clean-output.ts";
import type { Executor, ProbeResult, RunLimits, RunResult } from "./execution.ts";
import { InvalidAction } from "./execution.ts";
import { parseWith } from "./parse-with.ts";
import { runProcess } from "./process.ts";
import type { Unit } from "./systemd-show.ts";
import { factsOf, PROPERTIES, parseUnit, parseVersion, refusalOf } from "./systemd-show.ts";

const LOOK_TIMEOUT_MS = 5000;
const MAX_TEXT_BYTES = 4096;

const SYSTEMCTL = ["/usr/bin/systemctl", "--no-pager", "--no-ask-password"] as const;

/** Not targets, slices and scopes: each of those is many units, and some targets turn the machine off. */
const UNIT = /^[a-zA-Z0-9][a-zA-Z0-9:_.-]{0,240}\.(?:service|socket|timer|path|mount)$/;
const MACHINE_STOPPERS =
  /^(?:systemd-(?:halt|poweroff|reboot|soft-reboot|kexec|exit|suspend|hibernate|hybrid-sleep|suspend-then-hibernate)|rescue|emergency)\.service$/;

/** With polkit, without it, and where it can't be started. */
const NO_RIGHT =
  /^Failed to .*(?:Interactive authentication required|Access denied|Unit polkit\.service)/m;

const UnitName = z
  .string()
  .regex(
    UNIT,
    "must be the exact name of one service, socket, timer, path or mount with its ending, such as nginx.service; no patterns, no @",
  )
  .refine((name) => !MACHINE_STOPPERS.test(name), "must not be a unit that stops the machine");

const Action = z.strictObject({
  op: z.enum(["restart", "try-restart", "reset-failed"]),
  unit: UnitName,
});
type Action = z.infer<typeof Action>;

type ArgvCommand = Extract<Command, { kind: "argv" }>;

const Probe = z.strictObject({ op: z.literal("state"), unit: UnitName });

/** Nothing was changed, and why. */
class UnitRefused extends Error {
  override readonly name = "UnitRefused";
}

/** Units of this machine's systemd, as the user that Countersign itself runs as. */
export function createSystemdExecutor(): Executor {
  return { name: "systemd", describe, run, describeProbe, probe, check };
}

function describe(action: Readonly<Record<string, unknown>>): Command {
  return commandOf(parseWith(Action, action));
}

function describeProbe(probed: Readonly<Record<string, unknown>>): Command {
  return lookOf(parseWith(Probe, probed).unit);
}

function commandOf({ op, unit }: Action): ArgvCommand {
  return { kind: "argv", argv: [...SYSTEMCTL, op, "--", unit], directory: "/" };
}

function lookOf(unit: string): ArgvCommand {
  const argv = [...SYSTEMCTL, "show", `--property=${PROPERTIES.join(",")}`, "--", unit] as const;
  return { kind: "argv", argv, directory: "/" };
}

async function run(command: Command, limits: RunLimits): Promise<RunResult> {
  const action = parseOrder(command);
  const startedAt = performance.now();
  const elapsedMs = () => Math.round(performance.now() - startedAt);

  const result = await carryOut(action, limits, elapsedMs);

  return { ...result, output: firstBytes(result.output, MAX_TEXT_BYTES), durationMs: elapsedMs() };
}

/** A stored plan is read again here: only what `describe` can have written is ever started. */
function parseOrder(command: Command): Action {
  const argv = command.kind === "argv" ? command.argv : [];
  const action = Action.safeParse({ op: argv[SYSTEMCTL.length], unit: argv.at(-1) });
  if (action.success && isDeepStrictEqual(commandOf(action.data), command)) return action.data;
  throw new InvalidAction("the systemd executor only restarts units and resets their failed state");
}

async function carryOut(
  action: Action,
  { timeoutMs, signal }: RunLimits,
  elapsedMs: () => number,
): Promise<RunResult> {
  try {
    await readUnit(action.unit, Math.min(timeoutMs, LOOK_TIMEOUT_MS), signal);
  } catch (error) {
    if (!(error instanceof UnitRefused)) throw error;
    const output = `${error.message}. Nothing was changed.`;
    return { outcome: "failed", exitCode: null, output, isTruncated: false, durationMs: 0 };
  }

  const leftMs = Math.max(1, timeoutMs - elapsedMs());
  const result = await runProcess({ ...commandOf(action), timeoutMs: leftMs, signal });
  const texts = [result.output.trim(), await closingOf(result, action)];
  return { ...result, output: texts.filter(Boolean).join("\n") };
}

/** What systemctl itself leaves unsaid: how the unit is now, or what the failure means. */
async function closingOf({ outcome, output }: RunResult, { op, unit }: Action): Promise<string> {
  if (outcome === "timed_out" || outcome === "unknown") {
    return `${unit}: systemctl was stopped, but systemd may go on with the ${op}.`;
  }
  if (outcome === "failed" && NO_RIGHT.test(output)) {
    return `This user may not ${op} ${unit}. Nothing was changed. ${wayOut(op, unit)}`;
  }
  const verdict = outcome === "succeeded" ? "done" : "failed";
  try {
    const now = await readUnit(unit, LOOK_TIMEOUT_MS);
    return `${unit}: ${op} ${verdict}, now ${now.ActiveState} (${now.SubState}).`;
  } catch (error) {
    if (!(error instanceof UnitRefused)) throw error;
    return `${unit}: ${op} ${verdict}; how it is now can't be read: ${error.message}.`;
  }
}

function wayOut(op: string, unit: string): string {
  return `A polkit rule for org.freedesktop.systemd1.manage-units with unit ${unit} and verb ${op} allows it.`;
}

/** What systemd itself says of this unit, and of no other that the name could also mean (T41). */
async function readUnit(unit: string, timeoutMs: number, signal?: AbortSignal): Promise<Unit> {
  const result = await runProcess({ ...lookOf(unit), timeoutMs, signal });
  if (result.outcome !== "succeeded") throw new UnitRefused(failureText(result));

  const found = parseUnit(result.output);
  if (found === null) throw new UnitRefused(`systemctl's answer on ${unit} is not readable`);
  const refusal = refusalOf(found, unit);
  if (refusal !== null) throw new UnitRefused(refusal);
  return found;
}

async function probe(probed: Readonly<Record<string, unknown>>): Promise<ProbeResult> {
  const { unit } = parseWith(Probe, probed);
  try {
    const found = await readUnit(unit, LOOK_TIMEOUT_MS);
    const since = found.Result === "success" ? "" : `, result ${found.Result}`;
    const text = `${unit}: ${found.ActiveState} (${found.SubState})${since}`;
    return { status: "found", facts: factsOf(found), text };
  } catch (error) {
    if (error instanceof UnitRefused) return { status: "missing", text: `${error.message}.` };
    throw error;
  }
}

async function check(): Promise<string> {
  const version = parseVersion(await ask(["show", "--property=Version"]));
  if (version === null) throw new Error("systemctl does not say systemd's version");
  if (getuid?.() === 0) return `systemd ${version}, as root`;

  const polkit = await ask(["show", "--property=LoadState", "--", "polkit.service"]);
  if (polkit.trim() === "LoadState=loaded") {
    return `systemd ${version}, as user ${getuid?.()}: it may do what polkit's rules allow`;
  }
  throw new Error(
    `systemd ${version} answers, but user ${getuid?.()} may not restart anything: there is no polkit. Install it (polkitd) and add a rule for org.freedesktop.systemd1.manage-units`,
  );
}

async function ask(args: readonly string[]): Promise<string> {
  const argv = [...SYSTEMCTL, ...args] as const;
  const result = await runProcess({ argv, directory: "/", timeoutMs: LOOK_TIMEOUT_MS });
  if (result.outcome === "succeeded") return result.output;
  throw new Error(failureText(result));
}

function failureText({ outcome, output }: RunResult): string {
  const text = firstBytes(output.trim().replaceAll("\n", " "), 500);
  if (outcome === "timed_out") return "systemd gave no answer in time";
  return `systemd can't be asked: ${text || outcome}`.replace(/\.$/, "");
}
