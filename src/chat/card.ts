import type { Person, PlannedRequest, Request, RequestState } from "../approval/approval.ts";
import type { Diagnosis } from "../diagnosis/diagnosis.ts";
import type { Opinion } from "../diagnosis/opinion.ts";
import type { EvidenceItem } from "../evidence/evidence.ts";
import type { Silence } from "../evidence/silence.ts";
import type { Execution, FixRecord } from "../execution/execution.ts";
import type { Labels, Severity } from "../incident/alert.ts";
import type { IncidentState, IncidentWithAlerts } from "../incident/incident.ts";
import type { Maintenance } from "../remediation/policy.ts";
import type { Risk } from "../remediation/proposal.ts";
import type { Verification } from "../verification/verification.ts";
import { actionSections, buttonsOf, shownRequests, whoSection } from "./card-requests.ts";
import { evidenceSection, linksSection, opinionSection, problemSection } from "./card-sections.ts";
import { cardStateOf, headlineOf, stateSection } from "./card-state.ts";

/** Everything stored about an incident that a card or a page shows. */
export interface IncidentView {
  readonly incident: IncidentWithAlerts;
  readonly evidence: readonly EvidenceItem[];
  readonly diagnosis: Diagnosis | null;
  /** Of a model, or why there is none; null where none is set or none was asked yet. */
  readonly opinion?: Opinion | { readonly note: string } | null;
  /** Newest first. */
  readonly requests: readonly Request[];
  readonly executions: readonly Execution[];
  readonly verifications: readonly Verification[];
  /** Of the requests that wait for a decision. */
  readonly fixes: readonly FixRecord[];
  /** Whether the evidence is still being collected. */
  readonly isInvestigating: boolean;
  /** Those that are not over. */
  readonly silences: readonly Silence[];
  /** Calls for attention on requests nobody has decided yet; they ring the phone again. */
}

/** One line of a list of incidents. */
export interface IncidentSummary {
  readonly id: string;
  readonly title: string;
  /** What its alerts are about, at most two names and how many more; empty where nothing says so. */
  readonly where: string;
  readonly severity: Severity | null;
  readonly state: IncidentState;
  readonly openedAt: Date;
  readonly resolvedAt: Date | null;
  readonly alertCount: number;
  /** The newest request, if there ever was one. */
  readonly request: {
    readonly actionTitle: string;
    readonly state: RequestState;
    readonly risk: Risk;
  } | null;
}

export type CardState =
  | "analysing"
  | "open"
  | "denied"
  | "pending"
  | "executing"
  | "checking"
  | "verified"
  | "still_failing"
  | "inconclusive"
  | "failed"
  | "unknown"
  | "rejected"
  | "expired"
  | "superseded"
  | "granted"
  | "taken_back"
  | "cancelled"
  | "resolved";

export type Line =
  | { readonly kind: "text"; readonly text: string; readonly isCuttable?: true }
  | { readonly kind: "item"; readonly text: string; readonly isCuttable?: true }
  | {
      readonly kind: "fact";
      readonly label: string;
      readonly value: string;
      /** An identifier, shown in fixed width so that nothing in it becomes a link. */
      readonly isCode?: true;
      /** A command of ours for people to send, `/approve …`: each channel words it. */
      readonly isTyped?: true;
      readonly isCuttable?: true;
    }
  | { readonly kind: "output"; readonly text: string; readonly isCuttable?: true }
  /** Shown in full or not at all. */
  | { readonly kind: "command"; readonly text: string; readonly requestId: string }
  | { readonly kind: "link"; readonly label: string; readonly url: string };

export type SectionKind =
  | "state"
  | "problem"
  | "action"
  | "risk"
  | "evidence"
  | "opinion"
  | "who"
  | "links";

export interface Section {
  readonly kind: SectionKind;
  readonly heading: string | null;
  readonly lines: readonly Line[];
  readonly requestId?: string;
}

export interface CardButton {
  readonly requestId: string;
  readonly verb: "approve" | "reject";
  readonly label: string;
  readonly style: "success" | "danger";
  readonly risk: Risk;
  /** Of approve: its plan has values that a channel with forms offers to change first, under this label. */
  readonly editLabel?: string;
}

/** What a channel shows of an incident: a value, the same for every channel, made from stored state only. */
export interface Card {
  readonly incidentId: string;
  readonly version: number;
  readonly state: CardState;
  /** At most 60 characters; alone it makes sense as a phone notification. */
  readonly headline: string;
  readonly sections: readonly Section[];
  readonly buttons: readonly CardButton[];
}

export interface CardContext {
  readonly now: Date;
  readonly publicUrl: string;
  readonly autohealing: boolean;
  /** To name who may decide; without it the role is named. */
  readonly people?: readonly Person[];
  readonly timeZone?: string;
  /** The window of the policy that an alert lies in now. */
  readonly maintenance?: (labels: Labels) => Maintenance | null;
  /** Whether nobody is there who could run something on this target. */
  readonly isUnserved?: (target: string) => boolean;
}

export function cardOf(view: IncidentView, context: CardContext): Card {
  const state = cardStateOf(view, context.now);
  const shown = shownRequests(view);
  const sections = [
    stateSection(view, state, context),
    problemSection(view, state, context),
    ...actionSections(view, shown, context),
    evidenceSection(view),
    opinionSection(view),
    whoSection(view, shown, context),
    linksSection(view, context),
  ];
  return {
    incidentId: view.incident.id,
    version: view.incident.version,
    state,
    headline: headlineOf(view, state),
    sections: sections.filter(({ lines }) => lines.length > 0),
    buttons: buttonsOf(view, shown, context.now),
  };
}

/** The requests of a card that people can still decide. */
export function pendingOf(view: IncidentView): PlannedRequest[] {
  return view.requests.filter((request): request is PlannedRequest => request.state === "pending");
}
