import { z } from "zod";
import type { Tool } from "../diagnosis/reading.ts";
import type { EvidenceItem } from "../evidence/evidence.ts";
import type { Ports } from "./ports.ts";

export const LONGEST_TEXT = 2_000;
const LONGEST_REFUSAL = 500;

/** What a tool found: words for the model alone, or a fact that it may cite. */
type Found = string | EvidenceItem;

/**
 * What the model wrote is checked like any input; what fails is told to it, as little of a secret as what is found
 * (T33).
 */
export function tool<T extends z.ZodObject>(
  { redact }: Pick<Ports, "redact">,
  { name, description, Input }: { name: string; description: string; Input: T },
  run: (input: z.output<T>) => Promise<Found>,
): Tool {
  return {
    name,
    description,
    parameters: z.toJSONSchema(Input),
    async run(input) {
      const parsed = Input.safeParse(input);
      if (!parsed.success) {
        const flaws = z.prettifyError(parsed.error).slice(0, LONGEST_REFUSAL);
        return { text: `The input is wrong: ${flaws}`, isError: true };
      }
      try {
        const found = await run(parsed.data);
        if (typeof found === "string") return { text: found, isError: false };
        const { id, status, text } = found;
        return { text: JSON.stringify({ id, status, text }), isError: status === "missing" };
      } catch (error) {
        const text = error instanceof Error ? error.message : "it failed";
        return { text: redact(text).slice(0, LONGEST_REFUSAL), isError: true };
      }
    },
  };
}
