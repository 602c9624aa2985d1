import type { ActionHistory } from "../execution/execution.ts";
import type { Policy } from "../remediation/policy.ts";

/** After that many failures in a row an action only asks, until a while after the last one. */
export function breakerOpenUntil(
  { failuresInARow, lastFailureAt }: Pick<ActionHistory, "failuresInARow" | "lastFailureAt">,
  { limits: { breaker } }: Policy,
): Date | null {
  if (lastFailureAt === null || failuresInARow < breaker.failures) return null;
  return new Date(lastFailureAt.getTime() + breaker.openMs);
}
