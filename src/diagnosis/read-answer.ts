import type { z } from "zod";
import type { Answer } from "./model.ts";

export type ReadAnswer<T> =
  | { readonly ok: true; readonly answer: T }
  | { readonly ok: false; readonly flaw: string };

/** The JSON object in what a model said, held against its schema: no server enforces all of it. */
export function readAnswer<S extends z.ZodType>(
  { text, stop }: Pick<Answer, "text" | "stop">,
  Schema: S,
): ReadAnswer<z.output<S>> {
  if (stop === "length") return { ok: false, flaw: "it was cut short; be briefer" };
  const start = text.indexOf("{");
  const end = text.lastIndexOf("}");
  if (start < 0 || end < start) return { ok: false, flaw: "there is no JSON object in it" };
  try {
    const parsed = Schema.safeParse(JSON.parse(text.slice(start, end + 1)));
    if (parsed.success) return { ok: true, answer: parsed.data };
    const flaws = parsed.error.issues
      .slice(0, 5)
      .map(({ path, message }) => `${path.join(".")}: ${message}`);
    return { ok: false, flaw: flaws.join("; ").slice(0, 500) };
  } catch {
    return { ok: false, flaw: "it is not JSON" };
  }
}
