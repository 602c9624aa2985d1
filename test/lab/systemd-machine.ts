import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { createDirectory, startPeer } from "./peer-process.ts";
import { createPodman, LIMITS } from "./podman.ts";

/** A machine with systemd as its first process, and this program on it. */
export interface Machine {
  /** Runs a program as root, its output trimmed. */
  execute(...argv: readonly string[]): Promise<string>;
  executeAs(user: User, ...argv: readonly string[]): Promise<string>;
  /** What the built executor answers when it runs on the machine as this user. */
  ask(user: User, question: Question): Promise<Answer>;
  /** Writes a unit file and has systemd read it. */
  install(unit: string, text: string): Promise<void>;
  /** Writes a file, with the folders above it, that everybody may read. */
  write(path: string, text: string): Promise<void>;
  /** What runs a program there, as root, from the machine underneath. */
  readonly entrance: readonly string[];
  /** Gives polkit these rules and waits until it has read them. */
  addRules(file: string): Promise<void>;
  stop(): Promise<void>;
}

export type User = "root" | "countersign";

export interface Question {
  readonly call: "run" | "probe" | "check";
  readonly with?: Readonly<Record<string, unknown>>;
  readonly timeoutMs?: number;
}

export type Answer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string };

const NAME = "machine";
const PROGRAM = "/srv/countersign";
const NODE = "/usr/local/bin/node";
const run = promisify(execFile);

/** The program as it is built, asked as `serve` would ask it. */
const ASK = `
import { createSsh } from "${PROGRAM}/dist/execution/ssh-transport.js";
import { createSystemdExecutor } from "${PROGRAM}/dist/execution/systemd.js";
const question = JSON.parse(process.argv[1]);
const executor = createSystemdExecutor(createSsh({ config: null, knownHosts: null }));
const target = { name: "lab", host: "localhost", executor: "systemd", directory: "/" };
const calls = {
  run: () => executor.run(executor.describe(question.with, target), { timeoutMs: question.timeoutMs ?? 20000 }),
  probe: () => executor.probe(question.with, target),
  check: () => executor.check(),
};
const answer = await calls[question.call]().then(
  (value) => ({ ok: true, value }),
  (error) => ({ ok: false, message: error.message }),
);
console.log(JSON.stringify(answer));
`;

/** On the network of the machine underneath, its ports are ours; else it has none. */
export interface MachineOptions {
  readonly network?: "none" | "host";
  /** More files and folders of ours, each where it shall lie: `from:to`, never written to. */
  readonly files?: readonly string[];
  /** Without the user that the tests of single parts run as. */
  readonly isBare?: boolean;
}

export async function startMachine(
  archive: string,
  { network = "none", files = [], isBare = false }: MachineOptions = {},
): Promise<Machine> {
  const directory = await createDirectory("systemd");
  const rootfs = join(directory, "rootfs");
  await mkdir(rootfs);
  await run("/bin/tar", ["-C", rootfs, "--numeric-owner", "-xpf", archive]);

  const podman = await createPodman(directory);
  const execute = (...argv: readonly string[]) => podman.call("exec", NAME, ...argv);
  const volumes = [
    `${resolve(".")}:${PROGRAM}:ro`,
    `${process.execPath}:${NODE}:ro`,
    ...files.map((file) => `${file}:ro`),
  ];
  const peer = await startPeer({
    directory,
    argv: [
      ...podman.argv,
      ...["run", `--name=${NAME}`, "--systemd=always", `--network=${network}`, ...LIMITS],
      ...volumes.map((volume) => `--volume=${volume}`),
      ...["--rootfs", rootfs, "/sbin/init"],
    ],
    cleanup: podman.cleanup,
    isReady: async () =>
      (await execute("systemctl", "is-system-running").catch(() => "")) === "running",
  });
  if (!isBare) await execute("useradd", "--system", "countersign");

  return {
    execute,
    entrance: [...podman.argv, "exec", NAME],
    executeAs: (user, ...argv) => podman.call("exec", `--user=${user}`, NAME, ...argv),
    async ask(user, question) {
      const asked = ["exec", `--user=${user}`, NAME, NODE, "--input-type=module", "--eval", ASK];
      return JSON.parse(await podman.call(...asked, JSON.stringify(question))) as Answer;
    },
    async install(unit, text) {
      await writeFile(join(rootfs, "etc/systemd/system", unit), text);
      await execute("systemctl", "daemon-reload");
    },
    async write(path, text) {
      const file = join(rootfs, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text, { mode: 0o644 });
    },
    async addRules(file) {
      const path = join(rootfs, "etc/polkit-1/rules.d/50-countersign.rules");
      await copyFile(file, path);
      await chmod(path, 0o644);
      await execute("systemctl", "restart", "polkit.service");
    },
    stop: peer.stop,
  };
}
