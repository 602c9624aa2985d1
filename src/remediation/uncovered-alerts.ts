import { isMatch } from "./matchers.ts";
import type { Runbook } from "./runbook.ts";
import { isFallback } from "./runbook.ts";

/** The names of alerts that no runbook but the fallback is written for; what else it asks of labels is left aside. */
export function uncoveredAlerts(names: readonly string[], runbooks: readonly Runbook[]): string[] {
  const own = runbooks.filter((runbook) => !isFallback(runbook));
  const isCovered = (alertname: string) =>
    own.some(({ match: { alertname: accepted } }) =>
      isMatch(accepted === undefined ? {} : { alertname: accepted }, { alertname }),
    );
  return [...new Set(names)].filter((name) => !isCovered(name)).sort();
}
