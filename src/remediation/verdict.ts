/** What a command can do at worst. `forbidden`: nobody should run it, whoever wrote it. */
export type Verdict = "low" | "medium" | "high" | "forbidden";

export interface Finding {
  readonly verdict: Verdict;
  /** In words, naming the program or the argument. */
  readonly reason: string;
}

export interface Classification extends Finding {
  /** False for a look that goes on until somebody stops it, such as `tail -f`. */
  readonly ends: boolean;
}

const ORDER: readonly Verdict[] = ["low", "medium", "high", "forbidden"];

export function isAbove(verdict: Verdict, other: Verdict): boolean {
  return ORDER.indexOf(verdict) > ORDER.indexOf(other);
}

/** The first of the worst. */
export function worstOf<T extends Finding>(findings: readonly [T, ...T[]]): T {
  return findings.reduce((worst, next) => (isAbove(next.verdict, worst.verdict) ? next : worst));
}
