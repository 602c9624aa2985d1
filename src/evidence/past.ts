/** What the program itself remembers: the alert's earlier episodes, and what it ran. */

/** An earlier episode of the same kind, with what was done about it. */
export interface PastEpisode {
  readonly incidentId: string;
  readonly startsAt: Date;
  readonly endsAt: Date | null;
  readonly where: string;
  readonly runs: readonly PastRun[];
}

export interface PastRun {
  readonly runbookId: string;
  readonly actionId: string;
  readonly target: string;
  readonly at: Date;
  readonly state: string;
  /** What the look afterwards said; null where nobody has looked. */
  readonly outcome: string | null;
}

/** To count on would cost each alert of a storm more than the one before. */
export const MOST_ELSEWHERE = 100;

export interface Past {
  /** Of the very same alert, the newest first; how many there are in all beside them. */
  readonly same: readonly PastEpisode[];
  readonly sameTotal: number;
  /** Incidents of the same name about something else, since a while: `MOST_ELSEWHERE` or more are counted as that. */
  readonly elsewhere: number;
}
