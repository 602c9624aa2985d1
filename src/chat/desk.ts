import type { Channel, Person, PlannedRequest, Ruling, SignInWay } from "../approval/approval.ts";
import type { SpendingBy } from "../diagnosis/spending.ts";
import type { ActionOnTarget, ActionRecord } from "../execution/execution.ts";
import type { Severity } from "../incident/alert.ts";
import type { Handover } from "../incident/handover.ts";
import type { IncidentState } from "../incident/incident.ts";
import type { Report } from "../incident/report.ts";
import type { Duty, Policy } from "../remediation/policy.ts";
import type { Command, Reason, Risk, Verdict } from "../remediation/proposal.ts";
import type { Autonomy } from "../remediation/track-record.ts";
import type { IncidentView } from "./card.ts";

/**
 * What every channel reads and does through the rest of the program. A person is always passed in;
 * a channel words what comes back and decides nothing itself.
 */
export interface Desk {
  status(): Promise<Status>;
  health(): Promise<Health>;
  /** Whose turn it is now, and the next few; empty where there is no rota. */
  onCall(): Promise<readonly Duty[]>;
  openAlerts(query: { filter: string | null; page: number }): Promise<Page<OpenAlert>>;
  /** By id, or by a prefix that only one incident has, with or without `inc_`. */
  incident(prefix: string): Promise<IncidentLookup>;
  history(query: {
    words: string;
    sinceMs: number | null;
    page: number;
  }): Promise<Page<IncidentLine>>;
  /** The one that expires first comes first. */
  pending(): Promise<readonly PendingLine[]>;
  decide(attempt: DecisionAttempt): Promise<Ruling>;
  /** Immediate, durable and recorded; whether the person may is settled before. */
  setAutohealing(change: AutohealingChange): Promise<AutohealingChanged>;
  /** Every action that would run unasked if auto-healing were on. */
  actionsThatWouldRun(): Promise<readonly UnaskedAction[]>;
  /** Whitelist and record, for people who want to know what could run. */
  runbooks(): Promise<readonly RunbookLine[]>;
  /** By id, or by a prefix that only one runbook has. */
  runbook(prefix: string): Promise<RunbookDetail | null>;
  /** Asks for an action of the whitelist, which other people then decide. */
  run(wish: RunWish): Promise<RunAnswer>;
  /** What `run` would ask for, without a trace. */
  tryRun(wish: RunWish): Promise<TrialAnswer>;
  /** Puts another plan in the place of one that nobody has approved yet, as a request of this person. */
  edit(wish: EditWish): Promise<EditAnswer>;
  editable(wish: Omit<EditWish, "params">): Promise<Editable>;
  /** Writes it into the incident's timeline. @returns whether there is such an incident */
  note(incidentId: string, person: Person, text: string): Promise<boolean>;
  acknowledge(incidentId: string, person: Person): Promise<"acknowledged" | "not_open">;
  /** Asks for what undoes a run, by its id or a prefix that only one run has; others decide it. */
  undo(wanted: {
    readonly execution: string;
    readonly person: Person;
    readonly channel: Channel;
  }): Promise<RunAnswer>;
  /** Has Alertmanager keep quiet about exactly the alerts of an incident that fire. */
  silence(wanted: {
    readonly incidentId: string;
    readonly forMs: number;
    readonly person: Person;
  }): Promise<SilenceAnswer>;
  /** Lifts every silence of an incident that we asked for. @returns how many there were */
  unsilence(incidentId: string, person: Person): Promise<number>;
  /** Keeps every action off a target for a while; zero ends it. */
  maintain(wanted: {
    readonly target: string;
    readonly forMs: number;
    readonly person: Person;
  }): Promise<Maintained>;
  /** What has earned to run unasked, what has not yet, and what its owner might declare low. */
  autonomy(): Promise<Autonomy>;
  /** An action asks again on a target. @returns false where it did so anyway */
  takeBack(wanted: ActionOnTarget & { readonly person: Person }): Promise<boolean>;
  /** Verifies the record; a long one is still being read when this answers. */
  audit(): Promise<Audit>;
  /** What models have cost today, in the last 30 days, and may cost; null where none is set. */
  costs(): Promise<Costs | null>;
  /** The stretch of time up to now, against the one before. */
  report(lengthMs: number): Promise<Report>;
  /** The shift up to now; null while policy.yaml can't be read. */
  handover(): Promise<Handover | null>;
  /** Whether reports come by themselves; `times` null where policy.yaml can't be read. */
  setReports(wanted: {
    readonly isOn: boolean;
    readonly person: Person;
  }): Promise<{ readonly times: Policy["reports"] | null }>;
  /** A token that lets this person, and nobody else, confirm once until `expiresAt`. */
  offerConfirm(offer: ConfirmOffer): Promise<string>;
}

export interface Costs {
  readonly today: readonly SpendingBy[];
  readonly month: readonly SpendingBy[];
  readonly dailyUsd: number;
  readonly incidentUsd: number;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** From 1. */
  readonly page: number;
  readonly pages: number;
  readonly total: number;
}

export interface Autohealing {
  readonly isOn: boolean;
  /** Off until then, on afterwards; null where the state has no end. */
  readonly offUntil: Date | null;
}

export interface Status {
  readonly openIncidents: number;
  readonly pendingRequests: number;
  readonly autohealing: Autohealing;
  /** What keeps the program from acting, such as a policy that can't be read. */
  readonly problems: readonly string[];
}

export interface Health {
  readonly status: "ok" | "degraded" | "failing";
  readonly checks: readonly {
    readonly name: string;
    readonly status: "ok" | "degraded" | "failing";
    readonly detail: string;
  }[];
}

export interface OpenAlert {
  readonly incidentId: string;
  readonly name: string;
  readonly instance: string;
  readonly severity: Severity | null;
  readonly startsAt: Date;
}

export interface IncidentLine {
  readonly id: string;
  readonly title: string;
  /** What its alerts are about; empty where nothing says so. */
  readonly where: string;
  readonly severity: Severity | null;
  readonly state: IncidentState;
  readonly openedAt: Date;
}

export type IncidentLookup =
  | { readonly outcome: "found"; readonly view: IncidentView }
  | { readonly outcome: "several"; readonly ids: readonly string[] }
  | { readonly outcome: "none" };

export interface PendingLine {
  readonly request: PlannedRequest;
  readonly incidentTitle: string;
}

export interface DecisionAttempt {
  readonly planCode: string;
  /** Known where a button was pressed; a typed decision has the code only. */
  readonly requestId: string | null;
  readonly decision: "approve" | "reject";
  readonly person: Person;
  readonly channel: Channel;
  readonly reason: string | null;
  /** A tap is one touch on a button; typed means that the person wrote the plan code. */
  readonly via: "tap" | "typed";
  /** In the console: what the session began with. */
  readonly signedIn?: SignInWay | undefined;
}

export interface AutohealingChange {
  readonly isOn: boolean;
  readonly person: Person;
  readonly channel: Channel;
  /** How long a disable holds; null for no end. */
  readonly forMs: number | null;
  /** A disable that also cancels what people approved or have pending. */
  readonly all: boolean;
}

export interface AutohealingChanged {
  readonly autohealing: Autohealing;
  /** Requests that it asked again or cancelled. */
  readonly stopped: number;
}

export interface UnaskedAction {
  readonly runbookId: string;
  readonly actionId: string;
  readonly title: string;
  /** In words: names, or `all`. */
  readonly targets: string;
}

export interface RunbookLine {
  readonly id: string;
  readonly title: string;
  readonly actions: readonly { readonly id: string; readonly risk: Risk }[];
}

export interface RunbookDetail {
  readonly id: string;
  readonly title: string;
  readonly sha256: string;
  readonly actions: readonly {
    readonly id: string;
    readonly title: string;
    readonly risk: Risk;
    readonly executor: string;
    /** The action's `with` as it is written, placeholders and all. */
    readonly with: string;
    readonly targets: string;
    /** Names with their patterns. */
    readonly params: readonly string[];
    readonly record: ActionRecord | null;
  }[];
}

export interface RunWish {
  /** By id, or by a prefix that only one runbook has. */
  readonly runbook: string;
  /** Null where the runbook's only action is meant. */
  readonly action: string | null;
  readonly params: Readonly<Record<string, string>>;
  readonly target: string | null;
  /** The open incident it is for, by id or prefix; null for one of its own. */
  readonly incident: string | null;
  readonly person: Person;
  readonly channel: Channel;
}

type NotRun =
  | {
      readonly outcome: "choose";
      readonly runbookId: string;
      readonly actions: readonly {
        readonly id: string;
        readonly title: string;
        readonly risk: Risk;
        /** What it needs, each with its pattern. */
        readonly params: readonly string[];
      }[];
    }
  | { readonly outcome: "refused"; readonly reasons: readonly Reason[] };

export type RunAnswer =
  | {
      readonly outcome: "asked";
      readonly planCode: string;
      readonly incidentId: string;
      readonly actionTitle: string;
      readonly target: string;
      readonly risk: Risk;
      readonly reasons: readonly Reason[];
      /** Whether the person may approve it themselves, by the typed code. */
      readonly isSolo: boolean;
    }
  /** The same waits or runs already. */
  | { readonly outcome: "duplicate"; readonly planCode: string }
  | NotRun;

export type TrialAnswer =
  | {
      readonly outcome: "tried";
      readonly command: Command;
      readonly target: string;
      readonly verdict: Verdict;
      /** What the action's own dry run says; null where it has none. */
      readonly dryRun: string | null;
    }
  | NotRun;

export interface EditWish {
  readonly planCode: string;
  /** Known where a form was sent; a typed command has the code only. */
  readonly requestId: string | null;
  /** Only what is to change. */
  readonly params: Readonly<Record<string, string>>;
  readonly person: Person;
  readonly channel: Channel;
}

/** Whether this person may edit that request now, asked before a form is opened. */
export type Editable =
  | { readonly outcome: "editable"; readonly request: PlannedRequest }
  | Exclude<EditAnswer, { outcome: "edited" | "refused" }>;

export type EditAnswer =
  | {
      readonly outcome: "edited";
      readonly request: PlannedRequest;
      /** Whether the person may approve it themselves, by the typed code. */
      readonly isSolo: boolean;
    }
  | { readonly outcome: "refused"; readonly reasons: readonly Reason[] }
  | { readonly outcome: "already_decided" | "expired"; readonly request: PlannedRequest }
  | { readonly outcome: "not_allowed"; readonly why: string }
  | { readonly outcome: "not_found" };
export type SilenceAnswer =
  | { readonly outcome: "silenced"; readonly until: Date; readonly alerts: number }
  | { readonly outcome: "not_configured" | "nothing_fires" | "of_another_source" }
  | { readonly outcome: "too_many"; readonly most: number }
  | { readonly outcome: "failed"; readonly why: string };

export type Maintained =
  | { readonly outcome: "set"; readonly target: string; readonly until: Date | null }
  | { readonly outcome: "unknown_target"; readonly known: readonly string[] };

export interface Audit {
  readonly head: { readonly seq: number; readonly hash: string };
  readonly lastAnchor: {
    readonly seq: number;
    readonly hash: string;
    readonly at: string;
  } | null;
  /** The newest verification; null while the first is under way. */
  readonly checked: {
    readonly entries: number;
    readonly firstBroken: number | null;
    readonly missed: readonly { readonly seq: number }[];
    readonly at: Date;
  } | null;
  readonly isChecking: boolean;
}

export interface ConfirmOffer {
  readonly what: "enable_autohealing";
  readonly person: Person;
  readonly channel: Channel;
  readonly chat: string;
  readonly expiresAt: Date;
}
