/** Did it help? Judged from the alert's state and the runbook's checks, never from the command's own success. */
export type VerificationOutcome = "verified" | "still_failing" | "inconclusive";

export interface Verification {
  readonly executionId: string;
  readonly outcome: VerificationOutcome;
  /** What was looked at, in words. */
  readonly detail: string;
  readonly judgedAt: Date;
}
