import { accessSync, constants, existsSync, readFileSync } from "node:fs";

/** What the kernel says of this process; a unit file only says what was asked for. */
export interface Surroundings {
  readonly status: string;
  readonly canWriteUsr: boolean;
  readonly canUseDocker: boolean;
}

const DOCKER_SOCKET = "/var/run/docker.sock";

export function lookAround(): Surroundings {
  return {
    status: readFileSync("/proc/self/status", "utf8"),
    canWriteUsr: may("/usr", constants.W_OK),
    canUseDocker: existsSync(DOCKER_SOCKET) && may(DOCKER_SOCKET, constants.W_OK),
  };
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    // Not there, read-only, or not ours.
    return false;
  }
}

/** What protects the machine from this process and is not there, in words with the way out. */
export function gapsIn({ status, canWriteUsr, canUseDocker }: Surroundings): string[] {
  const line = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status)?.[1] ?? "";
  const nesting =
    "in an LXC turn nesting on and look for a drop-in that sorts after zzzz-hardening.conf";
  return [
    ...(line("Uid") === "0" ? ["it runs as root: set User=countersign"] : []),
    ...(line("NoNewPrivs") === "1" ? [] : [`programs it starts may gain rights: ${nesting}`]),
    ...(line("Seccomp") === "2" ? [] : ["no filter of system calls: use the shipped unit"]),
    ...(/^0*$/.test(line("CapEff")) ? [] : [`it has capabilities (${line("CapEff")})`]),
    ...(canWriteUsr ? [`/usr can be written: ${nesting}`] : []),
    ...(canUseDocker ? [`it may use ${DOCKER_SOCKET}, which is as good as root`] : []),
  ];
}

/** For `/health` and `check`. Only a service is meant to have a sandbox. */
export function checkSandbox(isService: boolean, surroundings = lookAround()): string {
  const gaps = gapsIn(surroundings);
  if (gaps.length === 0) return "no rights, no new ones, system calls filtered, /usr read-only";
  if (!isService) return `not run as a service, so not all is closed: ${gaps.join("; ")}`;
  throw new Error(gaps.join("; "));
}
