/** A file of the runbook folder as it lies on the disk. */
export interface RuleFile {
  readonly name: string;
  /** Of its bytes, 64 hex digits; null where it can't be read. */
  readonly sha256: string | null;
  readonly text: string;
}

/** One file that is not what it was when it was last looked at. */
export interface RuleChange {
  readonly name: string;
  /** Null where it was not there, or could not be read. */
  readonly before: string | null;
  readonly after: string | null;
  /** For people: `policy.yaml changed: approval.medium.quorum 1 → 2`. */
  readonly summary: string;
  /** Lines that begin with `-`, `+` or a space; bounded. */
  readonly diff: string;
  /** The new text as it may be stored; null where the file is gone. */
  readonly text: string | null;
}
