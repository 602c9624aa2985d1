import { parser } from "@prometheus-io/lezer-promql";

const SHOWN_CHARS = 40;
const COMMENT = "LineComment";

export type SyntaxNode = ReturnType<typeof parser.parse>["topNode"];

/** The expression that a query is, as a tree; null where it can't be read. */
export function treeOf(query: string): SyntaxNode | null {
  return firstError(query) === null ? (partsOf(parser.parse(query).topNode)[0] ?? null) : null;
}

/** What a node is made of, comments left out. */
export function partsOf(node: SyntaxNode): SyntaxNode[] {
  const parts: SyntaxNode[] = [];
  for (let part = node.firstChild; part !== null; part = part.nextSibling) {
    if (part.name !== COMMENT) parts.push(part);
  }
  return parts;
}

/**
 * What Prometheus's own grammar does not read in a query, or null. The grammar knows names and shapes;
 * whether a function is given what it takes, only Prometheus can say.
 */
export function promqlFlaw(query: string): string | null {
  const at = firstError(query);
  if (at === null) return null;
  const rest = query.slice(at).trim().split("\n")[0] ?? "";
  if (rest === "") return "the query ends too early: a bracket, a quote or an operand is missing";
  const near = rest.length > SHOWN_CHARS ? `${rest.slice(0, SHOWN_CHARS)}…` : rest;
  return `not understood as PromQL from ${JSON.stringify(near)} on`;
}

/** Why it is more than a selector of series, or null. */
export function selectorFlaw(query: string): string | null {
  const flaw = promqlFlaw(query);
  if (flaw !== null) return flaw;
  return treeOf(query)?.name === "VectorSelector"
    ? null
    : 'it must be one selector, such as up{job="web"}';
}

/** The metrics that a query names outright. */
export function metricsIn(query: string): readonly string[] {
  const names = new Set<string>();
  parser.parse(query).iterate({
    enter: ({ type, node, from, to }) => {
      const isMetric = type.name === "Identifier" && node.parent?.name === "VectorSelector";
      if (isMetric) names.add(query.slice(from, to));
    },
  });
  return [...names];
}

function firstError(query: string): number | null {
  let at: number | null = null;
  parser.parse(query).iterate({
    enter: ({ type, from }) => {
      if (type.isError) at ??= from;
      return at === null;
    },
  });
  return at;
}
