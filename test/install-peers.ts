import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { env } from "node:process";
import { havePeer, isInstalled, isRoot, PEERS, packagesOf } from "./peers.ts";

const LOG = "test-results/install-peers.log";
const UPDATE_TIMEOUT_MS = 120_000;
const INSTALL_TIMEOUT_MS = 420_000;

/** Before all tests: installs the peers that are missing where that is possible, names the others. */
export function setup(): void {
  const missing = PEERS.filter((peer) => !isInstalled(peer));
  if (missing.length > 0 && mayInstall()) install(packagesOf(missing));

  for (const peer of PEERS.filter((candidate) => !havePeer(candidate))) {
    const why = isInstalled(peer)
      ? "is installed, but its tests need root"
      : `is not installed (apt-get install ${packagesOf([peer]).join(" ")})`;
    process.stdout.write(`skipped: ${peer} ${why}\n`);
  }
}

function mayInstall(): boolean {
  // biome-ignore lint/style/noProcessEnv: a switch of the tests, not a setting of the program
  return env.COUNTERSIGN_TEST_PEERS !== "none" && isRoot() && existsSync("/usr/bin/apt-get");
}

function install(packages: readonly string[]): void {
  mkdirSync("test-results", { recursive: true });
  const log = openSync(LOG, "a");
  process.stdout.write(`installing ${packages.join(" ")} for the tests (log: ${LOG})\n`);
  aptGet(["update"], log, UPDATE_TIMEOUT_MS);
  const isDone = aptGet(
    ["install", "-y", "--no-install-recommends", ...packages],
    log,
    INSTALL_TIMEOUT_MS,
  );
  // One package that can't be had must not take the others with it.
  if (!isDone) {
    for (const name of packages) {
      aptGet(["install", "-y", "--no-install-recommends", name], log, INSTALL_TIMEOUT_MS);
    }
  }
  closeSync(log);
}

function aptGet(args: readonly string[], log: number, timeoutMs: number): boolean {
  const result = spawnSync("/usr/bin/apt-get", ["-o", "DPkg::Lock::Timeout=60", ...args], {
    env: { ...env, DEBIAN_FRONTEND: "noninteractive" },
    stdio: ["ignore", log, log],
    timeout: timeoutMs,
  });
  return result.status === 0;
}
