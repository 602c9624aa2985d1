import type { Card, CardContext, Line } from "./card.ts";
import { dateTime, oneLine, plural, timeOfDay } from "./text.ts";

/** What a digest stands for. */
export interface DigestSummary {
  readonly id: number;
  readonly openedAt: Date;
  readonly endedAt: Date | null;
  readonly count: number;
  /** Those that are not resolved. */
  readonly open: number;
  /** Those that have got a card of their own since. */
  readonly own: number;
  /** By title, the most frequent first. */
  readonly kinds: readonly {
    readonly title: string;
    readonly count: number;
    readonly open: number;
  }[];
}

const KINDS = 10;

/** The one card of a storm. It decides nothing and so has no buttons. */
export function digestCardOf(
  summary: DigestSummary,
  { publicUrl, timeZone = "UTC" }: CardContext,
): Card {
  const { id, count, open, own, openedAt, endedAt } = summary;
  const began = endedAt === null ? timeOfDay(openedAt, timeZone) : dateTime(openedAt, timeZone);
  const over = endedAt === null ? "" : `, over ${timeOfDay(endedAt, timeZone)}`;
  const notes = [
    `Since ${began}${over} · ${open} of ${plural(count, "incident")} still open`,
    endedAt === null
      ? "While it lasts this card stands for all new incidents. Critical ones, and those that need a decision, get their own."
      : "New incidents get their own cards again.",
    own > 0
      ? own === 1
        ? "1 of them has its own card by now."
        : `${own} of them have their own cards by now.`
      : null,
  ].filter((note) => note !== null);
  return {
    incidentId: `digest_${id}`,
    version: count,
    state: endedAt === null ? "open" : "resolved",
    headline:
      endedAt === null
        ? `🌊 Alert Storm: ${plural(count, "new incident")}`
        : `🌊 Alert Storm Over: ${plural(count, "incident")}, ${open} still open`,
    sections: [
      { kind: "state", heading: null, lines: notes.map((text): Line => ({ kind: "text", text })) },
      { kind: "problem", heading: "What fires", lines: kindLines(summary) },
      {
        kind: "links",
        heading: null,
        lines: [{ kind: "link", label: "All open incidents", url: publicUrl }],
      },
    ],
    buttons: [],
  };
}

function kindLines({ kinds }: DigestSummary): Line[] {
  const lines = kinds.slice(0, KINDS).map(({ title, count, open }): Line => {
    const state = open === 0 ? "all resolved" : `${open} open`;
    return { kind: "item", text: `${oneLine(title, 80)}: ${count}, ${state}`, isCuttable: true };
  });
  const more = kinds.length - KINDS;
  if (more > 0) lines.push({ kind: "text", text: `… and ${plural(more, "other kind")}` });
  return lines;
}
