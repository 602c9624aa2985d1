import { z } from "zod";

const MAX_STOP_SECONDS = 600;

/** How long something may take to stop by itself, in seconds: `20`, `20s` or `2m`. */
export const StopTimeout = z
  .union([z.int().transform(String), z.string()])
  .pipe(z.string().regex(/^\d{1,4}[sm]?$/, "must be a duration such as 20s"))
  .transform((text) => Number.parseInt(text, 10) * (text.endsWith("m") ? 60 : 1))
  .refine((seconds) => seconds <= MAX_STOP_SECONDS, `must be at most ${MAX_STOP_SECONDS}s`);
