import type {
  AskEnd,
  AskedRequest,
  Called,
  CallKey,
  EditEnd,
  EditedRequest,
  GrantRequest,
  NewRequest,
  Plan,
  PlannedRequest,
  Replaced,
  Request,
} from "../approval/approval.ts";
import type { IncidentSummary } from "../chat/card.ts";
import type { Diagnosis } from "../diagnosis/diagnosis.ts";
import type { Opinion } from "../diagnosis/opinion.ts";
import type { Reader } from "../diagnosis/reading.ts";
import type { Inquiry } from "../evidence/collect.ts";
import type { EvidenceItem } from "../evidence/evidence.ts";
import type { Window } from "../evidence/measurement.ts";
import type { Silence } from "../evidence/silence.ts";
import type {
  ActionHistory,
  ActionOnTarget,
  Claim,
  Execution,
  Executor,
  RunResult,
  Start,
} from "../execution/execution.ts";
import type { Alert, AskedAbout, Asker, Episode, Labels, Severity } from "../incident/alert.ts";
import type { Incident } from "../incident/incident.ts";
import type { Whitelist } from "../remediation/runbook.ts";
import type { PastOutcome } from "../remediation/track-record.ts";
import type { Tried, VerificationOutcome } from "../verification/verification.ts";

/** What the journey needs of the outside; `app.ts` fits it. Every method of the store is one transaction. */
export interface Ports {
  readonly store: ResponderStore;
  readonly catalogue: { read(): Whitelist };
  readonly executors: ReadonlyMap<string, Executor>;
  /** The bytes behind an argv: the program, and the scripts it names. */
  readonly hashFiles: (
    argv: readonly [string, ...string[]],
    directory: string,
  ) => Promise<Plan["files"]>;
  /** Null where no source is configured; that is not the same as one that fails. */
  readonly alertmanager: {
    isActive(alert: Pick<Alert, "fingerprint" | "labels">): Promise<boolean>;
    silence(wanted: {
      readonly labels: Labels;
      readonly from: Date;
      readonly until: Date;
      readonly createdBy: string;
      readonly comment: string;
    }): Promise<void>;
    /** Ends those of these labels that bear the mark; an error leaves it open whether they are ended. */
    unsilence(wanted: { readonly labels: Labels; readonly mark: string }): Promise<void>;
  } | null;
  readonly prometheus: {
    query(
      promql: string,
    ): Promise<readonly { labels: Readonly<Record<string, string>>; value: number }[]>;
    holds(promql: string): Promise<boolean>;
    /** The label sets of the series that match. */
    series(
      selectors: readonly string[],
      window: Span,
      limit: number,
    ): Promise<readonly Readonly<Record<string, string>>[]>;
    labels(window: Span): Promise<readonly string[]>;
    valuesOf(label: string, window: Span): Promise<readonly string[]>;
  } | null;
  readonly loki: {
    query(
      logql: string,
      window: Window,
      limit: number,
    ): Promise<
      | { readonly kind: "lines"; readonly lines: readonly { readonly text: string }[] }
      | { readonly kind: "series" }
    >;
    labels(window: Span): Promise<readonly string[]>;
    valuesOf(label: string, window: Span): Promise<readonly string[]>;
  } | null;
  /** What the configured sources can be asked about an alert. */
  readonly inquire: (alert: AskedAbout) => Inquiry;
  /** Rings whoever is on call; null where nobody is to be rung. */
  readonly page:
    | ((
        event:
          | {
              readonly what: "trigger";
              readonly requestId: string;
              readonly incidentId: string;
              readonly summary: string;
              readonly source: string;
              readonly severity: Severity | null;
            }
          | { readonly what: "resolve"; readonly requestId: string },
      ) => Promise<
        | { readonly outcome: "accepted" | "refused" }
        | { readonly outcome: "later"; readonly why: string }
      >)
    | null;
  /** Tells a place outside the chats; what is not known there any more is refused. */
  readonly tell: (
    telling: Telling,
  ) => Promise<
    | { readonly outcome: "accepted" | "refused" }
    | { readonly outcome: "later"; readonly why: string }
  >;
  /** A model that reads what was found; null where none is set. */
  readonly reader: Reader | null;
  /** Addresses that a model's links may lead to. */
  readonly linkBases: readonly string[];
  /** Never goes back, whatever the machine's clock does. */
  readonly now: () => Date;
  /** How far the machine's clock was set back behind `now`. */
  readonly clockBehindMs: () => number;
  /** Why nothing may run unasked here, whatever the rules say; null where the sandbox is there. */
  readonly belowFloor: () => string | null;
  readonly newRequestId: () => string;
  readonly newIncidentId: () => string;
  /** Named places between two durable writes, where a drill may end the process. */
  readonly crashPoint: (name: Place) => void;
  readonly redact: (text: string) => string;
  /** Aborted when the program must end now: a run under way is stopped then, not left behind. */
  readonly stopping: AbortSignal;
}

type Span = Pick<Window, "fromMs" | "toMs">;

/** What a place outside the chats is to know of an incident. */
export interface Telling {
  /** As it is named in a route. */
  readonly place: string;
  readonly event: "firing" | "acknowledged" | "resolved";
  readonly incident: Incident;
  readonly alerts: readonly Episode[];
}

export type Place =
  | "before-looks"
  | "before-plan"
  | "before-look-again"
  | "before-claim"
  | "after-claim"
  | "after-start"
  | "after-run";

export interface ResponderStore {
  readonly incident: (id: string) => Promise<Incident | null>;
  readonly episode: (id: number) => Promise<Episode | null>;
  /** An episode that was over has begun anew, under its old start. */
  readonly fireAgain: (episodeId: number) => Promise<void>;
  /** The source no longer reports an alert whose resolution nobody sends. */
  readonly alertOver: (episodeId: number) => Promise<void>;
  readonly beginSilence: (
    wanted: Pick<Silence, "incidentId" | "requestId" | "episodeIds" | "person" | "endsAt">,
  ) => Promise<string>;
  readonly silenceFailed: (id: string, why: string) => Promise<void>;
  readonly silenceEnded: (id: string) => Promise<void>;
  readonly silence: (id: string) => Promise<Silence | null>;
  /** What has been tried on an alert since it fires, the newest first. */
  readonly triedFor: (episodeId: number) => Promise<readonly Tried[]>;
  /** The run that undid this one, if one did. */
  readonly undoneBy: (executionId: string) => Promise<string | null>;
  readonly saveFindings: (
    episode: Episode,
    items: readonly Omit<EvidenceItem, "id">[],
    diagnosisOf: (items: readonly EvidenceItem[]) => Diagnosis,
  ) => Promise<void>;
  readonly evidenceOf: (episode: Episode) => Promise<readonly EvidenceItem[]>;
  /** Puts what was found now in the place of what was found before. */
  readonly refreshFindings: (
    episode: Episode,
    items: readonly Omit<EvidenceItem, "id">[],
    diagnosisOf: (items: readonly EvidenceItem[]) => Diagnosis,
  ) => Promise<void>;
  /** What is known of an incident, for a model to read. */
  readonly found: (incidentId: string) => Promise<{
    readonly alerts: readonly Episode[];
    readonly evidence: readonly EvidenceItem[];
  } | null>;
  /** What a place outside the chats was last told of it; null for nothing. */
  readonly lastTold: (incidentId: string, place: string) => Promise<string | null>;
  readonly told: (incidentId: string, place: string, event: string) => Promise<void>;
  readonly addEvidence: (episode: Episode, item: Omit<EvidenceItem, "id">) => Promise<EvidenceItem>;
  /** Of the history, the newest that hold all of these words. */
  readonly search: (words: string) => Promise<readonly IncidentSummary[]>;
  readonly hasOpinion: (incidentId: string) => Promise<boolean>;
  readonly saveOpinion: (incidentId: string, pattern: string, opinion: Opinion) => Promise<void>;
  readonly noteNoOpinion: (incidentId: string, pattern: string, why: string) => Promise<void>;
  readonly isAutohealingOn: () => Promise<boolean>;
  /** By `/maintenance`. */
  readonly maintenanceUntil: (target: string) => Promise<Date | null>;
  readonly request: (id: string) => Promise<Request | null>;
  readonly propose: (request: NewRequest) => Promise<boolean>;
  /** Puts forward what a person or a program asks for, on an incident of its own or on an open one. */
  readonly ask: (asked: {
    readonly request: AskedRequest;
    readonly opening: { readonly source: Asker; readonly title: string } | null;
    readonly call: CallKey | null;
    readonly mostLive: number | null;
  }) => Promise<AskEnd>;
  /** How the requests for an action on a target ended, the newest first. */
  readonly outcomesOf: (action: ActionOnTarget) => Promise<readonly PastOutcome[]>;
  readonly offerGrant: (request: GrantRequest, title: string) => Promise<boolean>;
  /** `guard` reads the record once more, inside the transaction. */
  readonly giveGrant: (
    request: PlannedRequest,
    binding: string,
    guard: (outcomes: readonly PastOutcome[]) => string | null,
  ) => Promise<
    { readonly outcome: "given" | "lost" } | { readonly outcome: "refused"; readonly why: string }
  >;
  readonly remind: (requestId: string) => Promise<boolean>;
  readonly escalate: (requestId: string, called: Called) => Promise<boolean>;
  readonly paged: (requestId: string) => Promise<void>;
  /** P7: puts a request of its editor in the place of one that is undecided, in one transaction. */
  readonly edit: (replaced: Replaced, request: EditedRequest) => Promise<EditEnd>;
  readonly endRequest: (
    id: string,
    state: "expired" | "superseded" | "cancelled",
    why: string,
    options?: { proposeAnew: boolean },
  ) => Promise<boolean>;
  readonly execution: (id: string) => Promise<Execution | null>;
  readonly executionOf: (requestId: string) => Promise<Execution | null>;
  readonly historyOf: (
    action: { runbookId: string; actionId: string; target: string },
    limitWindowMs: number,
  ) => Promise<ActionHistory>;
  readonly claim: (
    request: PlannedRequest,
    limitWindowMs: number,
    guard: (history: ActionHistory, isAutohealingOn: boolean) => string | null,
  ) => Promise<Claim>;
  /** Gives back a claim that was never started. */
  readonly release: (execution: Execution) => Promise<void>;
  readonly start: (execution: Execution) => Promise<Start>;
  readonly finish: (execution: Execution, result: RunResult, verifyAt: Date) => Promise<void>;
  readonly verify: (
    execution: Execution,
    outcome: VerificationOutcome,
    detail: string,
  ) => Promise<void>;
}

/** How a step ends: done, or to be asked again later. */
export type StepEnd =
  | { readonly outcome: "done" }
  | { readonly outcome: "again"; readonly at: Date; readonly why: string };

export const DONE: StepEnd = { outcome: "done" };
