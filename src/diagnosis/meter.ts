import type { Limits, Reserve } from "./budget.ts";
import { NO_RESERVE, whyNotAsk } from "./budget.ts";
import type { Usage } from "./model.ts";
import { ModelFailed, NO_USAGE } from "./model.ts";
import type { PricedModel } from "./prices.ts";
import type { ModelCall, Spending } from "./spending.ts";

export interface Ledger {
  spent(incidentId: string): Promise<Spending>;
  spend(call: ModelCall): Promise<void>;
}

/** For whom a call is made. */
export interface Payer {
  readonly priced: PricedModel;
  readonly incidentId: string;
  readonly reserve?: Reserve;
}

/**
 * Counts every call: what it may cost at most is set aside before, and what it did cost is stored after. Several
 * readings at once can't pass a budget together (T32).
 */
export function createMeter(limits: Limits, ledger: Ledger) {
  const underWay = { calls: 0, usd: 0 };

  async function through(
    { priced: { model, tariff }, incidentId, reserve = NO_RESERVE }: Payer,
    atMost: Usage,
    call: () => Promise<{ readonly usage: Usage }>,
  ): Promise<string | null> {
    const mostUsd = tariff.costUsd(atMost);
    const spent = await ledger.spent(incidentId);
    const callsLastMinute = spent.callsLastMinute + underWay.calls;
    const todayUsd = spent.todayUsd + underWay.usd;
    const why = whyNotAsk(limits, { ...spent, callsLastMinute, todayUsd }, mostUsd, reserve);
    if (why !== null) return why;

    underWay.calls += 1;
    underWay.usd += mostUsd;
    const startedAt = performance.now();
    const enter = (usage: Usage, failure: string | null) =>
      ledger.spend({
        ...{ incidentId, provider: model.provider, model: model.name },
        ...{ usage, failure, costUsd: tariff.costUsd(usage) },
        tookMs: Math.round(performance.now() - startedAt),
      });
    try {
      await enter((await call()).usage, null);
      return null;
    } catch (error) {
      const failure = error instanceof ModelFailed ? error.kind : "unknown";
      // Nobody says what an answer cost that was not waited for: it counts in full.
      await enter(failure === "too_late" ? atMost : NO_USAGE, failure);
      throw error;
    } finally {
      underWay.calls -= 1;
      underWay.usd -= mostUsd;
    }
  }

  return { through };
}
