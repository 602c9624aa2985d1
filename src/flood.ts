const WINDOW_MS = 200;
/** A hundred a second. */
const MANY = 20;
/** Of the time in which the event loop had something to do. */
const BUSY = 0.8;

/**
 * Whether alerts pour in faster than the process can do all that they cause. Then that comes after them, for none may be
 * turned away.
 */
export function createFlood(
  elapsedMs: () => number,
  /** The share of the time since it was last asked in which the process was busy. */
  busyShare: () => number = eventLoopShare(),
) {
  let since = elapsedMs();
  let count = 0;
  let isTooMuch = false;

  return {
    took(alerts: number): void {
      const past = elapsedMs() - since;
      if (past >= WINDOW_MS) {
        const isBusy = busyShare() >= BUSY;
        isTooMuch = isBusy && (count * WINDOW_MS) / past >= MANY;
        since += past;
        count = 0;
      }
      count += alerts;
    },
    isOn: (): boolean => isTooMuch && elapsedMs() - since < 2 * WINDOW_MS,
  };
}

function eventLoopShare(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const current = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(current, last);
    last = current;
    return utilization;
  };
}
