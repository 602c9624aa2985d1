import type { Opinion } from "../diagnosis/opinion.ts";
import type { EvidenceItem } from "../evidence/evidence.ts";
import { standingOf } from "../evidence/standing.ts";
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
    impactOf(view),
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

/** What the business notices, as it was measured; each alert of an incident asks anew, and the newest counts. */
function impactOf({ evidence }: IncidentView): Line | null {
  const newest = new Map(evidence.map((item) => [item.title, item]));
  const kpis = [...newest.values()].filter((item) => (standingOf(item) ?? "unknown") !== "unknown");
  const worse = kpis.filter((item) => standingOf(item) === "worse");
  if (kpis.length === 0) return null;
  const told = worse.map(({ id, title, text }) => `${title}: ${text.split("\n")[0]} [${id}]`);
  const none = `no KPI is worse than usual, of ${kpis.length} measured`;
  return prose("Impact, measured", worse.length === 0 ? none : told.join("\n"));
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
    const line = `${nameOf(alert.labels)} ${placeOf(alert.labels)} (${alert.status})`;
    return { kind: "item", text: oneLine(line, 160), isCuttable: true };
  });
  const left = others.length - shown.length;
  return left > 0 ? [...shown, { kind: "item", text: `… ${plural(left, "more alert")}` }] : shown;
}

export function evidenceSection({ evidence }: IncidentView): Section {
  return {
    kind: "evidence",
    heading: "Evidence",
    lines: [
      ...evidence.filter(({ status }) => status === "found").map(foundLine),
      ...missingLines(evidence.filter(({ status }) => status === "missing")),
    ],
  };
}

function foundLine({ id, title, text }: EvidenceItem): Line {
  return {
    kind: "item",
    text: `${id} ${oneLine(title, 120)}: ${cut(clean(text), 600)}`,
    isCuttable: true,
  };
}

/** A source in trouble lacks for many reasons at once: it is said once. */
function missingLines(items: readonly EvidenceItem[]): Line[] {
  const whys = new Set(items.map(({ text }) => text));
  return [...whys].map((why) => {
    const lacking = items.filter(({ text }) => text === why);
    const names = lacking.map(({ id, title }) => `${id} ${oneLine(title, 120)}`).join("; ");
    return { kind: "item", text: `${names}: missing, ${cut(clean(why), 600)}`, isCuttable: true };
  });
}

/** What a model says, where it says anything; else what the rules make of it. */
export function opinionSection({ diagnosis, opinion }: IncidentView): Section {
  if (isOpinion(opinion) && !opinion.isInsufficient) return modelSection(opinion);
  const note = noteOf(opinion);
  const lines = note === null ? [] : [sentence(note)];
  if (!diagnosis) return { kind: "opinion", heading: null, lines };
  const { cause, confidence, cites } = diagnosis;
  return {
    kind: "opinion",
    heading: `🔎 Opinion of the rules (confidence: ${confidence})`,
    lines: [sentence(`${cut(clean(cause), 1500)}${cited(cites)}`), ...lines],
  };
}

function modelSection(opinion: Opinion): Section {
  const { cause, impact, impactCites, confidence, cites, pick, risk, steps } = opinion;
  const { unsupported, consultation, recalledFrom } = opinion;
  const [firstStep] = steps;
  const facts = [
    `${cut(clean(cause), 600)}${cited(cites)}`,
    impact === "" ? null : `Impact: ${cut(clean(impact), 300)}${cited(impactCites)}`,
    pick === null ? null : `It would pick ${pick.runbookId} / ${pick.actionId}`,
    risk === null ? null : `⚠️ It rates that ${risk.toUpperCase()} risk right now`,
    firstStep === undefined ? null : `Look first: ${cut(clean(firstStep), 300)}`,
    unsupported.length === 0
      ? null
      : `⚠️ Not in the evidence: ${oneLine(unsupported.join(", "), 200)}`,
    consultation?.outcome === "failed"
      ? `Read by one reader instead of two: ${oneLine(consultation.why, 200)}`
      : null,
    recalledFrom === null
      ? null
      : `Recalled from ${recalledFrom.incidentId}, where ${recalledFrom.outcome}`,
  ];
  return {
    kind: "opinion",
    heading: `🤖 Opinion of ${oneLine(opinion.model, 60)}, not a fact (confidence: ${confidence})`,
    lines: facts.flatMap((each) => (each === null ? [] : [sentence(each)])),
  };
}

function noteOf(opinion: IncidentView["opinion"]): string | null {
  if (!opinion) return null;
  if (!isOpinion(opinion)) return `No opinion of a model: ${oneLine(opinion.note, 300)}`;
  const next = opinion.steps[0];
  const look = next === undefined ? "" : ` It would look at: ${cut(clean(next), 300)}`;
  return `${oneLine(opinion.model, 60)} finds that the evidence does not settle the cause.${look}`;
}

function isOpinion(opinion: IncidentView["opinion"]): opinion is Opinion {
  return opinion !== null && opinion !== undefined && "cause" in opinion;
}

function cited(cites: readonly string[]): string {
  return cites.length > 0 ? ` [${cites.slice(0, 8).join(", ")}]` : "";
}

function sentence(text: string): Line {
  return { kind: "text", text, isCuttable: true };
}

export function linksSection({ incident }: IncidentView, { publicUrl }: CardContext): Section {
  const url = `${publicUrl.replace(/\/$/, "")}/incidents/${encodeURIComponent(incident.id)}`;
  return {
    kind: "links",
    heading: null,
    lines: [{ kind: "link", label: "🌐 Open in the console", url }],
  };
}
