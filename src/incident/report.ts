/** How long something took. */
export interface Spread {
  readonly count: number;
  readonly medianMs: number | null;
  readonly p90Ms: number | null;
}

/** What the incidents that came in a stretch of time amount to. */
export interface Tally {
  readonly incidents: number;
  /** Of them, those that are not over. */
  readonly open: number;
  /** By hour of the week in UTC, Monday 00:00 first: 168 numbers. */
  readonly byHour: readonly number[];
  readonly noisiest: readonly { readonly title: string; readonly count: number }[];
  readonly acknowledge: Spread;
  readonly decide: Spread;
  readonly recover: Spread;
  readonly fixes: {
    /** Incidents that are over. */
    readonly resolved: number;
    readonly unasked: number;
    readonly approved: number;
  };
  /** The runs of that time, by what came of them. */
  readonly runs: {
    readonly verified: number;
    readonly stillFailing: number;
    /** Failed, cut short, or nobody could say. */
    readonly others: number;
  };
  /** What models cost in that time. */
  readonly costUsd: number;
}

export const PERIODS = ["day", "week", "month"] as const;
export type Period = (typeof PERIODS)[number];

const DAY_MS = 86_400_000;
/** A month is thirty days, so that one compares with the one before. */
export const PERIOD_MS: Readonly<Record<Period, number>> = {
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 30 * DAY_MS,
};

/** A stretch of time against the one of the same length before it. */
export interface Report {
  readonly from: Date;
  readonly to: Date;
  readonly now: Tally;
  readonly before: Omit<Tally, "noisiest">;
  readonly noisiest: readonly {
    readonly title: string;
    readonly count: number;
    readonly before: number;
  }[];
  /** How many incidents came, step by step. */
  readonly arrivals: {
    readonly stepMs: number;
    readonly now: readonly number[];
    readonly before: readonly number[];
  };
}
