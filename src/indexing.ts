import { setImmediate as nextTurn } from "node:timers/promises";
import type { Store } from "./store/store.ts";

const PAUSE_MS = 2_000;
/** Short enough that an alert that arrives meanwhile does not wait. */
const SLICE = 20;

/** Keeps the search index near the present while nothing more urgent is to do; a search brings it up to date itself. */
export function createIndexing(deps: {
  readonly searchIndex: Store["searchIndex"];
  /** Then it can wait: whatever happens later wakes it. */
  readonly isFlooded: () => boolean;
  readonly onFailure: (error: unknown) => void;
}) {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    try {
      while (!isStopped && !deps.isFlooded() && (await deps.searchIndex.indexSome(SLICE))) {
        await nextTurn();
      }
    } catch (error) {
      deps.onFailure(error);
    }
  }

  return {
    /** Something has changed. */
    wake(): void {
      if (timer !== undefined || isStopped) return;
      timer = setTimeout(() => {
        running = run().finally(() => {
          timer = undefined;
        });
      }, PAUSE_MS);
      timer.unref();
    },
    async stop(): Promise<void> {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
