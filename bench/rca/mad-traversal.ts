import { selectQuantile } from "../../src/evidence/robust.ts";
import type { Aim, Recording } from "./petshop.ts";

/**
 * PetShop's own baseline (Hardt et al., CLeaR 2024), to prove that the data is read and counted as they did: at the first
 * row from the third on at which the alerting node is anomalous, the anomalous nodes that call no anomalous one, by the
 * largest sum of scores along a path of anomalous nodes to the alerting one.
 */
export function madTraversal(
  callees: ReadonlyMap<string, readonly string[]>,
  target: Aim,
  normal: Recording,
  abnormal: Recording,
): string[] {
  const judges = new Map(
    [...normal.nodes].flatMap(([node, values]) => {
      const judge = judgeOf(values.filter((value) => !Number.isNaN(value)));
      return judge === null ? [] : [[node, judge] as const];
    }),
  );
  const scoresAt = (row: number) =>
    new Map(
      [...abnormal.nodes].flatMap(([node, values]) => {
        const score = judges.get(node)?.(values[row] ?? Number.NaN) ?? null;
        return score === null ? [] : [[node, score] as const];
      }),
    );
  for (let row = 2; row < abnormal.times.length; row++) {
    const scores = scoresAt(row);
    if (scores.has(target.node)) return suspectsOf(callees, target.node, scores);
  }
  return [];
}

/** The score of an anomalous value, null of an ordinary one. */
function judgeOf(values: Float64Array): ((value: number) => number | null) | null {
  if (values.length < 10) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.every((value) => value === values[0])) {
    return (value) => (Math.abs(value - mean) > 0 ? Math.abs(value - mean) : null);
  }
  const median = selectQuantile(values.slice(), 0.5);
  const mad =
    1.4826 *
    selectQuantile(
      values.map((value) => Math.abs(value - median)),
      0.5,
    );
  return (value) => (Math.abs(value - median) / mad > 5 ? Math.abs(value - median) / mad : null);
}

function suspectsOf(
  callees: ReadonlyMap<string, readonly string[]>,
  target: string,
  scores: ReadonlyMap<string, number>,
): string[] {
  const anomalousCallees = (node: string) =>
    (callees.get(node) ?? []).filter((callee) => scores.has(callee));
  const best = new Map<string, number>();
  const walk = (node: string, sum: number, path: readonly string[]) => {
    const next = anomalousCallees(node).filter((callee) => !path.includes(callee));
    if (anomalousCallees(node).length === 0 && node !== target) {
      best.set(node, Math.max(best.get(node) ?? 0, sum));
    }
    for (const callee of next) walk(callee, sum + (scores.get(callee) ?? 0), [...path, callee]);
  };
  walk(target, scores.get(target) ?? 0, [target]);
  // A metric that was never anything but 100 % gives infinite scores. Among those the published program goes by the order
  // of a set, which Python draws anew in every process; the order of the columns gives the numbers that were published.
  const score = (node: string) => best.get(node) ?? 0;
  return [...scores.keys()]
    .filter((node) => best.has(node))
    .sort((a, b) => (score(a) === score(b) ? 0 : score(b) - score(a)));
}
