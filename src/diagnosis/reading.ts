import type { EvidenceItem } from "../evidence/evidence.ts";
import type { Labels } from "../incident/alert.ts";
import type { ToolSpec } from "./model.ts";
import type { Offer, Opinion, Summary } from "./opinion.ts";

/** What a model is shown of an incident; everything in it is redacted before. */
export interface Case {
  readonly alert: {
    readonly labels: Labels;
    readonly annotations: Labels;
    readonly startsAt: Date;
    readonly status: string;
  };
  readonly evidence: readonly EvidenceItem[];
  readonly offers: readonly Offer[];
  /** Of the runbooks that match: written by the owner. */
  readonly prose: readonly { readonly runbookId: string; readonly text: string }[];
  readonly topology: readonly { readonly name: string; readonly labels: Labels }[];
  /** What others made of it before: opinions, and no evidence. */
  readonly summaries?: readonly Summary[];
}

/** Something a model may ask, which only reads. */
export interface Tool extends ToolSpec {
  /** What it found, as it is shown to the model; a refusal says how to ask better. */
  run(input: unknown): Promise<{ readonly text: string; readonly isError: boolean }>;
}

/** What an answer is held against. */
export interface Known {
  readonly evidence: readonly EvidenceItem[];
  readonly offers: readonly Offer[];
  /** Everything else the model was shown and may name: labels, targets, the alert's words. */
  readonly words: readonly string[];
  /** Addresses that links may lead to. */
  readonly linkBases: readonly string[];
  /** Whether a command only looks. */
  readonly isReadOnly: (command: string) => boolean;
}

export interface ReadingOf {
  readonly incidentId: string;
  readonly about: Case;
  readonly tools: readonly Tool[];
  /** Every name that is known to be a host's. */
  readonly hosts: readonly string[];
  /** What the answer is held against; asked for afterwards, as tools add evidence. */
  readonly known: () => Known;
  readonly signal: AbortSignal;
  /** Somebody waits for it, and it has to be quick. */
  readonly isUrgent?: boolean;
}

export type Reading =
  | { readonly outcome: "read"; readonly pattern: string; readonly opinion: Opinion }
  | {
      readonly outcome: "none";
      readonly pattern: string;
      readonly why: string;
      /** Whether asking again a little later may help. */
      readonly isPassing: boolean;
    };

export interface Reader {
  read(wish: ReadingOf): Promise<Reading>;
}
