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

interface Gap {
  readonly text: string;
  /** Nothing runs unasked while it is open. The others are what an owner gives a service on purpose. */
  readonly isBelowFloor: boolean;
}

/** What protects the machine from this process and is not there, in words with the way out. */
export function gapsIn({ status, canWriteUsr, canUseDocker }: Surroundings): Gap[] {
  const line = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status)?.[1] ?? "";
  const nesting =
    "in an LXC turn nesting on and look for a drop-in that sorts after zzzz-hardening.conf";
  const floor = (holds: boolean, text: string) => (holds ? [] : [{ text, isBelowFloor: true }]);
  const given = (isGiven: boolean, text: string) =>
    isGiven ? [{ text, isBelowFloor: false }] : [];
  const capabilities = line("CapEff");
  return [
    ...floor(line("Uid") !== "0", "it runs as root: set User=countersign"),
    ...floor(line("NoNewPrivs") === "1", `programs it starts may gain rights: ${nesting}`),
    ...floor(line("Seccomp") === "2", "no filter of system calls: use the shipped unit"),
    ...floor(!canWriteUsr, `/usr can be written: ${nesting}`),
    ...given(!/^0*$/.test(capabilities), `it has capabilities (${capabilities})`),
    ...given(canUseDocker, `it may use ${DOCKER_SOCKET}, which is as good as root`),
  ];
}

/**
 * Why a service runs nothing unasked; null where its sandbox is there. Started from a terminal the program has the
 * rights of whoever types, and is not meant to have fewer.
 */
export function whyBelowFloor(isService: boolean, surroundings = lookAround()): string | null {
  if (!isService) return null;
  const open = gapsIn(surroundings).filter(({ isBelowFloor }) => isBelowFloor);
  return open.length === 0 ? null : open.map(({ text }) => text).join("; ");
}

/** For `/health` and `check`. Only a service is meant to have a sandbox. */
export function checkSandbox(isService: boolean, surroundings = lookAround()): string {
  const gaps = gapsIn(surroundings);
  if (gaps.length === 0) return "no rights, no new ones, system calls filtered, /usr read-only";
  const texts = gaps.map(({ text }) => text).join("; ");
  if (!isService) return `not run as a service, so not all is closed: ${texts}`;
  const isAsking = gaps.some(({ isBelowFloor }) => isBelowFloor);
  throw new Error(isAsking ? `nothing runs unasked until this is mended: ${texts}` : texts);
}
