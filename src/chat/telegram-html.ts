import type { Card, Line, Section } from "./card.ts";
import { clean, inert } from "./text.ts";
import { trimCard } from "./trim.ts";

/** Telegram counts what is visible, in UTF-16 units. */
export const TELEGRAM_LIMIT = 4096;

interface Piece {
  readonly tag: "b" | "code" | "pre" | "blockquote" | null;
  readonly text: string;
  readonly href?: string;
}

const OPENING = { b: "b", code: "code", pre: "pre", blockquote: "blockquote expandable" } as const;

export interface TelegramCard {
  readonly html: string;
  /** The same without markup, for a server that refuses the markup. */
  readonly plain: string;
  /** The card as it fitted: its buttons are the ones to show. */
  readonly card: Card;
}

export function renderTelegram(card: Card): TelegramCard {
  const fitted = trimCard(card, TELEGRAM_LIMIT, (each) => visible(piecesOf(each)).length);
  const pieces = piecesOf(fitted);
  return { html: pieces.map(html).join(""), plain: visible(pieces), card: fitted };
}

/** A plain answer; what stands in backticks becomes code, which is tapped to copy and never a link. */
export function renderTelegramText(text: string): string {
  return textPieces(text).map(html).join("");
}

/** How much of an answer shows, in the units of the limit. */
export function telegramLength(text: string): number {
  return visible(textPieces(text)).length;
}

function textPieces(text: string): Piece[] {
  return clean(text)
    .split("`")
    .map((part, index, parts) =>
      index % 2 === 1 && index < parts.length - 1
        ? { tag: "code" as const, text: part }
        : { tag: null, text: inert(part) },
    )
    .filter((piece) => piece.text !== "");
}

function piecesOf(card: Card): Piece[] {
  return [
    { tag: "b", text: inert(card.headline) },
    ...card.sections.flatMap((section) => [plain("\n\n"), ...sectionPieces(section)]),
  ];
}

function sectionPieces({ kind, heading, lines }: Section): Piece[] {
  const head: Piece[] = heading === null ? [] : [{ tag: "b", text: inert(heading) }, plain("\n")];
  const body = lines.flatMap((line, index) => [
    ...(index === 0 ? [] : [plain("\n")]),
    ...linePieces(line),
  ]);
  if (kind !== "opinion") return [...head, ...body];
  return [...head, { tag: "blockquote", text: visible(body) }];
}

function linePieces(line: Line): Piece[] {
  switch (line.kind) {
    case "text":
      return [plain(line.text)];
    case "item":
      return [plain(`• ${line.text}`)];
    case "fact":
      return [
        plain(`${line.label}: `),
        line.isCode ? { tag: "code", text: line.value } : plain(line.value),
      ];
    case "output":
    case "command":
      return [{ tag: "pre", text: line.text }];
    case "link":
      return linkPieces(line.label, line.url);
  }
}

/** Telegram makes no link of an address that only this machine can open: then it is there to copy. */
function linkPieces(label: string, url: string): Piece[] {
  if (/^https?:\/\/[^/:]+\.[a-z]{2,}(?:[:/]|$)/i.test(url))
    return [{ tag: null, text: label, href: url }];
  return [plain(`${label}: `), { tag: "code", text: url }];
}

function plain(text: string): Piece {
  return { tag: null, text: inert(text) };
}

function visible(pieces: readonly Piece[]): string {
  return pieces.map(({ text }) => text).join("");
}

function html({ tag, text, href }: Piece): string {
  if (href !== undefined) return `<a href="${escaped(href)}">${escaped(text)}</a>`;
  return tag === null ? escaped(text) : `<${OPENING[tag]}>${escaped(text)}</${tag}>`;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
