import type { Question } from "./execution/remote.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import { Introduction } from "./runner-answers.ts";
import { servesTarget } from "./runner-targets.ts";

/** A dry run may take half a minute. */
const ANSWER_WITHIN_MS = 40_000;
const INTRODUCE_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 1_000;
/** One that is started anew is no news. */
const MISSED_AFTER_MS = 10_000;

const NOBODY =
  "no executor runs, so nothing can: start `countersign executor` (systemctl start countersign-executor)";

interface Known {
  readonly id: string;
  readonly who: Introduction;
}

interface Deps {
  readonly runners: {
    alive(): Promise<string[]>;
    socketOf(id: string): Promise<string>;
    bury(): Promise<string[]>;
  };
  readonly ask: (socket: string, question: unknown, withinMs: number) => Promise<unknown>;
  readonly catalogue: Pick<Catalogue, "read" | "files">;
  readonly elapsedMs: () => number;
  /** Whether something can be run has changed, somewhere. */
  readonly onChange: (missing: readonly string[]) => void;
  readonly onLost: (executionId: string) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Who runs what is approved, where that are processes of their own: which are there, for what, and whether they are well. */
export function createRoster(deps: Deps) {
  const { runners, catalogue, elapsedMs } = deps;
  let known: readonly Known[] = [];
  let timer: NodeJS.Timeout | undefined;
  let turning: Promise<void> = Promise.resolve();
  let isStopped = false;
  const missingSince = new Map<string, number>();
  let told: readonly string[] = [];

  function targets() {
    const { policy } = catalogue.read();
    return policy?.targets ?? [];
  }

  /** What is built in for test alerts is missed by nobody who has targets of his own. */
  function unserved(): string[] {
    const all = targets();
    const own = all.filter(({ reservedFor }) => reservedFor === null);
    const counted = own.length === 0 ? all : own;
    return counted.map(({ name }) => name).filter((name) => serving(name) === undefined);
  }

  function serving(name: string): Known | undefined {
    const target = targets().find((one) => one.name === name);
    if (target === undefined) return known[0];
    return known.find(({ who }) => servesTarget(who.targets, target));
  }

  async function again(): Promise<void> {
    turning = turn();
    await turning;
    if (!isStopped) timer = setTimeout(() => void again(), LOOK_EVERY_MS);
  }

  async function turn(): Promise<void> {
    try {
      for (const id of await runners.bury()) deps.onLost(id);
      const alive = await runners.alive();
      known = await Promise.all(alive.map(introduced)).then((all) =>
        all.filter((one) => one !== null),
      );
      noteMissing();
    } catch (error) {
      deps.onFailure(error);
    }
  }

  /** Asked each time: that it answers is its sign of life. */
  async function introduced(id: string): Promise<Known | null> {
    try {
      const socket = await runners.socketOf(id);
      const said = await deps.ask(socket, { what: "who" }, INTRODUCE_WITHIN_MS);
      return { id, who: Introduction.parse(said) };
    } catch {
      // It is coming up, going down, or stuck: nobody to count on.
      return null;
    }
  }

  function noteMissing(): void {
    const now = elapsedMs();
    const names = unserved();
    for (const name of missingSince.keys()) if (!names.includes(name)) missingSince.delete(name);
    for (const name of names) if (!missingSince.has(name)) missingSince.set(name, now);
    const missed = names.filter((name) => now - (missingSince.get(name) ?? now) >= MISSED_AFTER_MS);
    if (missed.join() === told.join()) return;
    told = missed;
    deps.onChange(missed);
  }

  async function ask(question: Question): Promise<unknown> {
    const one = serving(question.target);
    if (one === undefined) throw new Error(NOBODY);
    return await deps.ask(await runners.socketOf(one.id), question, ANSWER_WITHIN_MS);
  }

  /** For `/health`. */
  async function check(): Promise<string> {
    if (known.length === 0) throw new Error(NOBODY);
    const names = unserved();
    if (names.length > 0) {
      throw new Error(`no executor serves ${names.join(", ")}: nothing can run there`);
    }
    return (await Promise.all(known.map(checkOne))).join("; ");
  }

  async function checkOne({ id, who }: Known): Promise<string> {
    const odd = differing(who);
    if (odd.length > 0) {
      throw new Error(
        `the executor ${id} has another ${odd.join(", ")} than this process and refuses what is shown here: give both the same RUNBOOKS_DIR`,
      );
    }
    if (who.belowFloor !== null) {
      throw new Error(
        `the executor ${id} runs nothing unasked until this is mended: ${who.belowFloor}`,
      );
    }
    const served = targets().filter((target) => servesTarget(who.targets, target));
    const executors = [...new Set(served.map(({ executor }) => executor))];
    const socket = await runners.socketOf(id);
    const said = await deps.ask(socket, { what: "check", executors }, ANSWER_WITHIN_MS);
    return `${id} for ${who.targets?.join(", ") ?? "all targets"}: ${String(said)}`;
  }

  function differing({ files }: Introduction): string[] {
    const theirs = new Map(files);
    const ours = new Map(catalogue.files()?.map(({ name, sha256 }) => [name, sha256]));
    const names = new Set([...theirs.keys(), ...ours.keys()]);
    return [...names].filter((name) => theirs.get(name) !== ours.get(name));
  }

  return {
    ask,
    check,
    /** One that would run nothing unasked is enough: which one takes a run, nobody knows before. */
    belowFloor: (): string | null =>
      known.find(({ who }) => who.belowFloor !== null)?.who.belowFloor ?? null,
    /** Whether nothing has run on this target for a while, for want of an executor. */
    isMissing: (target: string): boolean => told.includes(target),
    async start(): Promise<void> {
      await again();
    },
    async stop(): Promise<void> {
      isStopped = true;
      clearTimeout(timer);
      await turning;
    },
  };
}

export type Roster = ReturnType<typeof createRoster>;
