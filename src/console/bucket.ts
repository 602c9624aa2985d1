/** A token bucket a key: `burst` at once, then one every `everyMs`. */
export interface Bucket {
  take(key: string): boolean;
}

const MAX_KEYS = 1000;

export function createBucket(limit: { burst: number; everyMs: number; now: () => Date }): Bucket {
  const levels = new Map<string, { tokens: number; at: number }>();

  function take(key: string): boolean {
    const at = limit.now().getTime();
    const last = levels.get(key) ?? { tokens: limit.burst, at };
    const refilled = last.tokens + Math.max(0, at - last.at) / limit.everyMs;
    const tokens = Math.min(limit.burst, refilled);
    const isAllowed = tokens >= 1;
    levels.delete(key);
    levels.set(key, { tokens: isAllowed ? tokens - 1 : tokens, at });
    forgetOldest();
    return isAllowed;
  }

  function forgetOldest(): void {
    const oldest = levels.keys().next();
    if (levels.size > MAX_KEYS && !oldest.done) levels.delete(oldest.value);
  }

  return { take };
}
