import type { Figure } from "./measure.ts";

/** The place of the truth in each case, from 1; null where it was not named at all. */
export type Places = readonly (number | null)[];

export function placeOf(truth: string, ranking: readonly string[]): number | null {
  const at = ranking.indexOf(truth);
  return at < 0 ? null : at + 1;
}

/** In how many cases the truth is among the first k. */
export function within(places: Places, k: number): number {
  return places.filter((place) => place !== null && place <= k).length;
}

/** The mean of AC@1 to AC@5. */
export function averageAt5(places: Places): number {
  return [1, 2, 3, 4, 5].reduce((sum, k) => sum + within(places, k) / places.length, 0) / 5;
}

export function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

/** One figure for each k. */
export function figuresOf(
  about: Pick<Figure, "set" | "who">,
  measure: string,
  places: Places,
  ks: readonly (readonly [k: number, more?: Pick<Figure, "goal" | "published">])[],
): Figure[] {
  return ks.map(([k, more = {}]) => ({
    ...about,
    measure: `${measure}@${k}`,
    right: within(places, k),
    of: places.length,
    ...more,
  }));
}
