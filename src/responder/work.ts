import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { StepEnd } from "./ports.ts";
import type { Step } from "./respond.ts";

/** With eight hands it leaves nine tenths of the time to others, and still does more than a hundred steps a second. */
const REST_MS = 50;
const MAX_IDLE_MS = 1_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

export interface WorkerDeps<S extends Step> {
  readonly queue: {
    /** The next due steps of these kinds, so many at most: ours until they are finished or postponed. */
    leaseSome(kinds: readonly Step["kind"][], now: Date, most: number): Promise<readonly S[]>;
    finish(step: S): Promise<void>;
    postpone(step: S, dueAt: Date, why: string): Promise<void>;
    /** When the next step of these kinds falls due; null where there is none. */
    nextDue(kinds: readonly Step["kind"][]): Promise<Date | null>;
  };
  readonly kinds: readonly Step["kind"][];
  readonly concurrency: number;
  readonly respond: (step: S) => Promise<StepEnd>;
  readonly now: () => Date;
  /** Whether something more urgent needs the time. */
  readonly mayWait?: () => boolean;
  readonly onFinished?: (step: S) => void;
  readonly onFailure: (step: S, error: unknown) => void;
}

/** Takes due steps from the queue, several at a time. A step that fails comes back later; none is ever dropped. */
export function createWorker<S extends Step>(deps: WorkerDeps<S>) {
  const { queue, kinds, now } = deps;
  const running = new Set<Promise<void>>();
  let isStopped = true;
  let isLooking = false;
  let beats = 0;
  let mustLookAgain = false;
  let timer: NodeJS.Timeout | undefined;

  /** Looks for work now; calls that come while it is looking are not lost. */
  function wake(): void {
    if (isStopped) return;
    mustLookAgain = true;
    if (!isLooking) void lookForWork();
  }

  async function lookForWork(): Promise<void> {
    isLooking = true;
    clearTimeout(timer);
    try {
      while (mustLookAgain && !isStopped) {
        mustLookAgain = false;
        await fill();
      }
      if (!isStopped) await sleepUntilDue();
    } catch (error) {
      // The store can't be read right now; the steps are still in it.
      deps.onFailure({ kind: kinds[0], subject: "queue", attempts: 0 } as S, error);
      timer = setTimeout(wake, MAX_IDLE_MS);
    } finally {
      isLooking = false;
      if (mustLookAgain && !isStopped) void lookForWork();
    }
  }

  async function fill(): Promise<void> {
    while (running.size < deps.concurrency && !isStopped) {
      // The store answers at once: without a pause the whole queue would run before the next request is read.
      await (deps.mayWait?.() ? sleep(REST_MS) : nextTurn());
      const steps = await queue.leaseSome(kinds, now(), deps.concurrency - running.size);
      beats += 1;
      if (steps.length === 0) return;
      for (const step of steps) begin(step);
    }
  }

  function begin(step: S): void {
    const work = handle(step).finally(() => {
      running.delete(work);
      wake();
    });
    running.add(work);
  }

  async function handle(step: S): Promise<void> {
    try {
      const end = await deps.respond(step);
      if (end.outcome === "again") return await queue.postpone(step, end.at, end.why);
      await queue.finish(step);
      deps.onFinished?.(step);
    } catch (error) {
      deps.onFailure(step, error);
      const pause = Math.min(
        FIRST_RETRY_MS * 2 ** Math.min(step.attempts - 1, 10),
        LONGEST_RETRY_MS,
      );
      const why = error instanceof Error ? error.message : String(error);
      await giveBack(step, new Date(now().getTime() + pause), why);
    }
  }

  /** On a full disk not even that can be stored. It is held until it can, for what stays leased is never done. */
  async function giveBack(step: S, dueAt: Date, why: string): Promise<void> {
    while (!isStopped) {
      try {
        return await queue.postpone(step, dueAt, why);
      } catch {
        await sleep(MAX_IDLE_MS);
      }
    }
  }

  async function sleepUntilDue(): Promise<void> {
    if (running.size >= deps.concurrency) return;
    const due = await queue.nextDue(kinds);
    const pause = due === null ? MAX_IDLE_MS : due.getTime() - now().getTime();
    timer = setTimeout(wake, Math.min(Math.max(pause, 1), MAX_IDLE_MS));
  }

  return {
    start(): void {
      isStopped = false;
      wake();
    },
    wake,
    /** Grows as long as it looks for work; all hands full is as good. */
    beats(): number {
      if (running.size >= deps.concurrency) beats += 1;
      return beats;
    },
    /** Takes no more work; resolves when what is under way has ended. */
    async stop(): Promise<void> {
      isStopped = true;
      clearTimeout(timer);
      await Promise.allSettled(running);
    },
  };
}
