import { z } from "zod";
import type { Labels } from "../incident/alert.ts";
import { isMatch, Matchers } from "./matchers.ts";

const MOST = 20;

/** One number that the business lives by. Its name says what it is, as a metric's does: `…_seconds`, `…_ratio`. */
const Kpi = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,62}$/, "must be lower case letters, digits and underscores"),
  title: z.string().min(1, "must not be empty").max(80, "must have at most 80 characters"),
  promql: z.string().min(1, "must not be empty"),
  better: z.enum(["high", "low"]),
  /** Labels of the alerts for which it is looked at; all, where it is left out. */
  match: Matchers.default({}),
});
export type Kpi = z.output<typeof Kpi>;

/** `kpis.yaml` as its owner writes it. */
export const KpiFile = z.strictObject({
  kpis: z.array(Kpi).max(MOST, `must be at most ${MOST}: each is asked for with every alert`),
});

export function isAbout({ match }: Kpi, labels: Labels): boolean {
  return isMatch(match, labels);
}
