import type { Channel } from "../approval/approval.ts";
import type { Card, Line } from "./card.ts";
import { typedIn } from "./wording.ts";

/** A card as plain lines, for the answer to a command. */
export function cardText(card: Card, channel: Channel): string {
  return [
    card.headline,
    ...card.sections.map(({ heading, lines }) =>
      [
        ...(heading === null ? [] : [heading]),
        ...lines.map((line) => lineText(line, channel)),
      ].join("\n"),
    ),
  ].join("\n\n");
}

function lineText(line: Line, channel: Channel): string {
  switch (line.kind) {
    case "text":
    case "output":
      return line.text;
    case "item":
      return `• ${line.text}`;
    case "fact":
      return `${line.label}: ${line.isTyped ? typedIn(line.value, channel) : line.value}`;
    case "command":
      return `\`${line.text}\``;
    case "link":
      return `${line.label}: ${line.url}`;
  }
}
