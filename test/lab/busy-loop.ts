import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { comesTrue } from "./peer-process.ts";

export interface BusyLoop {
  readonly pid: number;
  /** Its own, in all of this machine. */
  readonly name: string;
  isThere(): boolean;
}

/** No user of this number has to exist. */
export const MEDIA = 12_345;

let count = 0;

/**
 * A shell under a name of its own that keeps one processor busy as an ordinary user. It is nobody's child, as
 * what people start is not a child of this program, and it is gone when the test has ended.
 */
export async function startBusyLoop({
  uid = MEDIA,
  before = "",
}: {
  uid?: number;
  before?: string;
} = {}): Promise<BusyLoop> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-busy-"));
  chmodSync(folder, 0o755);
  count += 1;
  const name = `loop${process.pid}.${count}`;
  const program = join(folder, name);
  copyFileSync("/bin/sh", program);
  chmodSync(program, 0o755);

  const script = `${before} while :; do :; done`;
  const starter = ["-c", '"$0" -c "$1" </dev/null >/dev/null 2>&1 & echo $!', program, script];
  const { stdout } = spawnSync("/bin/sh", starter, { uid, gid: uid, cwd: "/", encoding: "utf8" });
  const pid = Number(stdout.trim());
  if (!Number.isInteger(pid) || pid < 2) throw new Error("the loop did not start");

  const isThere = () => isRunning(pid, name);
  onTestFinished(() => {
    if (isThere()) process.kill(pid, "SIGKILL");
    rmSync(folder, { recursive: true });
  });
  if (!(await comesTrue(() => Promise.resolve(isThere()), 5000))) throw new Error("no loop");
  return { pid, name, isThere };
}

function isRunning(pid: number, name: string): boolean {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return false;
  const stat = readFileSync(file, "utf8");
  return stat.startsWith(`${pid} (${name}) `) && !stat.includes(") Z ");
}
