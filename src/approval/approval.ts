import type { Command, Proposal, Reason, Risk, Unfit } from "../remediation/proposal.ts";

export type Role = "viewer" | "operator" | "approver" | "admin";

/** Somebody the policy knows. Their accounts on several channels are still one person. */
export interface Person {
  readonly name: string;
  readonly roles: readonly Role[];
}

export type Channel = "telegram" | "slack" | "console";

/** What a session of the console began with: a link from the machine itself, one that came through a chat, or a passkey. */
export type SignInWay = "link" | "chat" | "passkey";

/**
 * A request is a proposal put to people or to the policy:
 * `proposed -> pending | approved | denied`, `pending -> approved`,
 * `pending or approved -> rejected | expired | superseded | cancelled`,
 * `approved -> executing -> succeeded | failed | unknown`. There are no other edges, but that a claim which a crash cut
 * short before its start goes back to `approved`: nothing has run, and a reject or an expiry must still count.
 */
export type RequestState =
  | "pending"
  | "approved"
  | "denied"
  | "rejected"
  | "expired"
  | "superseded"
  | "cancelled"
  | "executing"
  | "succeeded"
  | "failed"
  | "unknown";

/** Everything that decides what will run. Its digest is what an approval is bound to. */
export interface Plan {
  readonly schema: 1;
  readonly request: string;
  readonly incident: string;
  readonly episode: {
    readonly source: string;
    readonly fingerprint: string;
    readonly startsAt: string;
  } | null;
  readonly runbook: { readonly id: string; readonly sha256: string };
  readonly action: string;
  readonly executor: string;
  readonly target: { readonly name: string; readonly host: string };
  readonly command: Command;
  /** `argv[0]` and the scripts the argv names, with the hash of their bytes. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  readonly timeoutMs: number;
  readonly precondition: unknown;
  readonly risk: Risk;
  readonly quorum: number;
  readonly expiresAt: string;
  readonly policy: string;
}

export interface Vote {
  readonly person: string;
  readonly decision: "approve" | "reject";
  readonly channel: Channel;
  readonly reason: string | null;
  readonly at: Date;
}

/** Whom an escalation calls. */
export interface Called {
  /** A role or one person's name: may decide from then on, too. */
  readonly to: string;
  /** Who is on call, asked by name; it gives them no right. Null where they are not asked. */
  readonly onCall: string | null;
}

/** Nobody decided: who was called, and when. Escalation adds people who may decide; it takes nothing from anybody. */
export interface Calls {
  readonly remindedAt: Date | null;
  readonly escalated: (Called & { readonly at: Date }) | null;
  readonly pagedAt: Date | null;
}

interface RequestBase {
  readonly id: string;
  readonly incidentId: string;
  readonly episodeId: number | null;
  readonly risk: Risk;
  readonly reasons: readonly Reason[];
  /** The person or (as `api:<name>`) the program that asked for it; null when Countersign did. They can't approve it. */
  readonly requester: string | null;
  /** What the requester wrote as the reason. From outside: shown as such, never acted on. */
  readonly words: string | null;
  /** The run that it undoes; null for everything else. */
  readonly undoes: string | null;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
  /** For a request that ended without running: why, in words. */
  readonly endReason: string | null;
}

/** An action that matched but can't be put forward: it can never be approved, the reasons say what to mend. */
export interface DeniedRequest extends RequestBase {
  readonly state: "denied";
  readonly proposal: Proposal | Unfit;
  readonly plan: null;
  /** What would have run, where nothing but a rehearsal denied it. */
  readonly rehearsed?: Rehearsed;
}

/** A plan to be shown. It is bound to no state that anything could start from. */
export interface Rehearsed {
  readonly plan: Plan;
  readonly planCode: string;
}

export interface PlannedRequest extends RequestBase {
  readonly state: Exclude<RequestState, "denied">;
  readonly proposal: Proposal;
  readonly plan: Plan;
  /** SHA-256 of the plan's canonical JSON, 64 hex digits. */
  readonly digest: string;
  /** The digest's first 8 hex digits: what people type. */
  readonly planCode: string;
  readonly quorum: number;
  /** Who may decide: a role, or one person's name. */
  readonly approvers: string;
  readonly expiresAt: Date;
  /** The steps of the ladder for silence that were taken; the last one, expiry, is a state. */
  readonly calls: Calls;
  /** True where the policy let it run unasked. */
  readonly isApprovedByPolicy: boolean;
  readonly votes: readonly Vote[];
}

export type Request = DeniedRequest | PlannedRequest;

/** A request as it is put forward: the policy's verdict is already in its first state. */
export type NewRequest = Pick<
  RequestBase,
  "id" | "incidentId" | "episodeId" | "risk" | "reasons" | "requester" | "words" | "undoes"
> &
  (
    | {
        readonly state: "denied";
        readonly proposal: Proposal | Unfit;
        readonly rehearsed?: Rehearsed;
        /** For a denial that ends by itself: when to propose again. */
        readonly retryAt: Date | null;
      }
    | ({ readonly state: "pending" | "approved" } & Pick<
        PlannedRequest,
        "proposal" | "plan" | "digest" | "planCode" | "quorum" | "approvers" | "expiresAt"
      > & {
          /** When to call again and when to call others; null for never. */
          readonly remindAt: Date | null;
          readonly escalateAt: Date | null;
        })
  );

/** Whether it is about leave to run unasked, and nothing is to run for it. */
export function isGrant({ plan }: Pick<PlannedRequest, "plan">): boolean {
  return plan.command.kind === "grant";
}

/** Those the policy names and those an escalation added, each a role or one person's name. */
export function decidersOf({
  approvers,
  calls: { escalated },
}: Pick<PlannedRequest, "approvers" | "calls">): readonly string[] {
  return escalated === null || escalated.to === approvers ? [approvers] : [approvers, escalated.to];
}

/** In words. */
export function calledText({ to, onCall }: Called): string {
  return onCall === null ? to : `${onCall}, who is on call`;
}

export const ALERT_RESOLVED = "the alert resolved";
export const ALERT_NOT_REPORTED = "Alertmanager no longer reports the alert";

const LONGEST_COMMAND = 400;

/**
 * The command by which an operator asks for the same, as a request of their own (P7), after one that was cancelled for
 * nothing but that its alert is over. Null for every other, and where a value can't be typed: it has no spaces then.
 */
export function runAnywayOf(
  { state, endReason, proposal }: PlannedRequest,
  openIncident: string | null,
): string | null {
  const isOver = endReason === ALERT_RESOLVED || endReason === ALERT_NOT_REPORTED;
  if (state !== "cancelled" || !isOver) return null;
  const { runbookId, actionId, params, target } = proposal;
  const pairs = Object.entries({ ...params, target: target.name });
  if (pairs.some(([, value]) => value.includes(" "))) return null;
  const given = pairs.map(([name, value]) => `${name}=${value}`);
  const place = openIncident === null ? [] : [`--incident ${openIncident}`];
  const text = ["/run", runbookId, actionId, ...given, ...place].join(" ");
  return text.length > LONGEST_COMMAND ? null : text;
}

const PROGRAM = "api:";

/** How the holder of a key is named where people are; no person's name begins like this. */
export function programName(key: string): string {
  return `${PROGRAM}${key}`;
}

export function isProgram(requester: string): boolean {
  return requester.startsWith(PROGRAM);
}

/** A request that a person or a program asks for: there is no alert behind it, and people decide it. */
export type AskedRequest = Extract<NewRequest, { state: "pending" | "approved" }> & {
  readonly state: "pending";
  readonly episodeId: null;
  readonly requester: string;
};

/** Countersign asks people to let an action run unasked on a target. */
export type GrantRequest = Extract<NewRequest, { state: "pending" | "approved" }> & {
  readonly state: "pending";
  readonly episodeId: null;
  readonly requester: null;
};

/** The answer to putting it forward. */
export type AskEnd =
  | { readonly outcome: "asked" }
  /** The same waits or runs already. */
  | { readonly outcome: "duplicate"; readonly planCode: string }
  | { readonly outcome: "incident_over" }
  | { readonly outcome: "too_many" }
  /** This Idempotency-Key came before. */
  | { readonly outcome: "repeated"; readonly requestId: string; readonly isSameBody: boolean };

/** Another plan in the place of one that nobody has approved yet. */
export type EditedRequest = Extract<NewRequest, { state: "pending" | "approved" }> & {
  readonly state: "pending";
  readonly requester: string;
};

/** What it takes the place of, and why, in words. */
export interface Replaced {
  readonly id: string;
  readonly digest: string;
  readonly why: string;
}

/** The answer to that; who was slower reads what became of the request. */
export type EditEnd =
  | { readonly outcome: "edited"; readonly request: PlannedRequest }
  | { readonly outcome: "already_decided" | "expired"; readonly request: PlannedRequest };

/** How one call of a program is told from the next. */
export interface CallKey {
  readonly holder: string;
  readonly key: string;
  readonly bodyHash: string;
}

/** The answer to one click or typed decision; every channel words it, none decides it. */
export type Ruling =
  | {
      readonly outcome: "approved" | "rejected";
      readonly request: PlannedRequest;
      /** What could not be looked at just now; an approved request waits for it. */
      readonly doubts?: readonly string[];
    }
  | {
      readonly outcome: "counted";
      readonly request: PlannedRequest;
      readonly missing: number;
      readonly doubts?: readonly string[];
    }
  /** What it was for is over: it is cancelled by this click, whatever the click wanted. */
  | { readonly outcome: "over"; readonly request: PlannedRequest; readonly why: string }
  | { readonly outcome: "already_voted"; readonly request: PlannedRequest }
  | { readonly outcome: "already_decided"; readonly request: PlannedRequest }
  | { readonly outcome: "expired"; readonly request: PlannedRequest }
  /** High risk, or the sole approver's second step: it has to be typed, with a reason where one is required. */
  | {
      readonly outcome: "must_type";
      readonly request: PlannedRequest;
      readonly needsReason: boolean;
    }
  /** High risk in the console: it takes a passkey that was used for this very plan. */
  | { readonly outcome: "must_prove"; readonly request: PlannedRequest }
  | { readonly outcome: "not_allowed"; readonly why: string }
  | { readonly outcome: "not_found" };
