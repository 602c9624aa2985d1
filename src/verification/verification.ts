/** Did it help? Judged from the alert's state and the runbook's checks, never from the command's own success. */
export type VerificationOutcome = "verified" | "still_failing" | "inconclusive";

export interface Verification {
  readonly executionId: string;
  readonly outcome: VerificationOutcome;
  /** What was looked at, in words. */
  readonly detail: string;
  readonly judgedAt: Date;
}

/** A run on an alert that still fires. */
export interface Tried {
  readonly executionId: string;
  readonly runbookId: string;
  readonly actionId: string;
  /** Null where nobody knows yet. */
  readonly outcome: VerificationOutcome | null;
  /** The run that it undid. */
  readonly undoes: string | null;
}
