import type { Report, Spread } from "../incident/report.ts";
import type { Card, CardContext, Line } from "./card.ts";
import { dateTime, duration, oneLine, plural } from "./text.ts";

const NOISIEST = 5;
const PATTERNS = 4;

/**
 * A report as a card, for people to read: it decides nothing and so has no buttons.
 * @param patterns what the history shows beside its numbers, each a sentence or two
 */
export function reportCardOf(
  report: Report,
  { publicUrl, timeZone = "UTC" }: Pick<CardContext, "publicUrl" | "timeZone">,
  patterns: readonly string[] = [],
): Card {
  const { from, to, now, noisiest } = report;
  const lengthMs = to.getTime() - from.getTime();
  const item = (text: string): Line => ({ kind: "item", text });
  const fixed = now.fixes.unasked + now.fixes.approved;
  return {
    incidentId: `report_${to.getTime()}`,
    version: 1,
    state: "resolved",
    headline: `📊 Last ${duration(lengthMs)}: ${plural(now.incidents, "incident")}, ${fixed} fixed`,
    sections: [
      {
        kind: "state",
        heading: null,
        lines: [
          {
            kind: "text",
            text: `${dateTime(from, timeZone)} to ${dateTime(to, timeZone)}; in brackets the ${duration(lengthMs)} before`,
          },
        ],
      },
      { kind: "problem", heading: "Incidents", lines: numbersOf(report).map(item) },
      {
        kind: "evidence",
        heading: "The noisiest",
        lines: noisiest
          .slice(0, NOISIEST)
          .map(({ title, count, before }) => item(`${oneLine(title, 80)}: ${count} (${before})`)),
      },
      {
        kind: "evidence",
        heading: "Worth a look",
        lines: patterns.slice(0, PATTERNS).map((text) => item(oneLine(text, 300))),
      },
      {
        kind: "links" as const,
        heading: null,
        lines: [
          { kind: "link" as const, label: "Statistics", url: `${publicUrl}/statistics` },
          ...(patterns.length === 0
            ? []
            : [{ kind: "link" as const, label: "Patterns", url: `${publicUrl}/patterns` }]),
        ],
      },
    ].filter(({ lines }) => lines.length > 0) as Card["sections"],
    buttons: [],
  };
}

/** The numbers of a report, each against the time before: the same words in every channel. */
export function numbersOf({ now, before }: Pick<Report, "now" | "before">): string[] {
  const pair = (of: (tally: Report["before"]) => number) => `${of(now)} (${of(before)})`;
  const hasCost = now.costUsd + before.costUsd > 0;
  return [
    `${pair(({ incidents }) => incidents)} came, ${pair(({ fixes }) => fixes.resolved)} are over, ${pair(({ open }) => open)} still open`,
    `Fixed unasked ${pair(({ fixes }) => fixes.unasked)}, on approval ${pair(({ fixes }) => fixes.approved)}`,
    `Of what ran: ${pair(({ runs }) => runs.verified)} helped, ${pair(({ runs }) => runs.stillFailing)} did not, ${pair(({ runs }) => runs.others)} failed or are not clear`,
    ...took("To acknowledge", now.acknowledge, before.acknowledge),
    ...took("To decide", now.decide, before.decide),
    ...took("To recover", now.recover, before.recover),
    ...(hasCost
      ? [`The model cost $${now.costUsd.toFixed(2)} ($${before.costUsd.toFixed(2)})`]
      : []),
  ];
}

function took(what: string, now: Spread, before: Spread): string[] {
  if (now.medianMs === null) return [];
  const then = before.medianMs === null ? "none" : duration(before.medianMs);
  return [`${what}: ${duration(now.medianMs)} in half of ${plural(now.count, "case")} (${then})`];
}
