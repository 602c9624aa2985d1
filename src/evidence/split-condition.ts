import type { Threshold } from "./measurement.ts";
import type { SyntaxNode } from "./promql.ts";
import { partsOf, treeOf } from "./promql.ts";

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

const LOGICAL = new Set(["and", "or", "unless"]);
/** Numbers, and what counts with them: no metric, no function. */
const NUMERIC = /^(?:NumberDurationLiteral|UnaryOp|Add|Sub|Mul|Div|Mod|Pow)$/;

/**
 * Splits the comparison off an alert's expression: of `a > 0.9 and b` it is `a` and `0.9`. Null where it has none, or
 * where both sides are measured.
 */
export function splitCondition(expr: string): Condition | null {
  const tree = treeOf(expr);
  return tree === null ? null : conditionIn(tree, expr);
}

function conditionIn(node: SyntaxNode, expr: string): Condition | null {
  const [left, middle, right, ...more] = partsOf(node);
  if (left === undefined) return null;
  // `(a > 1)` is `a > 1`.
  if (node.name === "ParenExpr") return conditionIn(left, expr);
  if (node.name !== "BinaryExpr" || middle === undefined || right === undefined) return null;
  const text = ({ from, to }: SyntaxNode) => expr.slice(from, to);
  // The value of such an alert is that of the first operand.
  if (LOGICAL.has(text(middle).toLowerCase())) return conditionIn(left, expr);
  const operator = text(middle);
  // With `bool` or `on` it is no line that a value crosses.
  if (!isComparison(operator) || more.length > 0) return null;
  if (isNumber(right)) return { value: text(left), operator, limit: text(right) };
  if (isNumber(left)) return { value: text(right), operator: TURNED[operator], limit: text(left) };
  return null;
}

function isComparison(text: string): text is Operator {
  return Object.hasOwn(TURNED, text);
}

function isNumber(node: SyntaxNode): boolean {
  const parts = partsOf(node);
  return parts.length === 0 ? NUMERIC.test(node.name) : parts.every(isNumber);
}
