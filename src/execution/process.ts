import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { cleanOutput, firstBytes } from "./clean-output.ts";
import type { RunResult } from "./execution.ts";
import { killTagged, RUN_TAG } from "./leftovers.ts";
import type { OutputPipe } from "./output-pipe.ts";
import { closeWriteEnd, openOutputPipe } from "./output-pipe.ts";

export interface ProcessOptions {
  readonly argv: readonly [string, ...string[]];
  readonly directory: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly maxOutputBytes?: number;
  readonly graceMs?: number;
}

/** A process that ended has let go of its pipes; one we may not kill can hold them open for ever. */
const DRAIN_MS = 200;
/** After SIGKILL only another user's process, or one stuck in the kernel, is still there. */
const ABANDON_MS = 1000;

type Exit = { readonly code: number | null };
type Ending = "exited" | "deadline" | "aborted";

/**
 * The only starter of processes. No shell, an absolute program, an empty environment, a fixed
 * directory, no input, a deadline, an output cap. Never rejects: the result says what happened.
 *
 * Nothing outlives the run: when the program ends, so does everything it started, daemons that
 * left its process group included. A fix that has to leave a daemon behind asks the service
 * manager for it. Beyond our reach are only processes of another user and those that wiped
 * their environment *and* left the group.
 */
export async function runProcess(options: ProcessOptions): Promise<RunResult> {
  const refusal = refusalOf(options);
  if (refusal !== null) return notStarted(refusal);

  const runId = randomUUID();
  const pipe = await openOutputPipe(runId);
  const startedAt = performance.now();
  const child = start(options, runId, pipe);
  closeWriteEnd(pipe);
  if (child instanceof Error) {
    pipe?.readEnd.destroy();
    return notStarted(startErrorText(options.argv[0], child));
  }

  const streams = [pipe?.readEnd, child.stdout, child.stderr].filter((stream) => stream != null);
  const output = collectOutput(streams, options.maxOutputBytes ?? 64 * 1024);
  const guard = guardRun(child, options, runId);
  const exit = await Promise.race([exitOf(child), guard.abandoned]);
  const ending = guard.end();

  signalGroup(child, "SIGKILL");
  await killTagged(runId);
  await Promise.race([output.closed, delay(DRAIN_MS)]);
  for (const stream of streams) stream.destroy();
  child.unref();
  if (exit instanceof Error) return notStarted(startErrorText(options.argv[0], exit));

  return {
    outcome: outcomeOf(ending, exit.code),
    exitCode: exit.code,
    ...output.read(),
    durationMs: Math.round(performance.now() - startedAt),
  };
}

function refusalOf({ argv, directory }: ProcessOptions): string | null {
  const [program] = argv;
  if (!isAbsolute(program)) return `${program} was not started: it is not an absolute path.`;
  if ([...argv, directory].some((argument) => argument.includes("\0"))) {
    return `${program} was not started: an argument holds a NUL character.`;
  }
  // A missing directory and a missing program are the same error to spawn.
  if (!isDirectory(directory)) {
    return `${program} was not started: the directory ${directory} does not exist.`;
  }
  return null;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Not there, or not ours to enter: either way nothing can start in it.
    return false;
  }
}

function start(
  { argv, directory, signal }: ProcessOptions,
  runId: string,
  pipe: OutputPipe | null,
): ChildProcess | Error {
  const [program, ...args] = argv;
  if (signal?.aborted) return new Error("it was stopped before");
  try {
    return spawn(program, args, {
      shell: false,
      detached: true,
      cwd: directory,
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8", [RUN_TAG]: runId },
      stdio: ["ignore", pipe?.writeEnd ?? "pipe", pipe?.writeEnd ?? "pipe"],
    });
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

function exitOf(child: ChildProcess): Promise<Exit | Error> {
  return new Promise((resolve) => {
    child.once("error", resolve);
    child.once("exit", (code) => resolve({ code }));
  });
}

/** Stops the run at its deadline or when asked to: SIGTERM for all of it, SIGKILL after the grace. */
function guardRun(
  child: ChildProcess,
  { timeoutMs, signal, graceMs = 2000 }: ProcessOptions,
  id: string,
) {
  let ending: Ending = "exited";
  let killTimer: NodeJS.Timeout | undefined;
  let abandonTimer: NodeJS.Timeout | undefined;
  let abandon = (_exit: Exit) => {};
  const abandoned = new Promise<Exit>((resolve) => {
    abandon = resolve;
  });

  const stop = (why: Ending) => {
    if (ending !== "exited") return;
    ending = why;
    signalGroup(child, "SIGTERM");
    killTimer = setTimeout(() => {
      signalGroup(child, "SIGKILL");
      void killTagged(id);
      abandonTimer = setTimeout(() => abandon({ code: null }), ABANDON_MS);
    }, graceMs);
  };
  const onAbort = () => stop("aborted");
  const deadline = setTimeout(() => stop("deadline"), timeoutMs);
  signal?.addEventListener("abort", onAbort, { once: true });

  return {
    abandoned,
    end(): Ending {
      for (const timer of [deadline, killTimer, abandonTimer]) clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      return ending;
    },
  };
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // ESRCH: the group is empty, which is what we want. EPERM: it runs as somebody else.
  }
}

/** Keeps what came first; the rest is read and dropped, so that a chatty program is not blocked. */
function collectOutput(streams: readonly Readable[], maxBytes: number) {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isCut = false;

  const take = (data: Buffer) => {
    const kept = data.subarray(0, maxBytes - bytes);
    isCut ||= kept.length < data.length;
    bytes += kept.length;
    if (kept.length > 0) chunks.push(kept);
  };
  for (const stream of streams) stream.on("data", take);

  return {
    closed: Promise.all(streams.map((stream) => new Promise((done) => stream.once("close", done)))),
    /** What has come until now. */
    read(): Pick<RunResult, "output" | "isTruncated"> {
      const cleaned = cleanOutput(decode(Buffer.concat(chunks), isCut));
      // Bytes that are no UTF-8 grow when decoded, so the cap is applied to the text as well.
      const output = firstBytes(cleaned, maxBytes);
      return { output, isTruncated: isCut || output.length < cleaned.length };
    },
  };
}

/** As `stream`, a last character that was cut in half is left out. */
function decode(bytes: Buffer, isCut: boolean): string {
  return new TextDecoder().decode(bytes, { stream: isCut });
}

function outcomeOf(ending: Ending, exitCode: number | null): RunResult["outcome"] {
  switch (ending) {
    case "deadline":
      return "timed_out";
    case "aborted":
      return "unknown";
    case "exited":
      return exitCode === 0 ? "succeeded" : "failed";
  }
}

function notStarted(output: string): RunResult {
  const text = cleanOutput(output);
  return { outcome: "failed", exitCode: null, output: text, isTruncated: false, durationMs: 0 };
}

function startErrorText(program: string, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ENOENT":
      return `${program} was not started: it, or the interpreter it names, does not exist here.`;
    case "EACCES":
      return `${program} was not started: this user may not execute it.`;
    case "E2BIG":
      return `${program} was not started: its arguments are too long.`;
    default:
      return `${program} was not started: ${error.code ?? error.message}.`;
  }
}
