import type { IncidentView } from "../chat/card.ts";
import { clean } from "../chat/text.ts";
import type { Execution } from "../execution/execution.ts";
import type { TimelineEntry } from "../incident/incident.ts";

const LONGEST_FENCE = 40;

/** What happened, for people to keep and to write on: Markdown in which everything from outside is text. */
export function postIncident(
  view: IncidentView,
  timeline: readonly TimelineEntry[],
  publicUrl: string,
): string {
  const { incident, evidence, diagnosis } = view;
  const link = `${publicUrl}/incidents/${incident.id}`;
  const costs = timeline.filter(({ kind }) => kind === "opinion.written");
  const blocks = [
    `# ${plain(incident.title)}`,
    [
      `- Incident: [${incident.id}](${link})`,
      `- State: ${incident.state}, severity ${incident.severity ?? "not known"}`,
      `- Began: ${time(incident.openedAt)}`,
      `- Over: ${incident.resolvedAt === null ? "not yet" : `${time(incident.resolvedAt)}, after ${minutes(incident.openedAt, incident.resolvedAt)}`}`,
      `- Looked after by: ${plain(incident.acknowledgedBy ?? "nobody")}`,
      `- Model: ${costs.map(({ text }) => plain(text)).join("; ") || "none was paid"}`,
    ].join("\n"),
    "## Alerts",
    incident.alerts
      .map(({ labels, annotations, status, startsAt }) => {
        const said = annotations.summary ?? annotations.description ?? "";
        const named = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
        return `- ${plain(named.join(", "))}: ${status}, since ${time(startsAt)}. ${plain(said)}`;
      })
      .join("\n"),
    ...(diagnosis === null ? [] : ["## Likely cause", plain(diagnosis.cause)]),
    "## Evidence",
    ...evidence.map(({ id, title, text, measurements = [] }) =>
      [
        `### ${id} ${plain(title)}`,
        fenced(text),
        ...measurements.map((_, n) => `Graph: ${link}/graphs/${id}/${n}`),
      ].join("\n\n"),
    ),
    "## What was run",
    view.executions.map((execution) => runOf(execution, view)).join("\n") || "Nothing.",
    "## Timeline",
    timeline.map(({ at, text }) => `- ${time(at)}: ${plain(text)}`).join("\n"),
    "## What we learn from it",
    "_To be written by people._",
  ];
  return `${blocks.join("\n\n")}\n`;
}

function runOf(execution: Execution, { verifications }: IncidentView): string {
  const { runbookId, actionId, target, state, exitCode, claimedAt, startedAt } = execution;
  const judged = verifications.find(({ executionId }) => executionId === execution.id);
  const came = judged === undefined ? "" : `, ${judged.outcome}: ${plain(judged.detail)}`;
  const code = exitCode === null ? "" : `, exit code ${exitCode}`;
  const what = `${runbookId}/${actionId} on ${target}`;
  return `- ${time(startedAt ?? claimedAt)}: ${plain(what)}: ${state}${code}${came}`;
}

/** In Markdown each of these can be escaped; a line break would begin something else. */
function plain(text: string): string {
  return (
    clean(text)
      .replace(/\s+/g, " ")
      // Readers make links of names, addresses and numbers by themselves, and tell people who are named.
      .replace(/[@#](?=\S)|\bwww(?=\.)/gi, "$&\u2060")
      .replace(/[\\`*_{}[\]()<>#+!|~&:$-]/g, "\\$&")
      .replace(/^(\d+)\./, "$1\\.")
  );
}

/** A fence that is longer than any in it. */
function fenced(from: string): string {
  const text = clean(from);
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(Math.min(longest + 1, LONGEST_FENCE));
  const inside = longest >= LONGEST_FENCE ? text.replaceAll("`", "'") : text;
  return `${fence}text\n${inside}\n${fence}`;
}

function time(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function minutes(from: Date, to: Date): string {
  return `${Math.max(1, Math.round((to.getTime() - from.getTime()) / 60_000))} min`;
}
