import { basename, dirname, normalize } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Command, Target } from "../remediation/proposal.ts";
import { firstBytes } from "./clean-output.ts";
import type { Executor, Pinned, ProbeResult, RunLimits, RunResult } from "./execution.ts";
import { InvalidAction, NothingToDo } from "./execution.ts";
import { parseWith } from "./parse-with.ts";
import { hostsIn, recapOf } from "./playbook-output.ts";
import { runProcess } from "./process.ts";

const PLAYBOOK = "/usr/bin/ansible-playbook";
const AD_HOC = "/usr/bin/ansible";
const LOOK_TIMEOUT_MS = 30_000;
const MAX_TEXT_BYTES = 4096;

const File = z
  .string()
  .regex(/^\/[\w./+-]+$/, "must be an absolute path")
  .refine((path) => normalize(path) === path && !path.endsWith("/"), "must be a plain path");
const Playbook = File.refine((path) => /\.ya?ml$/.test(path), "must be a playbook, *.yml");

/**
 * Ansible leaves connections open for the next one to take up, and then no host key is looked at (T45). It changes how
 * a host is reached, not what is done there.
 */
const UNSHARED = ["--extra-vars", '{"ansible_control_path":"none"}'];

/** One host by its name: no pattern, and none of the names that mean many. */
const HOST = /^(?!(?:all|ungrouped|localhost)$)[A-Za-z0-9][A-Za-z0-9_.-]{0,252}$/;

/** Ansible reads variables as templates, and a template runs programs here: no brace gets in (T36). */
const Value = z
  .union([z.string(), z.number(), z.boolean()])
  .refine((value) => /^[\w .,:@/+=-]{0,256}$/.test(String(value)), {
    error: "must be plain letters, digits and . , : @ / + = - _",
  });
const Vars = z
  .record(
    z
      .string()
      .regex(/^(?!ansible_)[a-z_][a-z0-9_]{0,62}$/i, "must be a name, and none of ansible's own"),
    Value,
  )
  .default({});

const Action = z.strictObject({ playbook: Playbook, inventory: File, vars: Vars });
const Probe = z.strictObject({ op: z.literal("ping"), inventory: File });
type Action = z.output<typeof Action>;

type Argv = readonly [string, ...string[]];
type ArgvCommand = Extract<Command, { kind: "argv" }>;

/** Playbooks that the runbooks name, each on one host of the inventory; `--check` is its dry run. */
export function createAnsibleExecutor(): Executor {
  const describe = (action: Readonly<Record<string, unknown>>, target: Target) =>
    commandOf(parseWith(Action, action), hostOf(target));
  return {
    name: "ansible",
    describe,
    pin: (action, target) => pin(describe(action, target), hostOf(target)),
    dryRun,
    run,
    describeProbe: (probed, target) => pingOf(parseWith(Probe, probed).inventory, hostOf(target)),
    probe,
    check,
  };
}

function hostOf({ name, host }: Target): string {
  if (HOST.test(host)) return host;
  throw new InvalidAction(`${name} needs one host of Ansible's inventory as host, by its name`);
}

function commandOf({ playbook, inventory, vars }: Action, host: string): ArgvCommand {
  const given =
    Object.keys(vars).length === 0 ? [] : ["--extra-vars", JSON.stringify(sorted(vars))];
  return {
    kind: "argv",
    argv: [PLAYBOOK, "--inventory", inventory, "--limit", host, ...given, playbook],
    // Where its roles and its ansible.cfg are looked for.
    directory: dirname(playbook),
  };
}

function sorted<T>(vars: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(vars).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function pingOf(inventory: string, host: string): ArgvCommand {
  const module = ["--module-name", "ansible.builtin.ping"];
  return {
    kind: "argv",
    argv: [AD_HOC, "--inventory", inventory, ...module, "--one-line", host],
    directory: "/",
  };
}

/** What `--limit` says may be a group: only the inventory knows (T48). */
async function pin(command: ArgvCommand, host: string): Promise<Pinned> {
  const { outcome, output } = await start(command, ["--list-hosts"], {
    timeoutMs: LOOK_TIMEOUT_MS,
  });
  if (outcome !== "succeeded") throw new NothingToDo(`Ansible: ${shortened(output) || outcome}`);
  const hosts = hostsIn(output);
  if (hosts.length === 1 && hosts[0] === host) return { command, detail: null };
  const which = hosts.length === 0 ? "no host" : hosts.toSorted().slice(0, 5).join(", ");
  throw new NothingToDo(`the playbook on ${host} would run on ${which}, and not on ${host} alone`);
}

/** A stored plan is read again here: only what `describe` can have written is ever started. */
function parseOrder(command: Command): ArgvCommand {
  const refused = new InvalidAction("the ansible executor only runs playbooks");
  if (command.kind !== "argv") throw refused;
  const [, , inventory, , host = "", ...rest] = command.argv;
  const playbook = rest.at(-1);
  const vars = rest.length === 3 ? parseVars(rest[1] ?? "") : {};
  const action = Action.safeParse({ playbook, inventory, vars });
  if (!action.success || !HOST.test(host)) throw refused;
  const again = commandOf(action.data, host);
  if (isDeepStrictEqual(again, command)) return again;
  throw refused;
}

function parseVars(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON is nothing that was written here; the schema refuses it.
    return null;
  }
}

/** The words go before the playbook, which is the last. */
async function start(
  { argv, directory }: ArgvCommand,
  words: readonly string[],
  limits: RunLimits,
): Promise<RunResult> {
  const [program, ...rest] = argv;
  const all: Argv = [program, ...UNSHARED, ...words, ...rest];
  return await runProcess({ argv: all, directory, ...limits });
}

async function run(command: Command, limits: RunLimits): Promise<RunResult> {
  const order = parseOrder(command);
  const result = await start(order, [], limits);
  const recap = recapOf(result.output);
  const head = [
    ...(recap === null ? [] : [`${basename(order.argv.at(-1) ?? "")}: ${recap.text}`]),
    ...(result.outcome === "timed_out" || result.outcome === "unknown"
      ? ["Ansible was stopped, but what it started on the host may go on."]
      : []),
  ];
  const text = [...head, result.output.trim()].join("\n");
  const output = firstBytes(text, MAX_TEXT_BYTES);
  return { ...result, output, isTruncated: result.isTruncated || output !== text };
}

async function dryRun(command: Command, limits: RunLimits): Promise<string> {
  const result = await start(parseOrder(command), ["--check"], limits);
  const recap = recapOf(result.output);
  if (result.outcome !== "succeeded") {
    return `with --check it failed: ${recap?.failure ?? (shortened(result.output) || result.outcome)}`;
  }
  if (recap === null) return "with --check it told nothing";
  const what = recap.changing.length === 0 ? "nothing" : recap.changing.join(", ");
  return `with --check it would change ${what} (${recap.text})`;
}

function shortened(output: string): string {
  return firstBytes(output.trim().replaceAll("\n", " "), 500);
}

async function probe(
  probed: Readonly<Record<string, unknown>>,
  target: Target,
): Promise<ProbeResult> {
  const ping = pingOf(parseWith(Probe, probed).inventory, hostOf(target));
  const result = await start(ping, [], { timeoutMs: LOOK_TIMEOUT_MS });
  const said = shortened(result.output);
  if (/ \| SUCCESS /.test(said)) {
    return { status: "found", facts: { reachable: "yes" }, text: `${target.host}: reachable` };
  }
  if (/ \| UNREACHABLE!/.test(said)) {
    return { status: "found", facts: { reachable: "no" }, text: said };
  }
  return { status: "missing", text: said || "Ansible gave no answer." };
}

async function check(): Promise<string> {
  const asked = {
    argv: [PLAYBOOK, "--version"] as const,
    directory: "/",
    timeoutMs: LOOK_TIMEOUT_MS,
  };
  const { outcome, output } = await runProcess(asked);
  const version = /^ansible-playbook \[core [\w.]+\]/.exec(output)?.[0];
  if (outcome === "succeeded" && version !== undefined) return version;
  throw new Error(`Ansible can't be asked: ${shortened(output) || outcome}`);
}
