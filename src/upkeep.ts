import { setTimeout as sleep } from "node:timers/promises";
import type { Store } from "./store/store.ts";

const LOOK_EVERY_MS = 600_000;
const FIRST_LOOK_MS = 60_000;
const DAY_MS = 86_400_000;
const BACKUPS_KEPT = 7;
/** Younger ones stay also where there is no room: what ran lately counts for what may run. */
const ALWAYS_KEPT_DAYS = 7;

interface Deps {
  readonly backups: Store["backups"];
  readonly retention: Store["retention"];
  readonly keepDays: number;
  readonly maxBytes: number;
  readonly now: () => Date;
  readonly log: {
    info(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
}

/** What a service that nobody looks after has to do for itself: a backup a day, and no history without end. */
export function createUpkeep({ backups, retention, keepDays, maxBytes, now, log }: Deps) {
  let timers: NodeJS.Timeout[] = [];
  let problem: string | null = null;
  let isStopped = false;

  async function backUp(): Promise<void> {
    try {
      const newest = await backups.newest();
      if (newest !== null && now().getTime() - newest.getTime() < DAY_MS) return;
      const file = await backups.make(now(), BACKUPS_KEPT);
      problem = null;
      log.info({ file }, "the database was backed up");
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      log.error({ err: error }, "the database could not be backed up");
    }
  }

  async function tidy(): Promise<void> {
    let forgotten = await forgetOlder(keepDays, () => Promise.resolve(true));
    const isTooBig = async () => (await retention.bytes()) > maxBytes;
    forgotten += await forgetOlder(ALWAYS_KEPT_DAYS, isTooBig);
    if (forgotten > 0) log.info({ incidents: forgotten }, "old incidents were forgotten");
  }

  async function forgetOlder(days: number, goOn: () => Promise<boolean>): Promise<number> {
    const before = new Date(now().getTime() - days * DAY_MS);
    let total = 0;
    while (!isStopped && (await goOn())) {
      const began = performance.now();
      const forgotten = await retention.forget(before);
      if (forgotten === 0) break;
      total += forgotten;
      // As long again for everything else, however much there is to forget.
      await sleep(performance.now() - began, undefined, { ref: false });
    }
    return total;
  }

  async function turn(): Promise<void> {
    await backUp();
    await tidy();
  }

  return {
    turn,
    start(): void {
      const go = () =>
        void turn().catch((err: unknown) =>
          log.error({ err }, "old incidents could not be forgotten"),
        );
      timers = [setTimeout(go, FIRST_LOOK_MS), setInterval(go, LOOK_EVERY_MS)];
      for (const timer of timers) timer.unref();
    },
    stop(): void {
      isStopped = true;
      for (const timer of timers) clearInterval(timer);
    },
    /** For `/health`: a line for people, or an error that says why there is no backup of today. */
    async check(): Promise<string> {
      if (problem !== null) throw new Error(`no backup could be made: ${problem}`);
      const [newest, all] = [await backups.newest(), await backups.list()];
      return newest === null
        ? "the first one is made a minute after the start"
        : `${all.length} kept, the newest of ${newest.toISOString()}`;
    },
  };
}
