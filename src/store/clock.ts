export interface Clock {
  /** Never earlier than it was, neither in this process nor in an earlier one. */
  readonly now: () => Date;
  /** How far the machine's clock has been set back behind it; 0 where all is well. */
  readonly behindMs: () => number;
  /** Another process has stored this time. */
  readonly notBefore: (at: number) => void;
}

/**
 * The machine's clock as everything that expires may use it: set back, it goes on from where it was, at the pace of
 * the monotonic clock, so that no request comes to life again or lives longer (T53, T72). Set forward, it follows.
 */
export function createClock(parts: {
  readonly wall: () => Date;
  readonly elapsedMs: () => number;
  /** The latest time an earlier process has stored. */
  readonly notBefore: number;
}): Clock {
  const { wall, elapsedMs } = parts;
  let latest = parts.notBefore;
  let readAt = elapsedMs();

  function now(): Date {
    const at = elapsedMs();
    latest = Math.max(wall().getTime(), latest + Math.floor(at - readAt));
    // What is less than a millisecond is not lost, but counted the next time.
    readAt += Math.floor(at - readAt);
    return new Date(latest);
  }

  return {
    now,
    behindMs: () => now().getTime() - wall().getTime(),
    notBefore(at) {
      latest = Math.max(now().getTime(), at);
    },
  };
}
