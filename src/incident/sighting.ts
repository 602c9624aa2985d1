import { z } from "zod";
import type { Episode, Labels } from "./alert.ts";

/** What a watch saw: it travels with the alert that Countersign makes of it. */
export interface Sighting {
  readonly watch: string;
  readonly title: string;
  /** Gives this one series. */
  readonly promql: string;
  readonly series: Labels;
}

const Extra = z.object({
  sighting: z.object({
    watch: z.string(),
    title: z.string(),
    promql: z.string(),
    series: z.record(z.string(), z.string()),
  }),
});

/** Null for what no watch saw. Whoever else sends such a key is not believed. */
export function sightingOf({ source, extra }: Pick<Episode, "source" | "extra">): Sighting | null {
  if (source !== "countersign") return null;
  return Extra.safeParse(extra).data?.sighting ?? null;
}
