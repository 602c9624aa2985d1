import { execFile } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export type Argv = readonly [string, ...string[]];

export interface Podman {
  /** The program with the flags that every call needs. */
  readonly argv: Argv;
  /** A program that stops and removes every container. */
  readonly cleanup: string;
  call(...args: readonly string[]): Promise<string>;
}

/** Without them the engine asks for more than a machine inside another one has. */
export const LIMITS = ["--ulimit=nofile=1000:1000", "--ulimit=nproc=1000:1000"] as const;

/** A container engine with all its files in this directory; nothing is shared with the machine's. */
export async function createPodman(directory: string): Promise<Podman> {
  const argv = [
    "/usr/bin/podman",
    `--root=${join(directory, "root")}`,
    `--runroot=${join(directory, "run")}`,
    `--tmpdir=${join(directory, "tmp")}`,
    "--storage-driver=vfs",
    "--cgroup-manager=cgroupfs",
    "--runtime=/usr/sbin/runc",
  ] as const;
  const [program, ...flags] = argv;

  const cleanup = join(directory, "cleanup");
  await writeFile(cleanup, cleanupScript(argv.join(" "), directory));
  await chmod(cleanup, 0o755);
  return {
    argv,
    cleanup,
    call: async (...args) =>
      (await run(program, [...flags, ...args], { timeout: 180_000 })).stdout.trim(),
  };
}

/** The engine tidies up behind each container in processes of its own, which would write files anew. */
function cleanupScript(podman: string, directory: string): string {
  return `#!/bin/sh
${podman} rm --force --all --time 0
n=0
while [ $n -lt 50 ] && pgrep -f "^/usr/bin/(conmon|podman) .*${directory}/"; do
  n=$((n + 1))
  sleep 0.1
done
`;
}
