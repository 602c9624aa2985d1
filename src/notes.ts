import type { IncidentView } from "./chat/card.ts";
import type { Grafana, Region } from "./evidence/grafana.ts";
import type { LogLine, Loki } from "./evidence/loki.ts";
import { redact } from "./evidence/redact.ts";
import type { NoteTaker } from "./note-taking.ts";

const LONGEST_TEXT = 500;
const MOST_ITEMS = 20;

/** Loki takes no line that is much older than the newest of its stream. */
const FRESH_MS = 30 * 60_000;
const MOST_SENT = 2_000;

export function grafanaTaker({ note }: Pick<Grafana, "note">, publicUrl: string): NoteTaker {
  return {
    name: "Grafana",
    newsOf(view) {
      const regions = regionsOf(view, publicUrl);
      return { text: JSON.stringify(regions), write: () => note(view.incident.id, regions) };
    },
  };
}

export function lokiTaker({ push }: Pick<Loki, "push">, now: () => Date): NoteTaker {
  const sent = new Set<string>();
  return {
    name: "Loki",
    newsOf(view) {
      const from = now().getTime() - FRESH_MS;
      const lines = linesOf(view).filter(({ atMs, text }) => atMs > from && !sent.has(text));
      return {
        text: JSON.stringify(lines),
        async write() {
          if (lines.length === 0) return;
          await push({ job: "countersign" }, lines);
          for (const { text } of lines) sent.add(text);
          for (const text of [...sent].slice(0, Math.max(0, sent.size - MOST_SENT))) {
            sent.delete(text);
          }
        },
      };
    },
  };
}

/** An incident and its runs as stretches of time, for a time line. */
export function regionsOf(view: IncidentView, publicUrl: string): Region[] {
  const { incident, diagnosis } = view;
  const { id, openedAt, resolvedAt, severity } = incident;
  const starts = incident.alerts.map(({ startsAt }) => startsAt.getTime());
  const link = `${publicUrl}/incidents/${id}`;
  const cause = diagnosis === null ? "" : `\nOpinion of the rules: ${diagnosis.cause}`;
  return [
    {
      key: "incident",
      fromMs: Math.min(openedAt.getTime(), ...starts),
      toMs: resolvedAt?.getTime() ?? null,
      tags: severity === null ? [] : [severity],
      text: plain(`${headOf(view)}${cause}`, link),
    },
    ...view.executions.flatMap((run): Region[] =>
      run.startedAt === null
        ? []
        : [
            {
              key: run.id,
              fromMs: run.startedAt.getTime(),
              toMs: run.finishedAt?.getTime() ?? null,
              tags: ["fix"],
              text: plain(`${runOf(run)}: ${outcomeOf(view, run.id) ?? run.state}`, link),
            },
          ],
    ),
  ];
}

/** What was found, done and seen to end, a line each; the same view gives the same lines again. */
export function linesOf(view: IncidentView): LogLine[] {
  const { incident, evidence, diagnosis } = view;
  const about = { incident: incident.id, title: incident.title, severity: incident.severity };
  const line = (at: Date, what: string, more: object): LogLine => ({
    atMs: at.getTime(),
    text: JSON.stringify({ what, ...about, ...more }, (_, value: unknown) =>
      typeof value === "string" ? short(value) : value,
    ),
  });
  const foundAt = Math.max(...evidence.map(({ collectedAt }) => collectedAt.getTime()));
  const found = evidence
    .slice(0, MOST_ITEMS)
    .map(({ id, title, status, text }) => ({ id, title, status, text }));
  return [
    ...(diagnosis === null || evidence.length === 0
      ? []
      : [
          line(new Date(foundAt), "found", {
            ...{ cause: diagnosis.cause, confidence: diagnosis.confidence, evidence: found },
          }),
        ]),
    ...view.executions.flatMap((run) =>
      run.finishedAt === null
        ? []
        : [line(run.finishedAt, "ran", { run: run.id, action: runOf(run), state: run.state })],
    ),
    ...view.verifications.map(({ executionId, outcome, detail, judgedAt }) =>
      line(judgedAt, "checked", { run: executionId, outcome, detail }),
    ),
    ...(incident.resolvedAt === null ? [] : [line(incident.resolvedAt, "over", {})]),
  ];
}

function headOf({ incident: { title, severity, source } }: IncidentView): string {
  return `${title} (${severity ?? "no severity"}${source === "countersign" ? ", noticed" : ""})`;
}

function runOf({
  runbookId,
  actionId,
  target,
}: Pick<IncidentView["executions"][number], "runbookId" | "actionId" | "target">): string {
  return `${runbookId} / ${actionId} on ${target}`;
}

function outcomeOf({ verifications }: IncidentView, runId: string) {
  return verifications.find(({ executionId }) => executionId === runId)?.outcome;
}

/** Grafana shows it as HTML. */
function plain(text: string, link: string): string {
  return `${short(text).replace(/&/g, "&amp;").replace(/</g, "&lt;")}\n${link}`;
}

function short(text: string): string {
  return redact(text.slice(0, 4 * LONGEST_TEXT)).slice(0, LONGEST_TEXT);
}
