import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
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
/** What one process does, and what two do that share the work. */
export const ALL_LANES: Lanes = [[["execute", ...ON_TIME], 16], ...OTHERS];
export const LANES_WITHOUT_RUNS: Lanes = [[ON_TIME, 16], ...OTHERS];
export const RUNS_ONLY: Lanes = [[["execute"], 16]];

interface Deps extends Pick<Work, "queue" | "respond" | "now"> {
  readonly lanes: Lanes;
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
  const lanes = deps.lanes.map(([kinds, concurrency]) =>
    createWorker({
      ...{ queue, kinds, concurrency, respond, now },
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
