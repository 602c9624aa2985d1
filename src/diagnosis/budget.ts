import type { Spending } from "./spending.ts";

/** What asking may cost. */
export interface Limits {
  readonly callsPerMinute: number;
  readonly dailyUsd: number;
  readonly incidentUsd: number;
}

/** What has to be left for others after a call. */
export interface Reserve {
  readonly calls: number;
  readonly usd: number;
}

export const NO_RESERVE: Reserve = { calls: 0, usd: 0 };

/** Why a call that may cost so much is not made, or null. */
export function whyNotAsk(
  limits: Limits,
  spent: Spending,
  callUsd: number,
  reserve: Reserve = NO_RESERVE,
): string | null {
  const atMostUsd = callUsd + reserve.usd;
  if (spent.callsLastMinute + reserve.calls >= limits.callsPerMinute) {
    return `${limits.callsPerMinute} calls in the last minute are the most (LLM_MAX_CALLS_PER_MINUTE)`;
  }
  if (spent.todayUsd + atMostUsd > limits.dailyUsd) {
    return `the day's budget of $${limits.dailyUsd} would be passed (LLM_DAILY_BUDGET_USD)`;
  }
  if (spent.incidentUsd + atMostUsd > limits.incidentUsd) {
    return `this incident's budget of $${limits.incidentUsd} would be passed (LLM_MAX_COST_PER_INCIDENT_USD)`;
  }
  return null;
}
