import type { Severity } from "./alert.ts";

/** What is left of a stretch of time, as it is stored. */
export interface Shift {
  readonly openCount: number;
  /** The first of what is open, the oldest first. */
  readonly open: readonly {
    readonly id: string;
    readonly title: string;
    readonly severity: Severity | null;
    readonly acknowledgedBy: string | null;
    readonly openedAt: Date;
  }[];
  /** The newest first. */
  readonly ran: readonly {
    readonly title: string;
    readonly target: string;
    readonly isUnasked: boolean;
    readonly outcome:
      | "verified"
      | "still_failing"
      | "inconclusive"
      | "failed"
      | "unknown"
      | "under_way";
  }[];
  readonly silenced: readonly { readonly title: string; readonly until: Date }[];
  /** The newest first. */
  readonly notes: readonly {
    readonly incidentId: string;
    readonly title: string;
    readonly person: string;
    readonly text: string;
  }[];
}

/** What one shift tells the next. */
export interface Handover extends Shift {
  readonly from: Date;
  readonly to: Date;
  /** Whose shift it was; null where there is no rota. */
  readonly off: string | null;
  /** Who comes after, from then on. */
  readonly on: { readonly person: string; readonly from: Date; readonly to: Date } | null;
  /** The one that expires first comes first. */
  readonly waiting: readonly {
    readonly planCode: string;
    readonly title: string;
    readonly target: string;
    readonly risk: string;
    readonly expiresAt: Date;
  }[];
  readonly maintenance: readonly { readonly what: string; readonly until: Date }[];
}
