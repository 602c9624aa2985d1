import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Command, ProcessIdentity } from "../remediation/proposal.ts";
import type { Choice } from "./choose-busiest.ts";
import { called, chooseBusiest, refusalOf } from "./choose-busiest.ts";
import { cleanOutput } from "./clean-output.ts";
import type { Executor, Pinned, ProbeResult, RunLimits, RunResult } from "./execution.ts";
import { InvalidAction, NothingToDo } from "./execution.ts";
import { parseWith } from "./parse-with.ts";
import type { ProcessEntry } from "./process-table.ts";
import {
  lookAtProcess,
  maySignalOthers,
  measureProcesses,
  readBootId,
  readUidRange,
  seesOthers,
  userNameOf,
} from "./process-table.ts";

const WINDOW_MS = 1000;
const POLL_MS = 50;
/** After SIGKILL only what is stuck in the kernel is still there. */
const ABANDON_MS = 2000;
const MOST_GRACE_MS = 300_000;

const Name = z
  .string()
  .regex(
    /^[a-zA-Z0-9][a-zA-Z0-9_.:+-]{0,14}$/,
    "must be the exact name of a process as ps -eo comm shows it, at most 15 characters; no paths, no patterns",
  );

const Among = z
  .array(Name, { error: "must be a list of process names" })
  .min(1, "must name at least one process")
  .max(50, "must name at most 50 processes");

const Grace = z
  .string({ error: "must be a duration such as 10s" })
  .regex(/^\d{1,3}[sm]$/, "must be a duration such as 10s")
  .transform((text) => Number.parseInt(text, 10) * (text.endsWith("m") ? 60_000 : 1000))
  .refine((ms) => ms > 0 && ms <= MOST_GRACE_MS, "must be between 1s and 5m");

const Action = z.strictObject({
  op: z.literal("stop_busiest"),
  among: Among,
  grace: Grace.default(10_000),
  /** SIGKILL for what is still there after the grace. */
  kill: z.boolean().default(false),
});

const Probe = z.strictObject({ op: z.literal("busiest"), among: Among });

/** What a plan has to say before anything is sent. */
const Order = z.strictObject({
  kind: z.literal("signals"),
  signals: z.union([
    z.tuple([z.literal("SIGTERM")]),
    z.tuple([z.literal("SIGTERM"), z.literal("SIGKILL")]),
  ]),
  graceMs: z.int().positive().max(MOST_GRACE_MS),
  among: Among,
  process: z.strictObject({
    pid: z.int().min(2),
    name: Name,
    user: z.string(),
    uid: z.int().min(1),
    startTicks: z.string().regex(/^\d+$/),
    bootId: z.string().min(1),
  }),
});
type Order = z.infer<typeof Order>;

type Signals = Extract<Command, { kind: "signals" }>;

/** Busy processes of this machine that belong to people; root's and the system's are never touched. */
export function createProcessExecutor(): Executor {
  return { name: "process", describe, pin, run, describeProbe, probe, check };
}

function describe(action: Readonly<Record<string, unknown>>): Signals {
  const { among, grace, kill } = parseWith(Action, action);
  const signals = kill ? (["SIGTERM", "SIGKILL"] as const) : (["SIGTERM"] as const);
  return { kind: "signals", signals, graceMs: grace, among, process: null };
}

function describeProbe(probed: Readonly<Record<string, unknown>>): Command {
  const { among } = parseWith(Probe, probed);
  return { kind: "signals", signals: [], graceMs: 0, among, process: null };
}

async function pin(action: Readonly<Record<string, unknown>>): Promise<Pinned> {
  const command = describe(action);
  const choice = await lookForBusiest(parseWith(Action, action).among);
  if (!choice.ok) throw new NothingToDo(choice.text);
  return { command: { ...command, process: identityOf(choice.process) }, detail: choice.text };
}

function identityOf({ pid, name, uids, startTicks }: ProcessEntry): ProcessIdentity {
  const uid = uids[0] ?? 0;
  return { pid, name, user: userNameOf(uid), uid, startTicks, bootId: readBootId() };
}

async function lookForBusiest(among: readonly string[]): Promise<Choice> {
  const measured = await measureProcesses(WINDOW_MS);
  const choice = chooseBusiest(measured, { ...surroundings(), among });
  if (choice.ok || seesOthers()) return choice;
  return { ok: false, text: `${HIDDEN}.` };
}

const HIDDEN =
  "This user sees no processes but its own: set ProtectProc=default in the service, or mount /proc without hidepid";

function surroundings() {
  return { people: readUidRange(), self: process.pid, userNameOf };
}

async function run(command: Command, limits: RunLimits): Promise<RunResult> {
  const order = parseOrder(command);
  const startedAt = performance.now();
  const [outcome, text] = await carryOut(order, limits);
  const durationMs = Math.round(performance.now() - startedAt);
  return { outcome, exitCode: null, output: cleanOutput(text), isTruncated: false, durationMs };
}

/** A stored plan is read again here: only what `pin` can have written is ever sent. */
function parseOrder(command: Command): Order {
  const parsed = Order.safeParse(command);
  if (parsed.success && parsed.data.among.includes(parsed.data.process.name)) return parsed.data;
  throw new InvalidAction(
    "the process executor only stops one process that its plan names exactly",
  );
}

type Ending = readonly [RunResult["outcome"], string];

async function carryOut({ process, signals, graceMs }: Order, limits: RunLimits): Promise<Ending> {
  const who = called(process);
  const deadline = performance.now() + limits.timeoutMs;
  if (limits.signal?.aborted === true)
    return ["failed", `${who} was left alone: nothing was sent.`];
  const refusal = signalExactly(process, "SIGTERM");
  if (refusal !== null) return ["failed", `${refusal} Nothing was changed.`];

  const sentAt = performance.now();
  const wait = (ms: number) =>
    untilOver(process, Math.min(performance.now() + ms, deadline), limits.signal);
  const seconds = () => ((performance.now() - sentAt) / 1000).toFixed(1);
  const cutShort = (sent: string): Ending | null => {
    const isLate = performance.now() >= deadline;
    if (!isLate && limits.signal?.aborted !== true) return null;
    const text = `${who} has been sent ${sent} and was still there when the wait was cut short.`;
    return [isLate ? "timed_out" : "unknown", text];
  };

  if (await wait(graceMs)) return ["succeeded", `${who} ended ${seconds()} s after SIGTERM.`];
  const early = cutShort("SIGTERM");
  if (early !== null) return early;
  if (!signals.some((signal) => signal === "SIGKILL")) {
    const text = `${who} is still there ${seconds()} s after SIGTERM. Nothing more was done: "kill: true" in the runbook would let SIGKILL follow.`;
    return ["failed", text];
  }

  const killRefusal = signalExactly(process, "SIGKILL");
  if (killRefusal !== null && !isOver(process)) return ["failed", killRefusal];
  if (await wait(ABANDON_MS)) {
    return ["succeeded", `${who} did not end by SIGTERM and was killed after ${seconds()} s.`];
  }
  const text = `${who} is still there after SIGKILL: it is stuck in the kernel, mostly on a disk or a network share.`;
  return cutShort("SIGKILL") ?? ["failed", text];
}

/**
 * Sends a signal to this very process, or says why not. The look and the signal are one turn of the event loop: for
 * the pid to be another's by then, the kernel would have to hand out all others in between.
 */
function signalExactly(meant: ProcessIdentity, signal: "SIGTERM" | "SIGKILL"): string | null {
  const found = lookAtProcess(meant.pid);
  const refusal = strangenessOf(meant, found);
  if (refusal !== null) return refusal;
  try {
    process.kill(meant.pid, signal);
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ESRCH") return `${called(meant)} has just ended by itself.`;
    if (code !== "EPERM") throw error;
    return `This user (${ownName()}) may not stop ${called(meant)}, which belongs to ${meant.user}. ${RIGHT}.`;
  }
}

const RIGHT =
  "Give the service AmbientCapabilities=CAP_KILL and CapabilityBoundingSet=CAP_KILL, or run it as that user";

function strangenessOf(meant: ProcessIdentity, found: ProcessEntry | null): string | null {
  const who = called(meant);
  if (readBootId() !== meant.bootId) return `This machine was started anew since ${who} was shown.`;
  if (found === null || found.isOver) return `${who} has ended by itself.`;
  if (found.startTicks !== meant.startTicks) {
    return `${who} has ended by itself; its pid now belongs to another process, ${found.name}.`;
  }
  if (found.name !== meant.name || found.uids[0] !== meant.uid) {
    return `${who} has become ${found.name} of ${userNameOf(found.uids[0] ?? 0)} since it was shown.`;
  }
  const refusal = refusalOf(found, lineage(found), surroundings());
  return refusal === null ? null : `${refusal}.`;
}

/** This process and the one that is meant, each with all that came before it. */
function lineage(found: ProcessEntry): ProcessEntry[] {
  const entries: ProcessEntry[] = [found];
  for (const from of [found.ppid, process.pid]) {
    let entry = lookAtProcess(from);
    while (entry !== null && entries.every(({ pid }) => pid !== entry?.pid)) {
      entries.push(entry);
      entry = lookAtProcess(entry.ppid);
    }
  }
  return entries;
}

function isOver({ pid, startTicks }: ProcessIdentity): boolean {
  const found = lookAtProcess(pid);
  return found === null || found.isOver || found.startTicks !== startTicks;
}

async function untilOver(
  meant: ProcessIdentity,
  until: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  while (!isOver(meant)) {
    if (performance.now() >= until || signal?.aborted === true) return false;
    await delay(Math.max(1, Math.min(POLL_MS, until - performance.now())));
  }
  return true;
}

async function probe(probed: Readonly<Record<string, unknown>>): Promise<ProbeResult> {
  const choice = await lookForBusiest(parseWith(Probe, probed).among);
  if (!choice.ok) return { status: "found", facts: { found: "no" }, text: choice.text };
  const { pid, name, uids, share } = choice.process;
  return {
    status: "found",
    facts: {
      found: "yes",
      name,
      pid: String(pid),
      user: userNameOf(uids[0] ?? 0),
      cpu_percent: String(Math.round(share * 100)),
    },
    text: choice.text,
  };
}

function check(): Promise<string> {
  if (!seesOthers()) return Promise.reject(new Error(HIDDEN));
  const uid = process.geteuid?.() ?? 0;
  const { least, most } = readUidRange();
  if (maySignalOthers()) {
    return Promise.resolve(`may stop processes of the users ${least} to ${most}`);
  }
  if (uid >= least && uid <= most) {
    return Promise.resolve(`may stop processes of ${ownName()} only`);
  }
  return Promise.reject(new Error(`${ownName()} may not stop anybody's processes. ${RIGHT}`));
}

function ownName(): string {
  return userNameOf(process.geteuid?.() ?? 0);
}
