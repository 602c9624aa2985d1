import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** A process as /proc has it at one moment. */
export interface ProcessEntry {
  readonly pid: number;
  readonly ppid: number;
  /** What the kernel calls it: at most 15 characters, and a process may change its own. */
  readonly name: string;
  /** Within one boot, this and the pid together are one process and no other. */
  readonly startTicks: string;
  /** Processor time of all its threads, in ticks. */
  readonly usedTicks: number;
  readonly isOver: boolean;
  /** Real, effective, saved and file system uid. */
  readonly uids: readonly number[];
}

export interface MeasuredProcess extends ProcessEntry {
  /** Of one processor: 2 is two processors' worth. */
  readonly share: number;
}

/** Uids of people; below are root and the system's own users, above are containers and nobody. */
export interface UidRange {
  readonly least: number;
  readonly most: number;
}

/** What the kernel counts in when it speaks to programs, on every machine that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Everything that was there before and after the window, with what it used in between. */
export async function measureProcesses(windowMs: number): Promise<MeasuredProcess[]> {
  const before = new Map((await listProcesses()).map((entry) => [keyOf(entry), entry]));
  const startedAt = performance.now();
  await delay(windowMs);
  const after = await listProcesses();
  const seconds = (performance.now() - startedAt) / 1000;
  return after.flatMap((entry) => {
    const earlier = before.get(keyOf(entry));
    if (earlier === undefined || entry.isOver) return [];
    const ticks = entry.usedTicks - earlier.usedTicks;
    return [{ ...entry, share: ticks / TICKS_PER_SECOND / seconds }];
  });
}

function keyOf({ pid, startTicks }: ProcessEntry): string {
  return `${pid} ${startTicks}`;
}

async function listProcesses(): Promise<ProcessEntry[]> {
  const pids = (await readdir("/proc")).filter((name) => /^[1-9]\d*$/.test(name)).map(Number);
  const entries = await Promise.all(pids.map(read));
  return entries.filter((entry) => entry !== null);
}

async function read(pid: number): Promise<ProcessEntry | null> {
  try {
    const [stat, status] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/status`, "utf8"),
    ]);
    return parseProcess(stat, status);
  } catch {
    // It has just ended.
    return null;
  }
}

/** In one go, so that nothing of this program lies between the look and what is done about it. */
export function lookAtProcess(pid: number): ProcessEntry | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return parseProcess(stat, readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    // It has ended, or is hidden from us: either way there is nothing to act on.
    return null;
  }
}

/** From `/proc/<pid>/stat` and `status`; null for whatever does not look like them. */
export function parseProcess(stat: string, status: string): ProcessEntry | null {
  // The name stands in brackets and may hold brackets, spaces and line breaks itself.
  const [, pid, name] = /^(\d+) \((.*)\) [A-Za-z] /s.exec(stat) ?? [];
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // Counted from the third field of proc(5), the state.
  const field = (number: number) => fields[number - 3] ?? "";
  const numbers = [field(4), field(14), field(15), field(20), field(22)];
  const uids = /^Uid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)$/m.exec(status)?.slice(1);
  if (pid === undefined || name === undefined || uids === undefined) return null;
  if (!numbers.every((text) => /^\d+$/.test(text))) return null;
  return {
    pid: Number(pid),
    name,
    ppid: Number(field(4)),
    startTicks: field(22),
    usedTicks: Number(field(14)) + Number(field(15)),
    // A first thread that has ended while others go on looks dead and is not.
    isOver: /^[ZX]$/.test(field(3)) && Number(field(20)) <= 1,
    uids: uids.map(Number),
  };
}

export function readBootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/** Under `hidepid`, or systemd's `ProtectProc=invisible`, a user sees its own processes only. */
export function seesOthers(): boolean {
  return lookAtProcess(1) !== null;
}

/** Whether this process may signal those of other users. */
export function maySignalOthers(): boolean {
  const CAP_KILL = 5n;
  const [, effective = "0"] =
    /^CapEff:\t([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return ((BigInt(`0x${effective}`) >> CAP_KILL) & 1n) === 1n;
}

export function readUidRange(): UidRange {
  return parseUidRange(readText("/etc/login.defs"));
}

/** `UID_MIN` and `UID_MAX` of login.defs, as this machine gives them to people. */
export function parseUidRange(loginDefs: string): UidRange {
  const numberOf = (key: string, otherwise: number) => {
    const found = new RegExp(`^\\s*${key}\\s+(\\d{1,9})\\s*$`, "m").exec(loginDefs)?.[1];
    return found === undefined ? otherwise : Number(found);
  };
  // Whatever the file says, root is nobody's ordinary user.
  return { least: Math.max(1, numberOf("UID_MIN", 1000)), most: numberOf("UID_MAX", 60_000) };
}

export function userNameOf(uid: number): string {
  const line = readText("/etc/passwd")
    .split("\n")
    .map((text) => text.split(":"))
    .find(([, , id]) => id === String(uid));
  const name = line?.[0] ?? "";
  return /^[\w.-]{1,32}$/.test(name) ? name : `uid ${uid}`;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not every machine has it; what stands in for it is the usual.
    return "";
  }
}
