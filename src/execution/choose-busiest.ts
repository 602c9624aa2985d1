import type { MeasuredProcess, UidRange } from "./process-table.ts";

export interface Surroundings {
  readonly among: readonly string[];
  readonly people: UidRange;
  /** This program's own pid. */
  readonly self: number;
  readonly userNameOf: (uid: number) => string;
}

export type Choice =
  | { readonly ok: true; readonly process: MeasuredProcess; readonly text: string }
  | { readonly ok: false; readonly text: string };

type Lineage = Pick<MeasuredProcess, "pid" | "ppid">;

/** Of one processor: low, because where many queue for it even the busiest gets little. */
const BUSY_SHARE = 0.05;
/** As busy as each other, so that noise does not make another one the busiest at every look. */
const LIKE_SHARE = 0.8;

/** The one process that would be stopped, or why there is none and what to do about it. */
export function chooseBusiest(measured: readonly MeasuredProcess[], about: Surroundings): Choice {
  const { among, userNameOf } = about;
  const busy = measured.filter(({ name, share }) => among.includes(name) && share >= BUSY_SHARE);
  const mayStop = busy.filter((one) => refusalOf(one, measured, about) === null);
  const [top] = [...busy].sort((a, b) => b.share - a.share);
  if (top === undefined) return { ok: false, text: whyNone(measured, among) };

  const chosen = foremost(mayStop);
  if (chosen === null) return { ok: false, text: `${refusalOf(top, measured, about)}.` };
  const owner = userNameOf(chosen.uids[0] ?? 0);
  const text = `${called(chosen)} of ${owner} takes ${percent(chosen)} of one processor.`;
  const refusal = refusalOf(top, measured, about);
  if (refusal === null) return { ok: true, process: chosen, text };
  return { ok: true, process: chosen, text: `${text} Busier, and left alone: ${refusal}.` };
}

/** The busiest; of several that are much alike, the one that has been there longest. */
function foremost(processes: readonly MeasuredProcess[]): MeasuredProcess | null {
  const most = Math.max(...processes.map(({ share }) => share));
  const alike = processes.filter(({ share }) => share >= most * LIKE_SHARE);
  alike.sort((a, b) => Number(a.startTicks) - Number(b.startTicks) || a.pid - b.pid);
  return alike[0] ?? null;
}

/** Why this process is never stopped from here, with the way out; null where it may be. */
export function refusalOf(
  process: Pick<MeasuredProcess, "pid" | "ppid" | "name" | "uids">,
  all: readonly Lineage[],
  { people, self, userNameOf }: Omit<Surroundings, "among">,
): string | null {
  const name = called(process);
  if (process.pid === 1) return `${name} is the first process of this machine: leave it alone`;
  if (lineOf(self, all).includes(process.pid)) {
    return `${name} is Countersign or what started it: restart its service by hand`;
  }
  if (lineOf(process.pid, all).includes(self)) return `${name} is at work for Countersign`;
  // A program that runs with another user's rights is that user's as well.
  const strange = process.uids.find((uid) => uid < people.least || uid > people.most);
  if (strange === undefined) return null;
  const kind = strange === 0 ? "" : strange < people.least ? "the system user " : "the user ";
  const owner = strange === 0 ? "root" : userNameOf(strange);
  return `${name} belongs to ${kind}${owner}: restart its service by a runbook with the systemd executor, or stop it by hand`;
}

/** A process and all that came before it. */
function lineOf(pid: number, all: readonly Lineage[]): number[] {
  const line = [pid];
  for (;;) {
    const parent = all.find((one) => one.pid === line.at(-1))?.ppid;
    if (parent === undefined || parent === 0 || line.includes(parent)) return line;
    line.push(parent);
  }
}

function whyNone(measured: readonly MeasuredProcess[], among: readonly string[]): string {
  const [first] = measured
    .filter(({ name }) => among.includes(name))
    .sort((a, b) => b.share - a.share);
  const names = among
    .slice(0, 5)
    .join(", ")
    .concat(among.length > 5 ? ", …" : "");
  if (first === undefined) {
    return `No process here is called ${names}. If another may be stopped, add its name (ps -eo comm) to "among" in the runbook.`;
  }
  return `None of ${names} is busy: ${called(first)} takes most, ${percent(first)} of one processor.`;
}

export function called({ name, pid }: Pick<MeasuredProcess, "name" | "pid">): string {
  return `${name} (pid ${pid})`;
}

function percent({ share }: MeasuredProcess): string {
  return `${Math.round(share * 100)}%`;
}
