/** How one request for an action on a target ended: ran with this outcome, or was refused by people. */
export interface PastOutcome {
  readonly what:
    | "verified"
    | "still_failing"
    | "inconclusive"
    | "failed"
    | "unknown"
    | "undone"
    | "rejected"
    /** People took back that it might run unasked. */
    | "taken_back";
  readonly at: Date;
  /** Nobody was asked about it. */
  readonly isUnasked: boolean;
  /** What Countersign itself proposed for an alert; anything else was chosen by somebody. */
  readonly isOwn: boolean;
  /** Of the runbook file it ran from; empty where nothing ran. */
  readonly runbookHash: string;
  readonly host: string;
}

/** What an action has to show on one target. */
export interface TrackRecord {
  /** Runs that people approved. */
  readonly approved: number;
  /** Of all runs. */
  readonly verified: number;
  readonly stillFailing: number;
  readonly otherwise: number;
  readonly rejected: number;
  readonly lastRejectedAt: Date | null;
  /** The newest runs, of what the runbook says now, that people approved and that helped: up to the first thing else. */
  readonly inARow: number;
}

/** One action on one target: what it has shown, and whether it may run unasked there. */
export interface Standing {
  readonly runbookId: string;
  readonly actionId: string;
  readonly actionTitle: string;
  readonly target: string;
  readonly record: TrackRecord;
  /** Since when it may run unasked; null where it asks. */
  readonly grantedAt: Date | null;
  /** What is missing until people are asked; null where nothing is. */
  readonly missing: string | null;
}

/** An action whose runbook declares it medium, with a record that would do for low: its owner might look at it again. */
export interface Reviewable {
  readonly runbookId: string;
  readonly actionId: string;
  readonly actionTitle: string;
  readonly targets: readonly string[];
  /** On all of them. */
  readonly record: TrackRecord;
}

export interface Autonomy {
  /** What the policy says of low risk; null where it can't be read. */
  readonly auto: boolean | "earned" | null;
  /** The rule, in words. */
  readonly rule: string;
  /** Those that may run unasked first. */
  readonly standings: readonly Standing[];
  readonly reviewable: readonly Reviewable[];
}
