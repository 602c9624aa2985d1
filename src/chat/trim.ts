import type { Card, Line, Section, SectionKind } from "./card.ts";
import { cut } from "./text.ts";

const SHORT = 160;

/** What gives way first. The command is not in the list: it is shown in full or not at all. */
const GIVING_WAY: readonly SectionKind[] = ["evidence", "opinion", "problem", "risk", "action"];

/** The same card within a channel's limit, as `measure` counts it there. */
export function trimCard(card: Card, limit: number, measure: (card: Card) => number): Card {
  let fitted = card;
  const isTooLong = () => measure(fitted) > limit;
  for (const kind of GIVING_WAY) {
    for (const shrink of [shortenLast, dropLast]) {
      for (let next = shrink(fitted, kind); next && isTooLong(); next = shrink(fitted, kind))
        fitted = next;
    }
  }
  // What gave way in vain for a command that does not fit anyway comes back without it.
  const without = isTooLong() ? withoutLongest(card) : null;
  if (without) return trimCard(without, limit, measure);
  for (let next = withoutLastAction(fitted); next && isTooLong(); next = withoutLastAction(fitted))
    fitted = next;
  return isTooLong() ? bare(card) : fitted;
}

/** For a channel that also limits each command by itself. */
export function withoutLongCommands(card: Card, max: number): Card {
  let fitted = card;
  while (longestCommandOf(fitted) > max) fitted = withoutLongest(fitted) ?? fitted;
  return fitted;
}

function longestCommandOf({ sections }: Card): number {
  const commands = sections.flatMap(({ lines }) => lines).filter((line) => line.kind === "command");
  return Math.max(0, ...commands.map(({ text }) => text.length));
}

function isCuttable(line: Line): line is Extract<Line, { isCuttable?: true }> {
  return "isCuttable" in line && line.isCuttable === true;
}

function lengthOf(line: Line): number {
  return line.kind === "fact" ? line.value.length : line.kind === "link" ? 0 : line.text.length;
}

function shortenLast(card: Card, kind: SectionKind): Card | null {
  return change(card, kind, (lines) => {
    const at = lines.findLastIndex((each) => isCuttable(each) && lengthOf(each) > SHORT);
    const line = lines[at];
    if (!line || !isCuttable(line)) return null;
    return lines.with(
      at,
      line.kind === "fact"
        ? { ...line, value: cut(line.value, SHORT) }
        : { ...line, text: cut(line.text, SHORT) },
    );
  });
}

function dropLast(card: Card, kind: SectionKind): Card | null {
  return change(card, kind, (lines) => {
    const at = lines.findLastIndex(isCuttable);
    if (at < 0) return null;
    const last = lines.at(-1);
    const counted = last?.kind === "item" ? /^… (?<n>\d+) more here$/.exec(last.text) : null;
    const kept = lines.filter((line, index) => index !== at && !(counted && line === last));
    const left = Number(counted?.groups?.n ?? 0) + 1;
    return [...kept, { kind: "item", text: `… ${left} more here` }];
  });
}

/** Takes the change from the last section of that kind which has something to give. */
function change(
  card: Card,
  kind: SectionKind,
  edit: (lines: readonly Line[]) => readonly Line[] | null,
): Card | null {
  for (let at = card.sections.length - 1; at >= 0; at -= 1) {
    const section = card.sections[at];
    const lines = section?.kind === kind ? edit(section.lines) : null;
    if (section && lines)
      return { ...card, sections: card.sections.with(at, { ...section, lines }) };
  }
  return null;
}

/** Nobody approves in a chat what the chat can't show in full. */
function withoutLongest(card: Card): Card | null {
  const commands = card.sections
    .flatMap(({ lines }) => lines)
    .filter((line) => line.kind === "command")
    .sort((a, b) => b.text.length - a.text.length);
  const longest = commands[0];
  if (!longest) return null;
  const text = `The command has ${longest.text.length} characters and is too long to show here in full: open the console to read and approve it.`;
  return {
    ...card,
    sections: card.sections.map((section) => ({
      ...section,
      lines: section.lines.map((line) => (line === longest ? { kind: "text", text } : line)),
    })),
    buttons: card.buttons.filter(
      ({ verb, requestId }) => verb !== "approve" || requestId !== longest.requestId,
    ),
  };
}

function withoutLastAction(card: Card): Card | null {
  const requestId = card.sections.findLast((section) => section.requestId)?.requestId;
  if (!requestId) return null;
  const at = card.sections.findIndex((section) => section.requestId === requestId);
  const more: Section = {
    kind: "action",
    heading: null,
    lines: [{ kind: "text", text: "… a fix that does not fit here: open the console." }],
  };
  return {
    ...card,
    sections: card.sections.with(at, more).filter((section) => section.requestId !== requestId),
    buttons: card.buttons.filter((button) => button.requestId !== requestId),
  };
}

function bare(card: Card): Card {
  return {
    ...card,
    sections: card.sections.filter(({ kind }) => kind === "links"),
    buttons: [],
  };
}

/** An answer as much of it as fits, in whole lines. */
export function cutToFit(text: string, fits: (text: string) => boolean): string {
  let shown = text;
  while (!fits(shown))
    shown = `${cut(shown, Math.floor(shown.length * 0.9)).replace(/\n[^\n]*$/, "")}\n… more in the console`;
  return shown;
}
