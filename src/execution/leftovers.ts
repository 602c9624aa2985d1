import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** Every process of a run inherits this variable, also one that leaves the process group. */
export const RUN_TAG = "COUNTERSIGN_RUN";

const SWEEP_PAUSE_MS = 20;
const MAX_SWEEPS = 50;

/**
 * Kills what is left of a run, found by its tag in /proc. It sweeps until a sweep finds nothing,
 * because a process can fork between being listed and being killed.
 */
export async function killTagged(runId: string): Promise<void> {
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep += 1) {
    const pids = await findTagged(runId);
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
    await delay(SWEEP_PAUSE_MS);
  }
}

async function findTagged(runId: string): Promise<number[]> {
  const entries = await readdir("/proc").catch(() => []);
  const pids = entries.map(Number).filter((pid) => Number.isInteger(pid) && pid !== process.pid);
  const isTagged = await Promise.all(pids.map((pid) => carries(pid, `${RUN_TAG}=${runId}`)));
  return pids.filter((_, index) => isTagged[index]);
}

async function carries(pid: number, variable: string): Promise<boolean> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, "latin1");
    return environment.split("\0").includes(variable);
  } catch {
    // It has just ended, or belongs to another user and can't be ours.
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself between the sweep and here.
  }
}
