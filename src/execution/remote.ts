import type { Command, Target } from "../remediation/proposal.ts";
import type { Executor, Pinned, ProbeResult, RunLimits } from "./execution.ts";
import { InvalidAction } from "./execution.ts";

type With = Readonly<Record<string, unknown>>;

/** What a process without rights asks the one that has them. It can't ask for a run: that follows from what is stored. */
export type Question =
  | ({ readonly what: "probe" | "pin"; readonly executor: string; readonly with: With } & Of)
  | ({
      readonly what: "dry_run";
      readonly executor: string;
      readonly with: With;
      readonly timeoutMs: number;
    } & Of);

interface Of {
  /** The inventory's name; empty for a look that has no target. */
  readonly target: string;
}

/**
 * The executors as a process without rights has them: what is only worked out is worked out here, what has to look at a
 * target is asked of the process that may, and nothing runs.
 */
export function remoteExecutors(
  executors: ReadonlyMap<string, Executor>,
  ask: (question: Question) => Promise<unknown>,
): ReadonlyMap<string, Executor> {
  return new Map([...executors].map(([name, executor]) => [name, remote(executor, ask)]));
}

function remote(local: Executor, ask: (question: Question) => Promise<unknown>): Executor {
  const { name } = local;
  /** What each command was made of: that is what a trial of it is asked by. */
  const origins = new WeakMap<Command, { with: With; target: string }>();

  async function pin(action: With, { name: target }: Target): Promise<Pinned> {
    const about = { with: action, target };
    const pinned = (await ask({ what: "pin", executor: name, ...about })) as Pinned;
    origins.set(pinned.command, about);
    return pinned;
  }

  async function dryRun(command: Command, { timeoutMs }: RunLimits): Promise<string> {
    const about = origins.get(command);
    if (about === undefined) throw new InvalidAction("only what was planned here can be tried out");
    return (await ask({ what: "dry_run", executor: name, timeoutMs, ...about })) as string;
  }

  return {
    name,
    describe(action, target) {
      const command = local.describe(action, target);
      origins.set(command, { with: action, target: target.name });
      return command;
    },
    ...(local.pin === undefined ? {} : { pin }),
    ...(local.dryRun === undefined ? {} : { dryRun }),
    run: () => Promise.reject(new InvalidAction("this process runs nothing")),
    describeProbe: (probed, target) => local.describeProbe(probed, target),
    probe: async (probed, { name: target }) =>
      (await ask({ what: "probe", executor: name, with: probed, target })) as ProbeResult,
    check: () => Promise.reject(new InvalidAction("only the executor can say how it is")),
  };
}
