import { execFile } from "node:child_process";
import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import { comesTrue, createDirectory, startPeer } from "./peer-process.ts";
import { createPodman, LIMITS } from "./podman.ts";

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
  const podman = await createPodman(directory);
  const { call } = podman;

  await call("import", await packImage(directory), IMAGE);
  const peer = await startPeer({
    directory,
    argv: [...podman.argv, "system", "service", "--time=0", `unix://${socket}`],
    cleanup: podman.cleanup,
    isReady: () => isAnswering({ socketPath: socket, path: "/_ping" }),
  });

  const runContainer = async (name: string, argv: readonly [string, ...string[]]) => {
    await call("run", "--detach", `--name=${name}`, "--network=host", ...LIMITS, IMAGE, ...argv);
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
