import type { Threshold } from "./measurement.ts";

type Operator = Threshold["operator"];

/** An alert's expression, taken apart: the value that is measured, and the line that it crosses. */
export interface Condition {
  readonly value: string;
  readonly operator: Operator;
  /** PromQL too: `14 * 86400` is a limit. */
  readonly limit: string;
}

const TURNED: Readonly<Record<Operator, Operator>> = {
  ">": "<",
  ">=": "<=",
  "<": ">",
  "<=": ">=",
  "==": "==",
  "!=": "!=",
};

/** Strings and comments, whole; brackets; words and numbers; then the operators, the long ones first. */
const TOKENS =
  /#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|[([{]|[)\]}]|[\w:.]+|==|!=|>=|<=|=~|!~|[^\s]/gs;
const LOGICAL = /^(?:and|or|unless)$/i;
/** Numbers, and what counts with them: no metric, no function. */
const NUMBER = /^[-+\d.eE_*/%^()\s]+$|^[-+]?Inf$/i;

/**
 * Splits the comparison off an alert's expression: of `a > 0.9 and b` it is `a` and `0.9`. Null where it has none, or
 * where both sides are measured.
 */
export function splitCondition(expr: string): Condition | null {
  const main = mainPart(expr.trim());
  const found = topLevel(main).find(({ text }) => text in TURNED && Object.hasOwn(TURNED, text)) as
    | { text: Operator; start: number }
    | undefined;
  if (found === undefined) return main === expr.trim() ? unwrapped(main) : null;
  const left = main.slice(0, found.start).trim();
  const right = main.slice(found.start + found.text.length).trim();
  if (left === "" || right === "" || /^bool\b/i.test(right)) return null;
  if (NUMBER.test(right)) return { value: left, operator: found.text, limit: right };
  if (NUMBER.test(left)) return { value: right, operator: TURNED[found.text], limit: left };
  return null;
}

/** Comparisons bind closer than `and`, `or` and `unless`: the alert's value is that of the first operand. */
function mainPart(expr: string): string {
  const [logical] = topLevel(expr).filter(({ text }) => LOGICAL.test(text));
  return logical === undefined ? expr : expr.slice(0, logical.start).trim();
}

/** `(a > 1)` is `a > 1`. */
function unwrapped(expr: string): Condition | null {
  const isWrapped = expr.startsWith("(") && expr.endsWith(")") && topLevel(expr).length === 0;
  return isWrapped ? splitCondition(expr.slice(1, -1)) : null;
}

/** The tokens outside any bracket, comments left out. */
function topLevel(expr: string): { readonly text: string; readonly start: number }[] {
  let depth = 0;
  const found: { text: string; start: number }[] = [];
  for (const { 0: text, index } of expr.matchAll(TOKENS)) {
    // A string that never ends: nothing can be said of what follows.
    if (/^["'`]$/.test(text)) return [];
    if (/^[([{]$/.test(text)) depth += 1;
    else if (/^[)\]}]$/.test(text)) depth -= 1;
    else if (depth === 0 && !text.startsWith("#")) found.push({ text, start: index });
  }
  return found;
}
