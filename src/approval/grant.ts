/**
 * Leave for one action to run unasked on one target. People give it like a high risk plan; it ends with the first run
 * that does not help, and holds for nothing but what it was given for.
 */
export interface Grant {
  readonly requestId: string;
  readonly incidentId: string;
  readonly runbookId: string;
  readonly actionId: string;
  readonly target: string;
  /** Of everything it was given for: what has another one is not covered. */
  readonly binding: string;
  readonly givenAt: Date;
  /** Null while it holds. */
  readonly end: {
    readonly at: Date;
    /** The person who took it back; null where what happened ended it. */
    readonly by: string | null;
    readonly why: string;
  } | null;
}
