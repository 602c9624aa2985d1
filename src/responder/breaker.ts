import type { ActionHistory } from "../execution/execution.ts";
import type { Facts } from "../remediation/assess.ts";
import type { Policy } from "../remediation/policy.ts";

/** How long a failure on one target makes the program ask on the others. */
const ELSEWHERE_MS = 600_000;

/** What the history of an action takes from the program: asked at the proposal and once more inside the claim. */
export function heldBack(
  history: ActionHistory,
  target: string,
  policy: Policy,
  now: Date,
): Pick<Facts["history"], "breakerOpenUntil" | "isBreakerKnown" | "isFlapping" | "failedOn"> {
  const { lastFailureAt, lastFailureOn, lastHeldAt, lastBrokenAt } = history;
  const { openMs } = policy.limits.breaker;
  const isWithin = (at: Date | null, ms: number) =>
    at !== null && now.getTime() - at.getTime() < ms;
  return {
    breakerOpenUntil: breakerOpenUntil(history, policy),
    isBreakerKnown: lastBrokenAt !== null && lastFailureAt !== null && lastBrokenAt > lastFailureAt,
    isFlapping: isWithin(lastHeldAt, openMs),
    failedOn:
      lastFailureOn !== target && isWithin(lastFailureAt, ELSEWHERE_MS) ? lastFailureOn : null,
  };
}

/** After that many failures in a row an action only asks, until a while after the last one. */
function breakerOpenUntil(
  { failuresInARow, lastFailureAt }: Pick<ActionHistory, "failuresInARow" | "lastFailureAt">,
  { limits: { breaker } }: Policy,
): Date | null {
  if (lastFailureAt === null || failuresInARow < breaker.failures) return null;
  return new Date(lastFailureAt.getTime() + breaker.openMs);
}
