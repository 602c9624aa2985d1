import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/**
 * A keeper shell runs the peer and waits for the end of its own input. However this process ends,
 * that input ends with it, and the keeper stops the peer and removes its directory.
 */
const KEEPER = `
directory=$1; cleanup=$2; shift 2
"$@" </dev/null >"$directory/peer.log" 2>&1 &
peer=$!
echo "$peer" >"$directory/peer.pid"
cat >/dev/null
kill -KILL "$peer" 2>/dev/null
wait "$peer" 2>/dev/null
[ -z "$cleanup" ] || "$cleanup" >/dev/null 2>&1 </dev/null
rm -rf -- "$directory"
`;

export interface PeerProcess {
  /** Everything the peer has written so far. */
  log(): string;
  stop(): Promise<void>;
}

export interface PeerOptions {
  readonly directory: string;
  readonly argv: readonly [string, ...string[]];
  /** Asked again and again until it says true. */
  readonly isReady: () => Promise<boolean>;
  /** A program to run after the peer was killed, before its directory goes. */
  readonly cleanup?: string;
  readonly readyTimeoutMs?: number;
}

export async function startPeer(options: PeerOptions): Promise<PeerProcess> {
  const { directory, argv, cleanup = "" } = options;
  const keeper = spawn("/bin/sh", ["-c", KEEPER, "keeper", directory, cleanup, ...argv], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const ended = new Promise<void>((resolve) => keeper.once("exit", () => resolve()));
  const peer: PeerProcess = {
    log: () => readFileSync(join(directory, "peer.log"), "utf8"),
    stop() {
      keeper.stdin.end();
      return ended;
    },
  };

  let isReady = false;
  await comesTrue(async () => {
    isReady = await options.isReady();
    return isReady || hasEnded(directory);
  }, options.readyTimeoutMs ?? 20_000);
  if (isReady) return peer;
  const log = peer.log();
  await peer.stop();
  throw new Error(`${argv[0]} did not become ready:\n${log.slice(-4000)}`);
}

function hasEnded(directory: string): boolean {
  const pidFile = join(directory, "peer.pid");
  const pid = existsSync(pidFile) ? readFileSync(pidFile, "utf8").trim() : "";
  if (pid === "") return false;
  try {
    return /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    // No such process any more.
    return true;
  }
}

/** Waits for a condition of the real world; false when it has not come true in time. */
export async function comesTrue(
  condition: () => Promise<boolean>,
  timeoutMs: number,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    if (await condition()) return true;
    await delay(50);
  }
  return false;
}

export async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

export function createDirectory(peer: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `countersign-lab-${peer}-`));
}

export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === "object") resolve(address.port);
        else reject(new Error("no free port"));
      });
    });
  });
}
