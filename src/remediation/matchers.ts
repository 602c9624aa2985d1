import { z } from "zod";
import type { Labels } from "../incident/alert.ts";

const LONGEST_MATCHED = 1024;

/** One accepted value of a label: a literal, or `/regex/` that has to match from end to end. */
export interface Matcher {
  readonly text: string;
  readonly pattern: RegExp | null;
}

/** All labels named must hold one of their values; a label that is absent counts as empty. */
export type Matchers = Readonly<Record<string, readonly Matcher[]>>;

const error = "must be a text, a list of texts, or /regex/ (quote numbers and true or false)";

export const Values = z
  .union([z.string(), z.array(z.string()).min(1)], { error })
  .transform((values, context) =>
    [values].flat().map((text): Matcher => {
      if (!/^\/.+\/$/s.test(text)) return { text, pattern: null };
      const pattern = compile(text.slice(1, -1));
      if (pattern === null) {
        context.addIssue({ code: "custom", message: `has a regex that does not compile: ${text}` });
      }
      return { text, pattern };
    }),
  );

export const Matchers = z.record(z.string(), Values);

/**
 * The pattern with our own anchors; null where it does not compile.
 * It has to compile without them too: `a)|(?:b` would otherwise climb out of the group that anchors it.
 */
export function compile(pattern: string): RegExp | null {
  try {
    new RegExp(pattern, "u");
    return new RegExp(`^(?:${pattern})$`, "u");
  } catch {
    // The engine's own words ("Invalid group") help nobody; the caller says which pattern it was.
    return null;
  }
}

export function isMatch(matchers: Matchers, labels: Labels): boolean {
  return Object.entries(matchers).every(([name, accepted]) => {
    const value = Object.hasOwn(labels, name) ? (labels[name] ?? "") : "";
    return accepted.some(({ text, pattern }) =>
      // A pattern may take its time on a long text, and a label is anybody's.
      pattern === null ? value === text : value.length <= LONGEST_MATCHED && pattern.test(value),
    );
  });
}
