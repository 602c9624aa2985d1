/** Alerts that Alertmanager keeps quiet about for a while: a fix is under way, or a person wants it so. */
export interface Silence {
  readonly id: string;
  readonly incidentId: string;
  /** The request whose run it covers; null for one that a person asked for. */
  readonly requestId: string | null;
  readonly episodeIds: readonly number[];
  /** Who asked for it; null where a runbook did. */
  readonly person: string | null;
  /** Where Alertmanager ends it by itself, whatever becomes of us. */
  readonly endsAt: Date;
  /** When we end it. */
  readonly liftAt: Date;
  /** Why Alertmanager has none. */
  readonly failure: string | null;
  readonly endedAt: Date | null;
}

/** Stands in the comment of each: what a crash left behind is found by it. */
export function markOf(silenceId: string): string {
  return `[countersign ${silenceId}]`;
}

/** The one that holds longest; null where nothing is silenced. */
export function longestOf(silences: readonly Silence[], now: Date): Silence | null {
  const live = silences.filter(
    ({ endedAt, failure, liftAt }) => endedAt === null && failure === null && liftAt > now,
  );
  return live.sort((a, b) => b.liftAt.getTime() - a.liftAt.getTime())[0] ?? null;
}
