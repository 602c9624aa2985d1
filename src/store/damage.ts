import { writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { DatabaseUnusable } from "./open.ts";
import { damaged, isCheckedAtOnce, markOf } from "./open.ts";

const OWN_WORKER = new URL(
  `./damage-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`,
  import.meta.url,
);

/**
 * Looks through a file that is too large to be checked at the start, in a thread of its own. What it finds keeps the file
 * from being opened again.
 */
export async function findDamage(
  path: string,
  worker: URL = OWN_WORKER,
): Promise<DatabaseUnusable | null> {
  if (isCheckedAtOnce(path)) return null;
  const verdict = await new Promise<string | null>((resolve, reject) => {
    const thread = new Worker(worker, { workerData: path });
    thread.unref();
    thread.once("message", resolve);
    thread.once("error", reject);
  });
  if (verdict === null) return null;
  writeFileSync(markOf(path), `${verdict}\n`, { mode: 0o600 });
  return damaged(path, verdict);
}
