export interface Dice {
  /** From 0 up to, and without, `below`. */
  whole(below: number): number;
  oneOf<T>(items: readonly [T, ...T[]]): T;
  chance(of: number): boolean;
  shuffled<T>(items: readonly T[]): T[];
}

/** The same throws for the same seed (mulberry32). */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const whole = (below: number) => Math.floor(next() * below);
  return {
    whole,
    oneOf: (items) => items[whole(items.length)] as (typeof items)[0],
    chance: (of) => next() < of,
    shuffled: (items) =>
      items
        .map((item) => ({ item, at: next() }))
        .sort((a, b) => a.at - b.at)
        .map(({ item }) => item),
  };
}
