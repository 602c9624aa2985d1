import type { Usage } from "./model.ts";
import type { Opinion } from "./opinion.ts";

/** What was spent already. */
export interface Spending {
  readonly callsLastMinute: number;
  readonly todayUsd: number;
  readonly incidentUsd: number;
}

export interface SpendingBy {
  readonly model: string;
  readonly calls: number;
  readonly failures: number;
  readonly incidents: number;
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly costUsd: number;
}

export interface ModelCall {
  readonly incidentId: string | null;
  readonly provider: string;
  readonly model: string;
  readonly usage: Usage;
  readonly costUsd: number;
  readonly tookMs: number;
  readonly failure: string | null;
}

/** An opinion on an earlier incident of the same pattern. */
export interface Recalled {
  readonly incidentId: string;
  readonly opinion: Opinion;
  /** Of its fix, where one ran. */
  readonly outcome: string | null;
  readonly at: Date;
}
