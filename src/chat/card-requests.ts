import type {
  DeniedRequest,
  Person,
  Plan,
  PlannedRequest,
  Request,
  Role,
  Vote,
} from "../approval/approval.ts";
import { decidersOf, isProgram } from "../approval/approval.ts";
import type { Command, Risk } from "../remediation/proposal.ts";
import type { CardButton, CardContext, IncidentView, Line, Section } from "./card.ts";
import { outcomeLines } from "./card-outcome.ts";
import { isUndecided, latestOf, requestStateOf } from "./card-state.ts";
import { commandText } from "./command-text.ts";
import { duration, lookAlikesIn, oneLine, plural, timeOfDay } from "./text.ts";

const SHOWN_IN_FULL = 3;
const REASONS_SHOWN = 5;
const ROLES: readonly Role[] = ["viewer", "operator", "approver", "admin"];
const RISK_ICONS: Record<Risk, string> = { low: "🟢", medium: "🟡", high: "🔴" };

export interface ShownRequests {
  readonly full: readonly Request[];
  /** Counted only; the console shows them. */
  readonly left: number;
}

/** What people must decide comes first, then what runs, then the rest, newest first. */
export function shownRequests(view: IncidentView): ShownRequests {
  const urgency = ({ state }: Request) =>
    state === "pending" ? 0 : state === "approved" || state === "executing" ? 1 : 2;
  const sorted = latestOf(view).sort((a, b) => urgency(a) - urgency(b));
  return {
    full: sorted.slice(0, SHOWN_IN_FULL),
    left: Math.max(0, sorted.length - SHOWN_IN_FULL),
  };
}

export function actionSections(
  view: IncidentView,
  { full, left }: ShownRequests,
  context: CardContext,
): Section[] {
  const sections = full.flatMap((request) => [
    actionSection(view, request, context),
    // What denied a fix is what to mend, and stands with it.
    ...(request.state === "denied" ? [] : [riskSection(request)]),
  ]);
  if (left === 0) return sections;
  const text = `… ${plural(left, "more fix").replace("fixs", "fixes")}: open the console to see and decide.`;
  return [...sections, { kind: "action", heading: null, lines: [{ kind: "text", text }] }];
}

function actionSection(view: IncidentView, request: Request, context: CardContext): Section {
  const { proposal } = request;
  const title = oneLine(proposal.actionTitle, 120);
  const origin = `${oneLine(proposal.runbookId, 80)} / ${oneLine(proposal.actionId, 80)}`;
  const outcome = outcomeLines(view, request, context);
  if (request.state === "denied")
    return {
      kind: "action",
      heading: `Suggested Fix: ${title} (can't be approved)`,
      requestId: request.id,
      lines: [
        ...rehearsedLines(request),
        { kind: "fact", label: "Runbook", value: origin, isCode: true },
        ...outcome,
        ...reasonLines(request),
      ],
    };
  return {
    kind: "action",
    heading: `Suggested Fix: ${title} (plan ${request.planCode})`,
    requestId: request.id,
    lines: [
      { kind: "command", text: commandText(request.plan.command), requestId: request.id },
      ...placeLines(request.plan),
      ...wordsLines(request),
      { kind: "fact", label: "Runbook", value: origin, isCode: true },
      ...outcome,
    ],
  };
}

/** Words from outside, marked as such; nothing in them is believed. */
function wordsLines({ requester, words }: PlannedRequest): Line[] {
  if (requester === null || words === null) return [];
  const label = `Says ${oneLine(requester, 60)}, unchecked`;
  return [{ kind: "fact", label, value: oneLine(words, 500), isCode: true, isCuttable: true }];
}

/** Shown as it would have been, with nothing to press. */
function rehearsedLines({ id, rehearsed }: DeniedRequest): Line[] {
  if (rehearsed === undefined) return [];
  const { plan } = rehearsed;
  return [{ kind: "command", text: commandText(plan.command), requestId: id }, ...placeLines(plan)];
}

function placeLines({ target, command, executor }: Plan): Line[] {
  const where = command.kind === "argv" && command.directory !== "/" ? command.directory : null;
  const host = target.host && target.host !== target.name ? ` (${target.host})` : "";
  const words = wordsOf(command);
  const odd = lookAlikesIn(`${words}${target.name}${target.host}`).slice(0, 10);
  return [
    {
      kind: "fact",
      label: "Target",
      value: oneLine(`${target.name}${host} via ${executor}`, 300),
      isCode: true,
    },
    ...(where === null ? [] : [directoryLine(where)]),
    ...(odd.length === 0
      ? []
      : [{ kind: "text" as const, text: `⚠️ Not plain ASCII: ${odd.join(", ")}` }]),
  ];
}

function wordsOf(command: Command): string {
  if (command.kind === "argv") return command.argv.join(" ");
  if (command.kind === "ssh") return command.argv.join(" ") + (command.peer?.address ?? "");
  if (command.kind === "http") return `${command.origin ?? ""}${command.path}`;
  if (command.kind === "grant") return JSON.stringify(command.with);
  return `${command.process?.name ?? ""}${command.process?.user ?? ""}`;
}

function directoryLine(directory: string): Line {
  return { kind: "fact", label: "Directory", value: oneLine(directory, 300), isCode: true };
}

function riskSection(request: Request): Section {
  const lines = reasonLines(request);
  return {
    kind: "risk",
    heading: `${RISK_ICONS[request.risk]} Risk Level: ${request.risk.toUpperCase()}`,
    requestId: request.id,
    lines: lines.length > 0 ? lines : [{ kind: "item", text: "As its runbook declares." }],
  };
}

function reasonLines({ reasons }: Request): Line[] {
  const left = reasons.length - REASONS_SHOWN;
  const shown = reasons
    .slice(0, REASONS_SHOWN)
    .map(({ text }): Line => ({ kind: "item", text: oneLine(text, 240), isCuttable: true }));
  if (left <= 0) return shown;
  return [...shown, { kind: "item", text: `… ${plural(left, "more reason")}` }];
}

export function whoSection(
  view: IncidentView,
  { full }: ShownRequests,
  context: CardContext,
): Section {
  const pending = full.filter(
    (request): request is PlannedRequest =>
      request.state === "pending" &&
      (view.incident.state !== "resolved" || isUndecided(request)) &&
      requestStateOf(view, request, context.now) === "pending",
  );
  return {
    kind: "who",
    heading: null,
    lines: pending.flatMap((request) => [
      ...recordLines(view, request, pending.length > 1),
      ...whoLines(request, pending.length > 1, context),
    ]),
  };
}

function recordLines(view: IncidentView, request: PlannedRequest, isOneOfSeveral: boolean): Line[] {
  const text = fixText(view, request);
  const which = isOneOfSeveral ? `${request.planCode}: ` : "";
  return text === null ? [] : [{ kind: "text", text: `${which}${text}` }];
}

/** What its own history says for a fix, or against it; null where nobody is to decide it. */
function fixText({ fixes }: IncidentView, { id, proposal }: PlannedRequest): string | null {
  const record = fixes.find(({ requestId }) => requestId === id);
  if (record === undefined) return null;
  const what = `${oneLine(proposal.actionId, 60)} on ${oneLine(proposal.target.name, 60)}`;
  const { runs, verified, medianMs } = record;
  if (runs === 0) return `${what} has not been tried before.`;
  const median = medianMs === null ? "" : `, median ${duration(medianMs)}`;
  return `${what} fixed this ${verified} of ${plural(runs, "time")}${median}.`;
}

function whoLines(
  request: PlannedRequest,
  isOneOfSeveral: boolean,
  { people, timeZone = "UTC" }: CardContext,
): Line[] {
  const approvals = request.votes.filter(({ decision }) => decision === "approve");
  const which = isOneOfSeveral ? `${request.planCode}: ` : "";
  const until = timeOfDay(request.expiresAt, timeZone);
  const names = namesOf(request, people);
  const lines = [
    `${which}Who may decide: ${names}, until ${until}. Approvals: ${approvals.length} of ${request.quorum}${voters(approvals)}.`,
  ];
  if (request.requester !== null && isProgram(request.requester))
    lines.push(`Proposed by the program ${oneLine(request.requester, 60)}, which decides nothing.`);
  else if (request.requester !== null)
    lines.push(
      `Requested by ${oneLine(request.requester, 60)}, who can't approve it except alone and by typing the plan code.`,
    );
  const onCall = request.calls.escalated?.onCall ?? null;
  if (onCall !== null) lines.push(`Called: ${oneLine(onCall, 60)}, who is on call.`);
  const texts: Line[] = lines.map((text) => ({ kind: "text", text }));
  if (request.risk !== "high") return texts;
  const value = `/approve ${request.planCode} <reason>`;
  const label = "High risk, each approver sends";
  return [...texts, { kind: "fact", label, value, isCode: true, isTyped: true }];
}

function namesOf(request: PlannedRequest, people: readonly Person[] | undefined): string {
  return decidersOf(request)
    .map((who) => namesOfOne(who, people))
    .join(" or ");
}

/** `who` is a role or one person's name. */
function namesOfOne(who: string, people: readonly Person[] | undefined): string {
  const allowed = (people ?? []).filter(({ roles }) => roles.some((role) => role === who));
  if (allowed.length === 0) {
    const isRole = ROLES.some((role) => role === who);
    return isRole ? `anyone with the role ${who}` : oneLine(who, 60);
  }
  const names = allowed.slice(0, 6).map(({ name }) => oneLine(name, 40));
  const left = allowed.length - names.length;
  return `${names.join(", ")}${left > 0 ? ` and ${left} more` : ""} (${who})`;
}

function voters(votes: readonly Vote[]): string {
  if (votes.length === 0) return "";
  return ` (${votes
    .slice(0, 5)
    .map(({ person }) => oneLine(person, 40))
    .join(", ")})`;
}

/** Buttons only for what is allowed now. */
export function buttonsOf(view: IncidentView, { full }: ShownRequests, now: Date): CardButton[] {
  const pending = full.filter(
    (request): request is PlannedRequest =>
      (view.incident.state !== "resolved" || isUndecided(request)) &&
      requestStateOf(view, request, now) === "pending",
  );
  return pending.flatMap((request): CardButton[] => {
    const { id: requestId, risk, proposal } = request;
    const hasValues = Object.keys(proposal.params).length > 0;
    const suffix = pending.length > 1 ? ` ${request.planCode}` : "";
    const approve = `✅ Approve${suffix}`;
    return [
      {
        requestId,
        verb: "approve",
        label: approve,
        style: risk === "high" ? "danger" : "success",
        risk,
        ...(hasValues ? { editLabel: `✏️ Edit${suffix}` } : {}),
      },
      { requestId, verb: "reject", label: `❌ Reject${suffix}`, style: "danger", risk },
    ];
  });
}
