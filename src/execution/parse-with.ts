import type { z } from "zod";
import { InvalidAction } from "./execution.ts";

/** An action's or a probe's `with`, as its executor understands it. @throws InvalidAction with the failing keys */
export function parseWith<T>(schema: z.ZodType<T>, given: Readonly<Record<string, unknown>>): T {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${["with", ...path].join(".")}: ${message}`,
  );
  throw new InvalidAction(problems.join("; "), { cause: parsed.error });
}
