import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const READY_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 2;

/** A program under measurement, in a folder of its own. */
export interface Running {
  readonly url: string;
  readonly pid: number;
  /** From the start of the process to its first healthy answer. */
  readonly readyMs: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const alive = new Set<ChildProcess>();
const folders = new Set<string>();

/** However this process ends, it leaves nothing running and nothing behind. */
process.once("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "countersign-bench-"));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

export async function start(options: {
  readonly argv: readonly [string, ...string[]];
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly url: string;
  readonly readyPath: string;
}): Promise<Running> {
  const { argv, folder, url, readyPath } = options;
  const log = join(folder, "output.log");
  const output = openSync(log, "a");
  const since = performance.now();
  const child = spawn(argv[0], argv.slice(1), {
    cwd: folder,
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: folder, ...options.env },
    stdio: ["ignore", output, output],
  });
  alive.add(child);
  const ended = new Promise<void>((resolve) =>
    child.once("close", () => {
      alive.delete(child);
      resolve();
    }),
  );
  while (!(await answersOk(`${url}${readyPath}`))) {
    if (child.exitCode !== null || performance.now() - since > READY_WITHIN_MS) {
      child.kill("SIGKILL");
      const said = existsSync(log) ? readFileSync(log, "utf8").slice(-3000) : "";
      throw new Error(`${argv.join(" ")} did not become ready:\n${said}`);
    }
    await sleep(LOOK_EVERY_MS);
  }
  return {
    url,
    pid: child.pid ?? 0,
    readyMs: performance.now() - since,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      await ended;
    },
  };
}

/** The lightest question there is: `fetch` would cost the machine more than the answer does. */
function answersOk(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false }, (response) => {
      response.resume();
      response.once("close", () => resolve(response.statusCode === 200));
    });
    request.once("error", () => resolve(false));
  });
}

const threads = new Map<number, Map<string, number>>();

/**
 * Of all threads, to the nanosecond: the usual counters only know hundredths of a second. What a thread took until it
 * was last seen stays counted when it ends, so that this never goes back.
 */
export function processorNs(pid: number): number {
  const seen = threads.get(pid) ?? new Map<string, number>();
  threads.set(pid, seen);
  for (const thread of readdirSync(`/proc/${pid}/task`)) seen.set(thread, nsOf(pid, thread));
  return [...seen.values()].reduce((sum, ns) => sum + ns, 0);
}

function nsOf(pid: number, thread: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  } catch {
    // It ended between the two looks.
    return 0;
  }
}
