import type { Request } from "../approval/approval.ts";
import { isGrant } from "../approval/approval.ts";
import { longestOf } from "../evidence/silence.ts";
import type { Severity } from "../incident/alert.ts";
import { isDrill, placeOf } from "../incident/alert.ts";
import type { IncidentWithAlerts } from "../incident/incident.ts";
import { isAskedFor, isNoticed } from "../incident/incident.ts";
import type { CardContext, CardState, IncidentView, Section } from "./card.ts";
import { dateTime, oneLine, plural, timeOfDay } from "./text.ts";

const HEADLINE_LIMIT = 60;
const NOTICED =
  "👁️ Countersign noticed this itself: no rule of Prometheus fires. Whatever is done about it, people decide.";

const SEVERITY_ICONS: Record<Severity, string> = { critical: "🔴", warning: "🟡", info: "🔵" };

export function severityIcon(severity: Severity | null): string {
  return severity === null ? "⚪" : SEVERITY_ICONS[severity];
}

/** From the most pressing to the least: the card as a whole is in the first state one of its requests is in. */
const PRESSING: readonly CardState[] = [
  "unknown",
  "pending",
  "executing",
  "still_failing",
  "failed",
  "inconclusive",
  "checking",
  "verified",
  "granted",
  "taken_back",
  "denied",
  "rejected",
  "expired",
  "cancelled",
  "superseded",
];

export function cardStateOf(view: IncidentView, now: Date): CardState {
  const states = latestOf(view).map((request) => requestStateOf(view, request, now));
  const pressing = PRESSING.find((state) => states.includes(state));
  // What somebody asked for is over with its request, and that is what is worth saying.
  if (isAskedFor(view.incident)) return pressing ?? "open";
  if (states.includes("pending") && view.requests.some(isUndecided)) return "pending";
  if (view.incident.state === "resolved")
    return pressing === "unknown" || pressing === "executing" ? pressing : "resolved";
  return pressing ?? (view.isInvestigating ? "analysing" : "open");
}

/** Asked for without an alert: it may be decided also when the alerts beside it are over. */
export function isUndecided({ state, episodeId }: Request): boolean {
  return state === "pending" && episodeId === null;
}

/** One request an alert: the one still alive, else the newest. */
export function latestOf(view: IncidentView): Request[] {
  const byAlert = new Map<string, Request>();
  for (const request of view.requests) {
    const key = request.episodeId === null ? request.id : `alert ${request.episodeId}`;
    const chosen = byAlert.get(key);
    if (!chosen || (isAlive(request) && !isAlive(chosen))) byAlert.set(key, request);
  }
  return [...byAlert.values()];
}

function isAlive({ state }: Request): boolean {
  return state === "pending" || state === "approved" || state === "executing";
}

export function requestStateOf(view: IncidentView, request: Request, now: Date): CardState {
  switch (request.state) {
    case "pending":
      return request.expiresAt <= now ? "expired" : "pending";
    case "approved":
    case "executing":
      return "executing";
    case "succeeded":
      if (isGrant(request)) return request.endReason === null ? "granted" : "taken_back";
      return verifiedStateOf(view, request);
    case "denied":
    case "failed":
    case "unknown":
    case "rejected":
    case "expired":
    case "superseded":
    case "cancelled":
      return request.state;
  }
}

function verifiedStateOf(view: IncidentView, request: Request): CardState {
  const execution = view.executions.find(({ requestId }) => requestId === request.id);
  const verification = view.verifications.find(({ executionId }) => executionId === execution?.id);
  return verification?.outcome ?? "checking";
}

export function headlineOf(view: IncidentView, state: CardState): string {
  const words = `${isDrill(view.incident) ? "🧪 " : ""}${headingOf(view, state)}: `;
  const title = oneLine(view.incident.title, HEADLINE_LIMIT) || "Alert";
  const places = new Set(view.incident.alerts.map(({ labels }) => placeOf(labels)));
  const [place = ""] = places.size === 1 ? places : [];
  const both = title.includes(place) ? title : oneLine(`${title} ${place}`, HEADLINE_LIMIT);
  // Half a name is worse than none: the place is said where there is room for it.
  const fits = words.length + both.length <= HEADLINE_LIMIT;
  return words + oneLine(fits ? both : title, HEADLINE_LIMIT - words.length);
}

function headingOf(view: IncidentView, state: CardState): string {
  const isHigh = view.requests.some(
    (request) => request.state === "pending" && request.risk === "high",
  );
  switch (state) {
    case "analysing":
    case "open":
    case "denied":
      return `${severityIcon(view.incident.severity)} ${isNoticed(view.incident) ? "Noticed" : "Prometheus Alert"}`;
    case "pending":
      return `${isHigh ? "🔴" : "⚠️"} Action Approval Required`;
    case "executing":
      return "⏳ Fix Running";
    case "checking":
      return "⏳ Fix Being Checked";
    case "verified":
      return "✅ Fix Verified";
    case "still_failing":
      return "❌ Still Failing";
    case "inconclusive":
      return "❓ Fix Not Confirmed";
    case "failed":
      return "❌ Fix Failed";
    case "unknown":
      return "❓ Outcome Unknown";
    case "rejected":
      return "⛔ Fix Rejected";
    case "expired":
      return "⌛ Approval Expired";
    case "superseded":
      return "♻️ Fix Superseded";
    case "cancelled":
      return "🚫 Fix Cancelled";
    case "granted":
      return "🤝 Runs Unasked";
    case "taken_back":
      return "🙋 Asks Again";
    case "resolved":
      return "✅ Alert Resolved";
  }
}

export function stateSection(view: IncidentView, state: CardState, context: CardContext): Section {
  const { autohealing, now, timeZone = "UTC" } = context;
  const { incident } = view;
  const left = incident.truncatedAlerts;
  const notes = [
    drillNote(incident),
    isNoticed(incident) ? NOTICED : null,
    state === "analysing" ? "🔎 Looking into it." : null,
    state === "open" && view.requests.length === 0 ? "No runbook offers a fix for this." : null,
    incident.state === "acknowledged"
      ? `👀 Acknowledged by ${oneLine(incident.acknowledgedBy ?? "somebody", 60)}.`
      : null,
    silenceNote(view, now, timeZone),
    maintenanceNote(incident, context),
    left > 0 ? `The sender left ${plural(left, "alert")} out of this group.` : null,
    autohealing || incident.state === "resolved" || view.requests.some(isRehearsed)
      ? null
      : "Auto-healing is off: every fix asks.",
  ].filter((note) => note !== null);
  return {
    kind: "state",
    heading: null,
    lines: [originText(incident, timeZone), ...notes].map((text) => ({ kind: "text", text })),
  };
}

function isRehearsed(request: Request): boolean {
  return request.state === "denied" && request.rehearsed !== undefined;
}

function drillNote({ source, alerts }: IncidentWithAlerts): string | null {
  if (!isDrill({ source })) return null;
  const left = alerts[0]?.labels.without;
  const without = left ? ` It does without: ${oneLine(left, 60)}.` : "";
  return `🧪 This is a DRILL: the alert is not real, nothing runs and nothing can be approved.${without}`;
}

/** Where it holds for all that fires; of a part, the reasons of what is refused say it. */
function maintenanceNote(
  { alerts }: IncidentWithAlerts,
  { maintenance = () => null, timeZone = "UTC" }: CardContext,
): string | null {
  const found = alerts
    .filter(({ status }) => status === "firing")
    .map(({ labels }) => maintenance(labels));
  const [first] = found;
  if (first == null || found.includes(null)) return null;
  return `🔧 Maintenance until ${dateTime(first.until, timeZone)}: ${oneLine(first.title, 80)}. Nothing runs, and nobody is called.`;
}

function silenceNote({ silences }: IncidentView, now: Date, timeZone: string): string | null {
  const longest = longestOf(silences, now);
  if (longest === null) return null;
  const why =
    longest.person === null ? "while the fix is under way" : `by ${oneLine(longest.person, 60)}`;
  return `🔇 Silenced in Alertmanager until ${dateTime(longest.liftAt, timeZone)}, ${why}.`;
}

function originText(incident: IncidentWithAlerts, timeZone: string): string {
  const { id, alerts, state, openedAt, resolvedAt } = incident;
  if (isAskedFor(incident))
    return `Asked for at ${timeOfDay(openedAt, timeZone)} · no alert behind it · ${id}`;
  const firing = alerts.filter(({ status }) => status === "firing").length;
  // Of a single alert the rest of the card says it.
  const count = alerts.length > 1 ? ` · ${firing} of ${alerts.length} alerts firing` : "";
  const since =
    resolvedAt && state === "resolved"
      ? `Resolved ${dateTime(resolvedAt, timeZone)}`
      : `Firing since ${timeOfDay(openedAt, timeZone)}`;
  return `${since}${count} · ${id}`;
}
