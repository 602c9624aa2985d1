import type { Person } from "../approval/approval.ts";
import type { IncidentView } from "../chat/card.ts";
import type { SpendingBy } from "../diagnosis/spending.ts";
import type { Theme } from "../evidence/graph.ts";
import type { TimelineEntry } from "../incident/incident.ts";
import type { Period, Report, Tally } from "../incident/report.ts";
import type { Risk } from "../remediation/proposal.ts";

/** What the pages beside inbox, incident and history show. Everything here is read, save a test alert and a look at the record. */
export interface Reads {
  runbooks(): Promise<readonly RunbookLine[]>;
  runbook(id: string): Promise<RunbookView | null>;
  /** Null where policy.yaml can't be read. */
  targets(): Promise<readonly TargetLine[] | null>;
  policy(): Promise<PolicyView | null>;
  statistics(): Promise<Statistics>;
  patterns(): Promise<PatternsView>;
  /** The last day, week or month against the one before. */
  report(period: Period): Promise<ReportView>;
  /** An incident as Markdown, with its timeline, to keep. */
  postIncident(view: IncidentView, timeline: readonly TimelineEntry[]): string;
  /** As SVG. */
  reportGraph(period: Period, theme: Theme): Promise<string>;
  /** The newest entries, or those older than one. */
  record(before: number | null): Promise<RecordView>;
  /** Reads the whole record; answers within seconds, and goes on reading after that. */
  verifyRecord(): Promise<void>;
  /** Goes through the alerts of so many days once more, under the rules as they are now. */
  whatIf(wish: WhatIfWish): Promise<WhatIf>;
  settings(): readonly SettingLine[];
  sendTest(wish: { readonly severity: string; readonly person: Person }): Promise<TestAnswer>;
}

/** What the last month has to say, in words. */
export interface PatternsView {
  readonly from: Date;
  readonly to: Date;
  readonly alerts: number;
  readonly sections: readonly {
    readonly title: string;
    readonly items: readonly {
      readonly text: string;
      readonly advice: string | null;
      readonly incidentIds: readonly string[];
    }[];
  }[];
  readonly lacking: readonly string[];
}

export interface WhatIfWish {
  readonly days: 1 | 7 | 30;
  /** `was`: as people had switched it. */
  readonly autohealing: "was" | "on";
}

type Came = "run" | "ask" | "refuse" | "nothing" | "ignored";

export interface WhatIfResult {
  readonly outcome: Came;
  readonly title: string | null;
  readonly target: string | null;
  /** The first reason, in words. */
  readonly why: string | null;
}

export interface WhatIf {
  readonly total: number;
  readonly would: Readonly<Record<Came, number>>;
  readonly was: Readonly<Record<Came, number>>;
  readonly runs: readonly {
    readonly action: string;
    readonly target: string;
    readonly count: number;
  }[];
  readonly differing: number;
  /** The newest of those that differ. */
  readonly differences: readonly {
    readonly at: Date;
    readonly alert: string;
    readonly where: string;
    readonly incident: string | null;
    readonly would: WhatIfResult;
    readonly was: WhatIfResult | null;
  }[];
}

export interface Runs {
  readonly runs: number;
  readonly verified: number;
  readonly stillFailing: number;
  readonly unknown: number;
}

export interface RunbookLine extends Runs {
  readonly id: string;
  readonly title: string;
  readonly actions: number;
}

export interface ActionView extends Runs {
  readonly id: string;
  readonly title: string;
  readonly risk: Risk;
  readonly executor: string;
  readonly with: string;
  readonly targets: string;
  readonly params: readonly string[];
  /** Of its verified runs, from the beginning of the incident. */
  readonly medianRecoveryMs: number | null;
  /** What the policy makes of it as things are now, and why. */
  readonly outcome: Outcome;
}

/** Before alert, target, history and facts are looked at: those can only make it stricter. */
export interface Outcome {
  readonly verdict: "auto_run" | "ask" | "deny";
  readonly why: readonly string[];
}

export interface RunbookView {
  readonly id: string;
  readonly title: string;
  readonly sha256: string;
  /** Markdown, from a reviewed file. */
  readonly body: string;
  readonly match: readonly string[];
  readonly actions: readonly ActionView[];
  /** Other runbooks by id: what a link in the prose may lead to. */
  readonly known: readonly string[];
}

export interface TargetLine extends Runs {
  readonly name: string;
  readonly executor: string;
  readonly host: string;
  readonly aliases: readonly string[];
  readonly labels: readonly string[];
  readonly isProtected: boolean;
  readonly reservedFor: string | null;
  readonly maintenanceUntil: Date | null;
}

export interface PolicyView {
  readonly hash: string;
  readonly people: readonly {
    readonly name: string;
    readonly roles: readonly string[];
    readonly channels: readonly string[];
  }[];
  readonly rules: readonly { readonly name: string; readonly text: string }[];
  readonly freezes: readonly { readonly title: string; readonly text: string }[];
  readonly actions: readonly {
    readonly runbookId: string;
    readonly title: string;
    readonly risk: Risk;
    readonly outcome: Outcome;
  }[];
}

export interface Statistics extends Tally {
  readonly days: number;
  /** Null without a model. */
  readonly costs: {
    readonly month: readonly SpendingBy[];
    readonly dailyUsd: number;
  } | null;
}

export interface ReportView {
  readonly report: Report;
  /** Each number against the time before, in words. */
  readonly numbers: readonly string[];
  /** What its graph shows, for whoever can't see it. */
  readonly alt: string;
}

export interface RecordView {
  readonly entries: readonly {
    readonly seq: number;
    readonly at: Date;
    readonly kind: string;
    readonly incidentId: string | null;
    readonly text: string;
    readonly hash: string;
  }[];
  readonly head: { readonly seq: number; readonly hash: string };
  readonly lastAnchor: { readonly seq: number; readonly at: Date } | null;
  readonly checked: {
    readonly at: Date;
    readonly entries: number;
    readonly firstBroken: number | null;
    readonly missed: number;
  } | null;
  readonly isChecking: boolean;
}

export interface SettingLine {
  readonly name: string;
  readonly value: string;
}

export type TestAnswer =
  | { readonly outcome: "sent"; readonly incidentId: string | null; readonly text: string }
  | { readonly outcome: "refused"; readonly text: string };
