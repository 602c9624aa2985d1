import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command, SshPeer } from "../remediation/proposal.ts";
import { cleanOutput, firstBytes } from "./clean-output.ts";
import type { RunLimits, RunResult } from "./execution.ts";
import { InvalidAction, NothingToDo } from "./execution.ts";
import { runProcess } from "./process.ts";
import { readSshLog } from "./ssh-log.ts";
import { remoteLine } from "./ssh-words.ts";

export type SshCommand = Extract<Command, { kind: "ssh" }>;
type Argv = SshCommand["argv"];

/** Programs on other machines, by the system's own OpenSSH. */
export interface Ssh {
  /** Pure. @throws InvalidAction when the inventory's host is none that ssh may be given */
  describe(host: string, argv: Argv): SshCommand;
  /** Looks where ssh leads and which keys are pinned there. @throws NothingToDo when nothing can be pinned */
  pin(command: SshCommand): Promise<SshCommand>;
  /** Starts it, once. An ending that nobody can know is `unknown`. */
  run(command: SshCommand, limits: RunLimits): Promise<RunResult>;
  check(): Promise<string>;
}

export interface SshFiles {
  readonly config: string | null;
  readonly knownHosts: string | null;
}

const SSH = "/usr/bin/ssh";
const SSH_KEYGEN = "/usr/bin/ssh-keygen";
const LOOK_TIMEOUT_MS = 5000;
const CONNECT_SECONDS = 10;
const MOST_KEYS = 16;

/** A machine's name or address, perhaps with a user: nothing that ssh could read as an option, a port or a path. */
const HOST = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}@)?[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/;

/** What no configuration can change, because ssh takes the first word it hears on a matter. */
const FIXED = [
  "BatchMode=yes",
  "StrictHostKeyChecking=yes",
  "GlobalKnownHostsFile=/dev/null",
  "KnownHostsCommand=none",
  "UpdateHostKeys=no",
  "VerifyHostKeyDNS=no",
  "NoHostAuthenticationForLocalhost=no",
  "IdentityAgent=none",
  "ForwardAgent=no",
  "ForwardX11=no",
  "ClearAllForwardings=yes",
  "Tunnel=no",
  "PermitLocalCommand=no",
  "RemoteCommand=none",
  "RequestTTY=no",
  "SessionType=default",
  "ForkAfterAuthentication=no",
  "StdinNull=yes",
  "ControlMaster=no",
  "ControlPath=none",
  "PasswordAuthentication=no",
  "KbdInteractiveAuthentication=no",
  `ConnectTimeout=${CONNECT_SECONDS}`,
  "ConnectionAttempts=1",
  "ServerAliveInterval=10",
  "ServerAliveCountMax=3",
].flatMap((option) => ["-o", option]);

export function createSsh(files: SshFiles): Ssh {
  return {
    describe,
    pin: (command) => pin(files, command),
    run: (command, limits) => run(files, command, limits),
    check: () => check(files),
  };
}

function describe(host: string, argv: Argv): SshCommand {
  if (!HOST.test(host)) {
    throw new InvalidAction(
      `the host ${JSON.stringify(host)} must be a machine's name or address, or user@name; a port belongs into SSH_CONFIG`,
    );
  }
  return { kind: "ssh", host, argv, peer: null };
}

async function pin(files: SshFiles, command: SshCommand): Promise<SshCommand> {
  return { ...command, peer: await peerOf(files, command.host) };
}

async function peerOf(files: SshFiles, host: string): Promise<SshPeer> {
  const knownHosts = knownHostsOf(files);
  for (const file of [knownHosts, files.config]) await refuseLoose(file);

  const settings = await look([SSH, "-G", ...optionsOf(files, knownHosts), "--", host]);
  const of = (key: string) =>
    new RegExp(`^${key} (?<value>.+)$`, "m").exec(settings)?.groups?.value ?? null;
  const [user, machine, port] = [of("user"), of("hostname"), of("port")];
  if (user === null || machine === null || port === null) {
    throw new NothingToDo(`ssh does not say where ${host} leads`);
  }
  const name = of("hostkeyalias") ?? (port === "22" ? machine : `[${machine}]:${port}`);
  const hostKeys = await keysOf(name, knownHosts);
  if (hostKeys.length === 0) {
    throw new NothingToDo(
      `no host key is pinned for ${name}: compare the machine's own fingerprint with that of \`ssh-keyscan${port === "22" ? "" : ` -p ${port}`} ${machine}\` and add the line to ${knownHosts}`,
    );
  }
  const sha256 = createHash("sha256").update(settings).digest("hex");
  return { address: `${user}@${machine}:${port}`, hostKeys, settings: sha256 };
}

function knownHostsOf({ knownHosts }: SshFiles): string {
  if (knownHosts !== null) return knownHosts;
  throw new NothingToDo(
    "SSH_KNOWN_HOSTS is not set: name a file with the host keys of the machines that ssh may reach",
  );
}

/** Whoever can write these decides where commands go and who may pose as the machine. */
async function refuseLoose(file: string | null): Promise<void> {
  if (file === null) return;
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new NothingToDo(`${file} can't be read (${error.code})`);
  });
  if ((found.mode & 0o002) !== 0) {
    throw new NothingToDo(`${file} can be written by everybody; mend it with: chmod o-w ${file}`);
  }
}

/** The fingerprints as ssh-keygen shows them; a marker such as @cert-authority stays before its key. */
async function keysOf(name: string, knownHosts: string): Promise<string[]> {
  const argv = [SSH_KEYGEN, "-F", name, "-f", knownHosts] as const;
  const result = await runProcess({ argv, directory: "/", timeoutMs: LOOK_TIMEOUT_MS });
  // 1 is "not found"; what it says then is no key line.
  const lines = result.output.split("\n").filter((line) => !line.startsWith("#"));
  const keys = lines.flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith("@") ? `${words.shift()} ` : "";
    const [, kind, key] = words;
    if (kind === undefined || key === undefined || !/^[\w@.-]+$/.test(kind)) return [];
    const hash = createHash("sha256").update(Buffer.from(key, "base64")).digest("base64");
    return [`${marker}SHA256:${hash.replace(/=+$/, "")}`];
  });
  return [...new Set(keys)].sort().slice(0, MOST_KEYS);
}

/** The configuration that was named and no other; not the user's own, and not the machine's. */
function optionsOf({ config }: SshFiles, knownHosts: string): string[] {
  const known = ["-o", `UserKnownHostsFile=${knownHosts}`];
  return ["-F", config ?? "none", ...FIXED, ...known];
}

async function look(argv: readonly [string, ...string[]]): Promise<string> {
  const result = await runProcess({ argv, directory: "/", timeoutMs: LOOK_TIMEOUT_MS });
  if (result.outcome === "succeeded") return result.output;
  const said = firstBytes(result.output.trim().replaceAll("\n", " "), 500);
  throw new NothingToDo(`ssh can't be asked: ${said || result.outcome}`);
}

async function run(
  files: SshFiles,
  { host, argv, peer }: SshCommand,
  limits: RunLimits,
): Promise<RunResult> {
  if (!HOST.test(host)) throw new InvalidAction("the plan names no machine that ssh may be given");
  if (peer === null) throw new InvalidAction(`the plan does not say where ${host} leads`);

  const folder = await mkdtemp(join(tmpdir(), "countersign-ssh-"));
  const log = join(folder, "log");
  try {
    const options = [...optionsOf(files, knownHostsOf(files)), "-T", "-v", "-E", log];
    const result = await runProcess({
      argv: [SSH, ...options, "--", host, remoteLine(argv)],
      directory: "/",
      ...limits,
    });
    const story = readSshLog(await readFile(log, "utf8").catch(() => ""));
    return endingOf(result, story, host);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** ssh says 255 for its own troubles and for the program's; only its log tells which. */
function endingOf(
  result: RunResult,
  story: ReturnType<typeof readSshLog>,
  host: string,
): RunResult {
  if (story.hasEnded && result.exitCode !== null) return result;
  const told = (outcome: RunResult["outcome"], text: string): RunResult => {
    const output = [result.output.trim(), cleanOutput(text)].filter(Boolean).join("\n");
    return { ...result, outcome, exitCode: null, output };
  };
  const why = story.complaint === "" ? "" : `: ${story.complaint}`;
  if (story.wasSignalled) return told("failed", "The program there was ended by a signal.");
  if (story.neverStarted) {
    return told("failed", `${host} was not reached by ssh${why}. Nothing was changed.`);
  }
  if (result.outcome === "timed_out") {
    return told("timed_out", `ssh was stopped, but what it started on ${host} may go on.`);
  }
  return told(
    "unknown",
    `The connection to ${host} broke after the start${why}. It may have taken effect.`,
  );
}

async function check(files: SshFiles): Promise<string> {
  const knownHosts = knownHostsOf(files);
  for (const file of [knownHosts, files.config]) await refuseLoose(file);
  const version = await look([SSH, "-V"]);
  const lines = (await readFile(knownHosts, "utf8")).split("\n");
  const pinned = lines.filter((line) => /^\s*[^#\s]/.test(line)).length;
  if (pinned === 0) throw new Error(`${knownHosts} holds no host key, so ssh reaches no machine`);
  const said = cleanOutput(version).split(",")[0];
  return `${said}, ${pinned} host ${pinned === 1 ? "key" : "keys"} pinned`;
}
