import type { VerificationOutcome } from "./verification.ts";

/** One way of looking at whether a fix helped; `unknown` is a source that could not be asked or has said nothing yet. */
export interface Check {
  readonly name: "alert" | "probe" | "query";
  readonly state: "holds" | "fails" | "unknown";
  readonly detail: string;
}

export type Judgement =
  | { readonly outcome: VerificationOutcome; readonly detail: string }
  | { readonly outcome: "wait" };

/**
 * All checks hold: verified, at once. Otherwise time decides: at the end of the window a check that fails means
 * `still_failing`, and one that nobody could answer `inconclusive`.
 */
export function judge(checks: readonly Check[], isWindowOver: boolean): Judgement {
  const detail = checks.map((check) => check.detail).join("; ") || "there was nothing to check";
  if (checks.length > 0 && checks.every(({ state }) => state === "holds")) {
    return { outcome: "verified", detail };
  }
  if (!isWindowOver) return { outcome: "wait" };
  const isFailing = checks.some(({ state }) => state === "fails");
  return { outcome: isFailing ? "still_failing" : "inconclusive", detail };
}
