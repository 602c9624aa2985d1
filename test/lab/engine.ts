import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import { comesTrue, createDirectory, startPeer } from "./peer-process.ts";

export interface Engine {
  /** As DOCKER_HOST names it. */
  readonly host: string;
  /** Starts a busybox container on the host's network. */
  runContainer(name: string, argv: readonly [string, ...string[]]): Promise<void>;
  /** A container that serves one metric at /metrics on this port, and waits until it does. */
  runMetricsContainer(name: string, port: number): Promise<void>;
  /** As `inspect` has it: running, exited, … */
  state(name: string): Promise<string>;
  idOf(name: string): Promise<string>;
  stopContainer(name: string): Promise<void>;
  startContainer(name: string): Promise<void>;
  /** Stops the engine and every container, and removes all of it. */
  stop(): Promise<void>;
}

const IMAGE = "localhost/lab:1";
const APPLETS = ["sh", "sleep", "httpd", "cat", "ls", "echo"];
const run = promisify(execFile);

/** A real container engine with Docker's API on a socket of its own; nothing is shared with the machine's. */
export async function startEngine(): Promise<Engine> {
  const directory = await createDirectory("engine");
  const socket = join(directory, "docker.sock");
  const podman = [
    "/usr/bin/podman",
    `--root=${join(directory, "root")}`,
    `--runroot=${join(directory, "run")}`,
    `--tmpdir=${join(directory, "tmp")}`,
    "--storage-driver=vfs",
    "--cgroup-manager=cgroupfs",
    "--runtime=/usr/sbin/runc",
  ] as const;
  const [program, ...flags] = podman;
  const call = async (...args: string[]) =>
    (await run(program, [...flags, ...args], { timeout: 30_000 })).stdout.trim();

  const cleanup = join(directory, "cleanup");
  await writeFile(cleanup, cleanupScript(podman.join(" "), directory));
  await chmod(cleanup, 0o755);
  await call("import", await packImage(directory), IMAGE);
  const peer = await startPeer({
    directory,
    argv: [...podman, "system", "service", "--time=0", `unix://${socket}`],
    cleanup,
    isReady: () => isAnswering({ socketPath: socket, path: "/_ping" }),
  });

  const runContainer = async (name: string, argv: readonly [string, ...string[]]) => {
    const limits = ["--ulimit=nofile=1000:1000", "--ulimit=nproc=1000:1000"];
    await call("run", "--detach", `--name=${name}`, "--network=host", ...limits, IMAGE, ...argv);
  };
  return {
    host: `unix://${socket}`,
    runContainer,
    async runMetricsContainer(name, port) {
      await runContainer(name, ["/bin/httpd", "-f", "-p", `127.0.0.1:${port}`, "-h", "/www"]);
      const isUp = await comesTrue(
        () => isAnswering({ host: "127.0.0.1", port, path: "/metrics" }),
        10_000,
      );
      if (!isUp) throw new Error(`container ${name} does not serve /metrics`);
    },
    state: (name) => call("inspect", "--format={{.State.Status}}", name),
    idOf: (name) => call("inspect", "--format={{.Id}}", name),
    async stopContainer(name) {
      await call("stop", "--time=0", name);
    },
    async startContainer(name) {
      await call("start", name);
    },
    stop: peer.stop,
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

/** An image needs no registry: a static busybox, a few links, one page. */
async function packImage(directory: string): Promise<string> {
  const content = join(directory, "image");
  await mkdir(join(content, "bin"), { recursive: true });
  await mkdir(join(content, "www"));
  await copyFile("/bin/busybox", join(content, "bin/busybox"));
  for (const applet of APPLETS) await symlink("busybox", join(content, "bin", applet));
  await writeFile(join(content, "www/metrics"), "# TYPE lab_up gauge\nlab_up 1\n");

  const archive = join(directory, "image.tar");
  await run("/bin/tar", ["-C", content, "-cf", archive, "."]);
  return archive;
}

function isAnswering(address: {
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  readonly path: string;
}): Promise<boolean> {
  return new Promise((resolve) => {
    const outgoing = request({ ...address, timeout: 1000 }, (incoming) => {
      incoming.resume();
      resolve(incoming.statusCode === 200);
    });
    outgoing.once("timeout", () => outgoing.destroy());
    outgoing.once("error", () => resolve(false));
    outgoing.end();
  });
}
