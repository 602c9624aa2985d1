import { parser } from "@prometheus-io/lezer-promql";

const SHOWN_CHARS = 40;

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
