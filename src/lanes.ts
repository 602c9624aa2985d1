import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { createGroupCommit } from "./ingest/group-commit.ts";
import type { Step } from "./responder/respond.ts";
import { createWorker } from "./responder/work.ts";

type Work = Parameters<typeof createWorker>[0];

/** Each lane with how many of its steps are under way at once. */
type Lanes = readonly (readonly [kinds: Work["kinds"], concurrency: number])[];

const ON_TIME = ["verify", "earn", "silence", "remind", "escalate", "page", "expire"] as const;
const OTHERS: Lanes = [
  [["propose"], 8],
  [["ask_source", "investigate"], 8],
  [["opine"], 2],
  [["tell"], 4],
];
/** What alerts cause by themselves; while they pour in it rests between its steps, and never what people decided. */
const AFTERWARDS: ReadonlySet<Step["kind"]> = new Set(["ask_source", "investigate", "propose"]);
/** What one process does, and what two do that share the work. */
export const ALL_LANES: Lanes = [[["execute", ...ON_TIME], 16], ...OTHERS];
export const LANES_WITHOUT_RUNS: Lanes = [[ON_TIME, 16], ...OTHERS];
export const RUNS_ONLY: Lanes = [[["execute"], 16]];

/** What is done at about the same time is stored in one write. */
const DONE_TOGETHER = { weigh: () => 1, maxWaiting: Number.POSITIVE_INFINITY, maxTogether: 100 };

interface Deps extends Pick<Work, "respond" | "now"> {
  readonly queue: Omit<Work["queue"], "finish"> & {
    finishAll(steps: readonly Step[]): Promise<void>;
  };
  readonly lanes: Lanes;
  readonly isFlooded?: () => boolean;
  /** Ends whatever is being run. */
  readonly stop: () => void;
  readonly onProposed?: () => void;
  readonly log: Logger;
}

const RUNS_END_WITHIN_MS = 4_000;
/** After the cut a command has its grace for SIGTERM, and the outcome has to be stored. */
const SHUTDOWN_MS = 8_000;
/** An idle worker looks every second. */
const BEATS_WITHIN_MS = 30_000;

/**
 * The workers of the queue, in lanes, so that what people decided never waits behind a storm, nor the proposal for one
 * alert behind all others.
 */
export function createLanes({ queue, respond, now, stop, onProposed, log, ...deps }: Deps) {
  const done = createGroupCommit(async (steps: readonly Step[]) => {
    await queue.finishAll(steps);
    return steps;
  }, DONE_TOGETHER);
  const worked = { ...queue, finish: async (step: Step) => void (await done.store(step)) };
  const lanes = deps.lanes.map(([kinds, concurrency]) =>
    createWorker({
      mayWait: () => deps.isFlooded?.() === true && kinds.some((kind) => AFTERWARDS.has(kind)),
      ...{ queue: worked, kinds, concurrency, respond, now },
      onFinished: ({ kind }) => {
        if (kind === "propose") onProposed?.();
      },
      onFailure: ({ kind, subject }, error) =>
        log.error({ step: kind, subject, err: error }, "a step failed and will be tried again"),
    }),
  );

  return {
    pulses: lanes.map(({ beats }, i) => ({
      name: `lane ${i + 1} of the queue`,
      beats,
      withinMs: BEATS_WITHIN_MS,
    })),
    start(): void {
      for (const one of lanes) one.start();
    },
    wake(): void {
      for (const one of lanes) one.wake();
    },
    /** What runs gets a moment to end by itself, is then stopped, and its outcome is stored either way. */
    async stop(): Promise<void> {
      const cut = setTimeout(stop, RUNS_END_WITHIN_MS);
      const ended = Promise.all(lanes.map((one) => one.stop()));
      await Promise.race([ended, sleep(SHUTDOWN_MS, undefined, { ref: false })]);
      clearTimeout(cut);
    },
  };
}
