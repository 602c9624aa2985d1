/** Lets so many questions go out at once; the others wait their turn. A storm of alerts must not be one for their source. */
export function createLimit(most: number) {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async function limited<T>(ask: () => Promise<T>): Promise<T> {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await ask();
    } finally {
      const next = waiting.shift();
      // Whoever is let in takes over the place.
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

/** The same answer for a while, and one question for all who ask meanwhile. A failure is not kept. */
export function remember<K, T>(forMs: number, ask: (key: K) => Promise<T>): (key: K) => Promise<T> {
  const kept = new Map<K, { readonly answer: Promise<T>; readonly until: number }>();
  return (key) => {
    const now = performance.now();
    for (const [each, { until }] of kept) if (until <= now) kept.delete(each);
    const known = kept.get(key);
    if (known !== undefined) return known.answer;
    const answer = ask(key);
    kept.set(key, { answer, until: now + forMs });
    answer.catch(() => kept.delete(key));
    return answer;
  };
}
