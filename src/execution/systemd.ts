import { getuid } from "node:process";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Command, Target } from "../remediation/proposal.ts";
import { firstBytes } from "./clean-output.ts";
import type { Executor, ProbeResult, RunLimits, RunResult } from "./execution.ts";
import { InvalidAction } from "./execution.ts";
import { parseWith } from "./parse-with.ts";
import { runProcess } from "./process.ts";
import type { Ssh, SshCommand } from "./ssh-transport.ts";
import type { Unit } from "./systemd-show.ts";
import { factsOf, PROPERTIES, parseUnit, parseVersion, refusalOf } from "./systemd-show.ts";

/** Also enough for ssh to connect. */
const LOOK_TIMEOUT_MS = 15_000;
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

const Probe = z.strictObject({ op: z.literal("state"), unit: UnitName });

/** Nothing was changed, and why. */
class UnitRefused extends Error {
  override readonly name = "UnitRefused";
}

type Argv = readonly [string, ...string[]];

/** Where systemctl runs: on this machine, or on the one that ssh leads to. */
interface Place {
  command(argv: Argv): Command;
  start(argv: Argv, limits: RunLimits): Promise<RunResult>;
}

const HERE: Place = {
  command: (argv) => ({ kind: "argv", argv, directory: "/" }),
  start: (argv, limits) => runProcess({ argv, directory: "/", ...limits }),
};

/** An inventory entry for systemd that names no host is this machine. */
const THIS_MACHINE = "localhost";

/** Units of systemd: of this machine's as the user that Countersign itself runs as, of others' as ssh's user there. */
export function createSystemdExecutor(ssh: Ssh): Executor {
  const describe = (action: Readonly<Record<string, unknown>>, target: Target) =>
    commandAt(ssh, target, argvOf(parseWith(Action, action)));
  return {
    name: "systemd",
    describe,
    pin: async (action, target) => ({
      command: await pinned(ssh, describe(action, target)),
      detail: null,
    }),
    run: (command, limits) => run(ssh, command, limits),
    describeProbe: (probed, target) =>
      commandAt(ssh, target, lookArgvOf(parseWith(Probe, probed).unit)),
    probe: (probed, target) => probe(ssh, probed, target),
    check: () => check(ssh),
  };
}

function commandAt(ssh: Ssh, { host }: Target, argv: Argv): Command {
  return host === THIS_MACHINE ? HERE.command(argv) : ssh.describe(host, argv);
}

async function pinned(ssh: Ssh, command: Command): Promise<Command> {
  return command.kind === "ssh" ? await ssh.pin(command) : command;
}

function placeOf(ssh: Ssh, command: Command): Place {
  return command.kind === "ssh" ? elsewhere(ssh, command) : HERE;
}

/** Every look goes to the very machine that the plan was bound to. */
function elsewhere(ssh: Ssh, there: SshCommand): Place {
  return {
    command: (argv) => ({ ...there, argv }),
    start: (argv, limits) => ssh.run({ ...there, argv }, limits),
  };
}

function argvOf({ op, unit }: Action): Argv {
  return [...SYSTEMCTL, op, "--", unit];
}

function lookArgvOf(unit: string): Argv {
  return [...SYSTEMCTL, "show", `--property=${PROPERTIES.join(",")}`, "--", unit];
}

async function run(ssh: Ssh, command: Command, limits: RunLimits): Promise<RunResult> {
  const place = placeOf(ssh, command);
  const action = parseOrder(command, place);
  const startedAt = performance.now();
  const elapsedMs = () => Math.round(performance.now() - startedAt);

  const result = await carryOut(place, action, limits, elapsedMs);

  return { ...result, output: firstBytes(result.output, MAX_TEXT_BYTES), durationMs: elapsedMs() };
}

/** A stored plan is read again here: only what `describe` can have written is ever started. */
function parseOrder(command: Command, place: Place): Action {
  const argv = command.kind === "argv" || command.kind === "ssh" ? command.argv : [];
  const action = Action.safeParse({ op: argv[SYSTEMCTL.length], unit: argv.at(-1) });
  if (action.success && isDeepStrictEqual(place.command(argvOf(action.data)), command)) {
    return action.data;
  }
  throw new InvalidAction("the systemd executor only restarts units and resets their failed state");
}

async function carryOut(
  place: Place,
  action: Action,
  { timeoutMs, signal }: RunLimits,
  elapsedMs: () => number,
): Promise<RunResult> {
  try {
    await readUnit(place, action.unit, {
      timeoutMs: Math.min(timeoutMs, LOOK_TIMEOUT_MS),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (!(error instanceof UnitRefused)) throw error;
    const output = `${error.message}. Nothing was changed.`;
    return { outcome: "failed", exitCode: null, output, isTruncated: false, durationMs: 0 };
  }

  const leftMs = Math.max(1, timeoutMs - elapsedMs());
  const result = await place.start(argvOf(action), {
    timeoutMs: leftMs,
    ...(signal === undefined ? {} : { signal }),
  });
  const texts = [result.output.trim(), await closingOf(place, result, action)];
  return { ...result, output: texts.filter(Boolean).join("\n") };
}

/** What systemctl itself leaves unsaid: how the unit is now, or what the failure means. */
async function closingOf(
  place: Place,
  { outcome, output }: RunResult,
  { op, unit }: Action,
): Promise<string> {
  if (outcome === "timed_out" || outcome === "unknown") {
    return `${unit}: systemctl was stopped, but systemd may go on with the ${op}.`;
  }
  if (outcome === "failed" && NO_RIGHT.test(output)) {
    return `This user may not ${op} ${unit}. Nothing was changed. ${wayOut(op, unit)}`;
  }
  const verdict = outcome === "succeeded" ? "done" : "failed";
  try {
    const now = await readUnit(place, unit, { timeoutMs: LOOK_TIMEOUT_MS });
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
async function readUnit(place: Place, unit: string, limits: RunLimits): Promise<Unit> {
  const result = await place.start(lookArgvOf(unit), limits);
  if (result.outcome !== "succeeded") throw new UnitRefused(failureText(result));

  const found = parseUnit(result.output);
  if (found === null) throw new UnitRefused(`systemctl's answer on ${unit} is not readable`);
  const refusal = refusalOf(found, unit);
  if (refusal !== null) throw new UnitRefused(refusal);
  return found;
}

async function probe(
  ssh: Ssh,
  probed: Readonly<Record<string, unknown>>,
  target: Target,
): Promise<ProbeResult> {
  const { unit } = parseWith(Probe, probed);
  const place = placeOf(ssh, await pinned(ssh, commandAt(ssh, target, lookArgvOf(unit))));
  try {
    const found = await readUnit(place, unit, { timeoutMs: LOOK_TIMEOUT_MS });
    const since = found.Result === "success" ? "" : `, result ${found.Result}`;
    const text = `${unit}: ${found.ActiveState} (${found.SubState})${since}`;
    return { status: "found", facts: factsOf(found), text };
  } catch (error) {
    if (error instanceof UnitRefused) return { status: "missing", text: `${error.message}.` };
    throw error;
  }
}

/** Whoever has units on other machines only needs no systemd here. */
async function check(ssh: Ssh): Promise<string> {
  const [here, there] = await Promise.allSettled([checkHere(), ssh.check()]);
  if (here.status === "rejected" && there.status === "rejected") throw here.reason;
  const told = [
    ...(here.status === "fulfilled" ? [here.value] : ["no systemd here that can be asked"]),
    ...(there.status === "fulfilled" ? [`on other machines by ${there.value}`] : []),
  ];
  return told.join("; ");
}

async function checkHere(): Promise<string> {
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
  const said = output.trim().replaceAll("\n", " ");
  // Whoever asks says that, for the whole run.
  const text = firstBytes(said.replace(/ Nothing was changed\.$/, ""), 500);
  if (outcome === "timed_out") return "systemd gave no answer in time";
  return `systemd can't be asked: ${text || outcome}`.replace(/\.$/, "");
}
