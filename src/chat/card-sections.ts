import type { Episode } from "../incident/alert.ts";
import { nameOf, placeOf } from "../incident/alert.ts";
import type { CardContext, CardState, IncidentView, Line, Section } from "./card.ts";
import { severityIcon } from "./card-state.ts";
import { clean, cut, dateTime, oneLine, plural } from "./text.ts";

const OTHER_ALERTS_SHOWN = 5;
const LONGEST_PROSE = 1000;
/** What the facts above the labels already say. */
const SAID = new Set(["alertname", "alert_name", "rule_name", "severity", "instance"]);

export function problemSection(
  view: IncidentView,
  state: CardState,
  { timeZone = "UTC" }: CardContext,
): Section {
  const { incident } = view;
  const [alert, ...others] = [...incident.alerts].sort(firingFirst);
  if (!alert) return { kind: "problem", heading: null, lines: [] };
  const isAsking = state === "pending";
  const level = (incident.severity ?? alert.labels.severity ?? "unknown").toUpperCase();
  const icon = severityIcon(incident.severity);
  const summary = alert.annotations.summary ?? alert.annotations.message ?? "";
  const at = incident.state === "resolved" ? incident.resolvedAt : alert.startsAt;
  const facts: (Line | null)[] = [
    fact(isAsking ? "Component" : "Instance", placeOf(alert.labels), true),
    prose(isAsking ? "Issue" : "Summary", summary),
    fact("Severity", `${icon} ${oneLine(level, 40)}`),
    prose("Description", alert.annotations.description ?? ""),
    at ? fact("Time", dateTime(at, timeZone)) : null,
    labelsOf(alert),
  ];
  return {
    kind: "problem",
    heading: oneLine(nameOf(alert.labels), 120),
    lines: [...facts.filter((line) => line !== null), ...otherAlerts(others)],
  };
}

function firingFirst(a: Episode, b: Episode): number {
  if (a.status !== b.status) return a.status === "firing" ? -1 : 1;
  return a.startsAt.getTime() - b.startsAt.getTime() || a.id - b.id;
}

function fact(label: string, value: string, isCode = false): Line | null {
  const text = oneLine(value, 200);
  return text ? { kind: "fact", label, value: text, ...(isCode ? { isCode } : {}) } : null;
}

function prose(label: string, value: string): Line | null {
  const text = cut(clean(value), LONGEST_PROSE);
  return text ? { kind: "fact", label, value: text, isCuttable: true } : null;
}

function labelsOf({ labels }: Episode): Line | null {
  const rest = Object.entries(labels).filter(([name]) => !SAID.has(name));
  if (rest.length === 0) return null;
  const text = rest.map(([name, value]) => `${name}=${value}`).join(" ");
  return {
    kind: "fact",
    label: "Labels",
    value: oneLine(text, LONGEST_PROSE),
    isCode: true,
    isCuttable: true,
  };
}

function otherAlerts(others: readonly Episode[]): Line[] {
  const shown = others.slice(0, OTHER_ALERTS_SHOWN).map((alert): Line => {
    const words = `${nameOf(alert.labels)} ${placeOf(alert.labels)} (${alert.status})`;
    return { kind: "item", text: oneLine(words, 160), isCuttable: true };
  });
  const left = others.length - shown.length;
  return left > 0 ? [...shown, { kind: "item", text: `… ${plural(left, "more alert")}` }] : shown;
}

export function evidenceSection({ evidence }: IncidentView): Section {
  return {
    kind: "evidence",
    heading: "Evidence",
    lines: evidence.map(({ id, title, text, status }) => ({
      kind: "item",
      text: `${id} ${oneLine(title, 120)}: ${status === "missing" ? "missing, " : ""}${cut(clean(text), 600)}`,
      isCuttable: true,
    })),
  };
}

export function opinionSection({ diagnosis }: IncidentView): Section {
  if (!diagnosis) return { kind: "opinion", heading: null, lines: [] };
  const { by, cause, confidence, cites } = diagnosis;
  const cited = cites.length > 0 ? ` [${cites.slice(0, 8).join(", ")}]` : "";
  return {
    kind: "opinion",
    heading: `${by === "rules" ? "🔎 Opinion of the rules" : "🤖 Opinion of the model"} (confidence: ${confidence})`,
    lines: [{ kind: "text", text: `${cut(clean(cause), 1500)}${cited}`, isCuttable: true }],
  };
}

export function linksSection({ incident }: IncidentView, { publicUrl }: CardContext): Section {
  const url = `${publicUrl.replace(/\/$/, "")}/incidents/${encodeURIComponent(incident.id)}`;
  return {
    kind: "links",
    heading: null,
    lines: [{ kind: "link", label: "🌐 Open in the console", url }],
  };
}
