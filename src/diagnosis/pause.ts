const FAILURES_TO_PAUSE = 3;
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 15 * 60_000;

/** Leaves a provider in peace that fails again and again: a minute, then longer. */
export function createPause(now: () => Date) {
  let failures = 0;
  let until = 0;
  return {
    succeeded(): void {
      failures = 0;
    },
    failed(): void {
      failures += 1;
      if (failures < FAILURES_TO_PAUSE) return;
      const pause = FIRST_PAUSE_MS * 2 ** (failures - FAILURES_TO_PAUSE);
      until = now().getTime() + Math.min(pause, LONGEST_PAUSE_MS);
    },
    /** Why it is not asked now, or null. */
    why(): string | null {
      if (now().getTime() >= until) return null;
      const time = new Date(until).toISOString().slice(11, 16);
      return `it failed ${failures} times in a row and is asked again at ${time} UTC`;
    },
  };
}
