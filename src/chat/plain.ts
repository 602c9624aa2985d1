import type { Card, Line } from "./card.ts";

/** A card as plain lines, for the answer to a command. */
export function cardText(card: Card): string {
  return [
    card.headline,
    ...card.sections.map(({ heading, lines }) =>
      [...(heading === null ? [] : [heading]), ...lines.map(lineText)].join("\n"),
    ),
  ].join("\n\n");
}

function lineText(line: Line): string {
  switch (line.kind) {
    case "text":
    case "output":
      return line.text;
    case "item":
      return `• ${line.text}`;
    case "fact":
      return `${line.label}: ${line.value}`;
    case "command":
      return `\`${line.text}\``;
    case "link":
      return `${line.label}: ${line.url}`;
  }
}
