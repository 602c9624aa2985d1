import { z } from "zod";
import { Duration } from "./duration.ts";

/** `watch.yaml`: queries that are held against their own past, without any rule and any threshold. */

const MINUTE = 60_000;
const LABEL = /^[a-zA-Z_]\w*$/;
const TAKEN = ["alertname", "severity"];

function between(least: number, most: number, words: string) {
  return Duration.refine((ms) => ms >= least && ms <= most, `must be from ${words}`);
}

const Labels = z.record(
  z
    .string()
    .regex(LABEL, "must be a name of letters, digits and underscores")
    .refine((name) => !TAKEN.includes(name), "is set by the watch itself: use name or severity"),
  z.string(),
);

export const Watch = z
  .strictObject({
    name: z
      .string()
      .regex(
        LABEL,
        "must be letters, digits and underscores, such as CheckoutSlow: an alert's name",
      ),
    title: z.string().min(1),
    promql: z.string().min(1, "must not be empty"),
    window: between(15 * MINUTE, 360 * MINUTE, "15m to 6h").default(60 * MINUTE),
    every: between(15_000, 360 * MINUTE, "15s to 6h").default(5 * MINUTE),
    /** In spreads of what is usual. */
    beyond: z.number().min(1, "must be at least 1").max(1_000).default(1),
    direction: z.enum(["up", "down", "both"]).default("both"),
    severity: z.enum(["info", "warning", "critical"]).default("info"),
    kind: z
      .enum([
        ...["memory", "disk", "queue", "processor", "latency", "failures"],
        ...["availability", "traffic", "other"],
      ] as const)
      .optional(),
    unit: z
      .enum([
        ...["ratio", "percent", "seconds", "milliseconds", "bytes", "mebibytes"],
        ...["cores", "millicores", "count"],
      ] as const)
      .optional(),
    labels: Labels.default({}),
  })
  .refine(({ kind, unit }) => kind !== undefined || unit === undefined, {
    path: ["unit"],
    error: "needs kind as well",
  })
  .transform(({ window, every, kind, unit, ...watch }) => ({
    ...watch,
    windowMs: window,
    everyMs: every,
    /** Null where the names in the query have to say it. */
    measures: kind === undefined ? null : { kind, unit: unit ?? null },
  }));
export type Watch = z.output<typeof Watch>;

export const WatchFile = z.strictObject({
  watches: z.array(Watch).max(50, "must be at most 50: each asks Prometheus for a week"),
});
