import type { Context } from "hono";
import type { Person, Ruling, SignInWay } from "../approval/approval.ts";
import type { IncidentSummary, IncidentView } from "../chat/card.ts";
import type { Theme } from "../evidence/graph.ts";
import type { ActionOnTarget } from "../execution/execution.ts";
import type { Severity } from "../incident/alert.ts";
import type { IncidentState, TimelineEntry } from "../incident/incident.ts";
import type { Reason } from "../remediation/proposal.ts";
import type { Autonomy } from "../remediation/track-record.ts";
import type { Passkey } from "./passkey.ts";
import type { Reads } from "./reads.ts";

/** What the console needs of the rest of the program; `app.ts` fits it to the store and the responder. */
export interface ConsoleDeps {
  readonly desk: Desk;
  readonly graphs: Graphs;
  readonly reads: Reads;
  readonly sessions: Sessions;
  /** Whether a program shows a key that lets it read. */
  readonly holdsKey: (c: Context) => boolean;
  readonly passkeys: Passkeys;
  readonly publicUrl: string;
  /** True where people reach the console over https: the cookie then is `Secure` and `__Host-`. */
  readonly isSecure: boolean;
  readonly events: ConsoleEvents;
  readonly runCommand: RunCommand;
  readonly log: Log;
  readonly now: () => Date;
  readonly version: string;
  readonly heartbeatMs?: number;
}

/** Reads and acts. A person is always passed in; the console decides nothing itself. */
export interface Desk {
  inbox(person: Person): Promise<Inbox>;
  /** By id or by a prefix only one incident has. */
  incident(idOrPrefix: string): Promise<IncidentView | null>;
  timeline(incidentId: string): Promise<readonly TimelineEntry[]>;
  history(query: HistoryQuery): Promise<HistoryPage>;
  status(): Promise<ConsoleStatus>;
  decide(decision: ConsoleDecision): Promise<Ruling>;
  /** Puts another plan in the place of one that nobody has approved yet. */
  edit(wish: ConsoleEdit): Promise<EditResult>;
  /** Asks for what undoes a run; others decide it. */
  undo(executionId: string, person: Person): Promise<UndoAnswer>;
  /** What has earned to run unasked, what has not yet, and what its owner might declare low. */
  autonomy(): Promise<Autonomy>;
  /** An action asks again on a target. */
  takeBack(
    action: ActionOnTarget,
    person: Person,
  ): Promise<"taken_back" | "not_found" | "not_allowed">;
  /** Lets the action of a run with unknown outcome be judged as usual again. */
  markReviewed(executionId: string, person: Person): Promise<ReviewResult>;
}

export type UndoAnswer =
  | { readonly outcome: "asked"; readonly incidentId: string }
  | { readonly outcome: "duplicate" | "choose" }
  | { readonly outcome: "refused"; readonly reasons: readonly Reason[] };

/** Pictures of what was measured, in the colours of the page. */
export interface Graphs {
  list(view: IncidentView): readonly GraphLink[];
  /** Null where there is no such graph. */
  svg(
    view: IncidentView,
    wanted: { readonly evidenceId: string; readonly n: number; readonly theme: Theme },
  ): Promise<string | null>;
}

export interface GraphLink {
  readonly evidenceId: string;
  readonly n: number;
  /** Changes when there is more to see. */
  readonly version: string;
  /** What it shows, for whoever can't see it. */
  readonly alt: string;
}

export type ReviewResult = "reviewed" | "already_reviewed" | "not_allowed" | "not_found";

export interface Inbox {
  /** Incidents with a request this person may decide now; the one that expires first comes first. */
  readonly waiting: readonly IncidentView[];
  /** Not resolved and not waiting for this person. */
  readonly open: readonly IncidentSummary[];
  /** The last few that were resolved. */
  readonly recent: readonly IncidentSummary[];
}

/** Farther than this nobody counts, or pages. */
export const MOST_COUNTED = 1_000;

export interface HistoryQuery {
  /** All of these words, anywhere in an incident; empty means every incident. */
  readonly words: string;
  readonly state: IncidentState | null;
  readonly severity: Severity | null;
  readonly within: Within | null;
  /** Ids and names as they are; null for any. */
  readonly runbook: string | null;
  readonly target: string | null;
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
}

/** How far back to look. */
export const WITHIN_DAYS = { day: 1, week: 7, month: 30, quarter: 91 } as const;
export type Within = keyof typeof WITHIN_DAYS;

export interface HistoryPage {
  readonly items: readonly IncidentSummary[];
  /** Where there are more than `MOST_COUNTED`, that number. */
  readonly total: number;
}

export interface ConsoleStatus {
  readonly autohealing: {
    readonly isOn: boolean;
    /** When it comes back by itself; null while on, or off without an end. */
    readonly until: Date | null;
  };
  readonly checks: readonly ComponentCheck[];
  /** What keeps the program from acting, such as a policy that can't be read. Shown on every page. */
  readonly problems: readonly Problem[];
  /** What everybody was told in the last day, such as that the policy was changed; the newest first. */
  readonly notices: readonly { readonly at: Date; readonly text: string }[];
}

export interface ComponentCheck {
  readonly name: string;
  readonly status: "ok" | "degraded" | "failing";
  readonly detail: string;
}

export interface Problem {
  readonly file: string | null;
  readonly line: number | null;
  readonly text: string;
}

export interface ConsoleDecision {
  readonly planCode: string;
  /** Of the plan that stood on the page the decision came from. */
  readonly digest: string;
  readonly decision: "approve" | "reject";
  readonly person: Person;
  readonly reason: string | null;
  readonly via: "tap" | "typed";
  readonly signedIn: SignInWay;
  /** Of the passkey that was used for this very digest. */
  readonly passkey?: string | undefined;
}

export interface ConsoleEdit {
  readonly planCode: string;
  /** Of the plan that stood on the page the form came from. */
  readonly digest: string;
  /** Every value of the form, changed or not. */
  readonly params: Readonly<Record<string, string>>;
  readonly person: Person;
}

export type EditResult =
  | { readonly outcome: "edited"; readonly incidentId: string }
  | { readonly outcome: "refused"; readonly text: string };

/** Secrets are stored as hashes; whoever reads the store can't sign in with what is there. */
export interface Sessions {
  /** Whom a link would sign in. Changes nothing, so that previews and prefetches can't use it up. */
  peekSignInToken(token: string): Promise<Person | null>;
  /** Once per token; starts a session of `SESSION_HOURS`. */
  consumeSignInToken(
    token: string,
    agent: string | null,
  ): Promise<{ secret: string; person: Person } | null>;
  /** For somebody who has shown a passkey; null where the policy does not know them any more. @returns the secret */
  begin(person: string, agent: string | null): Promise<string | null>;
  /** The person is read from the policy anew each time: whoever was taken out of it is out. */
  session(secret: string): Promise<Session | null>;
  endSession(secret: string): Promise<void>;
  /** A person's own; whoever administers sees everybody's. The newest first. */
  list(person: Person): Promise<readonly SessionLine[]>;
  /** The id under which `list` has it. */
  idOf(secret: string): Promise<string>;
  /** Only such as `list` gave. @returns how many there were */
  revoke(ids: readonly string[], person: Person): Promise<number>;
}

export interface SessionLine {
  readonly id: string;
  readonly person: string;
  /** What the browser called itself; text from outside. */
  readonly agent: string | null;
  readonly way: SignInWay;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** What people sign in and approve high risk with; only such as were made for this console's address. */
export interface Passkeys {
  find(id: string): Promise<Passkey | null>;
  /** The newest first. */
  list(person: string): Promise<readonly Passkey[]>;
  /** False where it is known already, or the person has more than enough. */
  add(passkey: Omit<Passkey, "createdAt" | "usedAt">): Promise<boolean>;
  /** False where the counter did not rise, which says that there is a copy. */
  used(id: string, counter: number): Promise<boolean>;
  /** False where this person has none such. */
  remove(id: string, person: string): Promise<boolean>;
  /** A try that came to nothing, for the record. */
  refused(person: string): Promise<void>;
}

export const SESSION_HOURS = 12;

/** Nothing, a passkey, one that can be used at another address only, or one that the person does not have. */
export type Owed = "nothing" | "passkey" | "elsewhere" | "missing";

export interface Session {
  readonly person: Person;
  readonly csrf: string;
  readonly way: SignInWay;
  readonly createdAt: Date;
  /** What high risk takes in it beside the typed code; known where pages are made. */
  readonly owed?: Owed;
  /** False where the cookie travels in the clear: such a session may read and reject, never approve. */
  readonly isPrivate?: boolean;
}

/** Something a page might show has changed. */
export type ConsoleEvent =
  | { readonly name: "incident"; readonly incidentId: string; readonly version: number }
  | { readonly name: "status" };

export interface ConsoleEvents {
  /** Returns how to stop listening. The listener never throws. */
  subscribe(listener: (event: ConsoleEvent) => void): () => void;
}

export type RunCommand = (
  text: string,
  session: Pick<Session, "person" | "way">,
) => Promise<CommandAnswer>;

export interface CommandAnswer {
  readonly text: string;
  /** Pressing one sends its value as the next command. */
  readonly buttons?: readonly { readonly label: string; readonly value: string }[];
}

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
