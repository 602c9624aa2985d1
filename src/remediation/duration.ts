import { z } from "zod";

const UNITS = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
const SHAPE = /^(?=\d)(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?$/;
const MOST_MS = 3660 * UNITS.d;

/** `20s`, `3m`, `1h30m`, `7d` to milliseconds; null for anything else. */
export function parseDuration(text: string): number | null {
  if (!SHAPE.test(text)) return null;
  const parts = text.matchAll(/(\d+)(ms|[wdhms])/g);
  const total = [...parts].reduce(
    (sum, [, count, unit]) => sum + Number(count) * UNITS[unit as keyof typeof UNITS],
    0,
  );
  return total <= MOST_MS ? total : null;
}

const error = "must be a duration such as 20s, 3m, 1h30m or 7d";

export const Duration = z.string({ error }).transform((text, context) => {
  const milliseconds = parseDuration(text);
  if (milliseconds !== null) return milliseconds;
  context.addIssue({ code: "custom", message: error });
  return z.NEVER;
});
