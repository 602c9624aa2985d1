/** A typed reading of the evidence. It never carries a command, an approver or a lower risk. */
export interface Diagnosis {
  readonly by: "rules";
  readonly cause: string;
  readonly confidence: "low" | "medium" | "high";
  /** Ids of the evidence items it rests on. */
  readonly cites: readonly string[];
}
