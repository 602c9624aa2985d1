/** One service asks another. */
export interface Call {
  readonly caller: string;
  readonly callee: string;
}

/** Who calls whom, as a mesh, traces or labels tell. */
export interface Topology {
  readonly calls: readonly Call[];
  /** Nothing of their own is measured: what is known of them is what their callers saw. */
  readonly seenByCallersOnly?: ReadonlySet<string>;
}

export function calleesOf({ calls }: Topology): Map<string, Set<string>> {
  const callees = new Map<string, Set<string>>();
  for (const { caller, callee } of calls) {
    const known = callees.get(caller) ?? new Set();
    // A service that calls itself explains nothing by it.
    if (caller !== callee) callees.set(caller, known.add(callee));
  }
  return callees;
}

/**
 * The services that the start reaches through such as stand out, each with the sum of the logarithms along the best of its
 * shortest ways: a chain that stands out all along is better evidence than a lone end. Shortest, for circles exist, and a
 * longest way takes for ever to find.
 */
export function evidencePaths(
  start: string,
  callees: ReadonlyMap<string, ReadonlySet<string>>,
  felt: (service: string) => number,
  standsOut: number,
): Map<string, number> {
  const sums = new Map([[start, Math.log1p(felt(start))]]);
  for (let layer = [start]; layer.length > 0; ) {
    const next = new Map<string, number>();
    const calls = layer.flatMap((caller) =>
      [...(callees.get(caller) ?? [])].map((callee) => [caller, callee] as const),
    );
    for (const [caller, callee] of calls) {
      if (sums.has(callee) || felt(callee) < standsOut) continue;
      const sum = (sums.get(caller) ?? 0) + Math.log1p(felt(callee));
      next.set(callee, Math.max(next.get(callee) ?? 0, sum));
    }
    for (const [service, sum] of next) sums.set(service, sum);
    layer = [...next.keys()];
  }
  return sums;
}
