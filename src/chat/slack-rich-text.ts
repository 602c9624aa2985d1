import type { types } from "@slack/bolt";
import type { Line, Section } from "./card.ts";
import { inert } from "./text.ts";
import { typedIn } from "./wording.ts";

type Span = types.RichTextText | types.RichTextLink;

/**
 * Text from outside travels as rich text: a tree in which Slack looks for no markup, mentions or links of its own.
 * What is in `mrkdwn` instead has to be escaped.
 */
export function richText(elements: readonly types.RichTextBlockElement[]): types.RichTextBlock[] {
  const shown = elements.filter((element) => element.elements.length > 0);
  return shown.length === 0 ? [] : [{ type: "rich_text", elements: shown }];
}

export function sectionRichText({ kind, heading, lines }: Section): types.RichTextBlock[] {
  const head = heading === null ? [] : [paragraph([bold(heading)])];
  if (kind === "opinion")
    return richText([...head, { type: "rich_text_quote", elements: joined(lines.map(spansOf)) }]);
  return richText([...head, ...lines.reduce(withLine, [])]);
}

/** A line goes on in the element before it where they are of one kind. */
function withLine(
  elements: types.RichTextBlockElement[],
  line: Line,
): types.RichTextBlockElement[] {
  const last = elements.at(-1);
  switch (line.kind) {
    case "output":
    case "command":
      return [...elements, preformatted(line.text)];
    case "item": {
      const item = paragraph(spansOf(line));
      if (last?.type !== "rich_text_list")
        return [...elements, { type: "rich_text_list", style: "bullet", elements: [item] }];
      return [...elements.slice(0, -1), { ...last, elements: [...last.elements, item] }];
    }
    default: {
      const spans = spansOf(line);
      if (last?.type !== "rich_text_section") return [...elements, paragraph(spans)];
      return [...elements.slice(0, -1), paragraph([...last.elements, text("\n"), ...spans])];
    }
  }
}

function spansOf(line: Line): Span[] {
  switch (line.kind) {
    case "fact":
      return [
        bold(`${line.label}: `),
        ...(line.isCode ? code(factValue(line)) : prose(line.value)),
      ];
    case "link":
      return [{ type: "link", url: line.url, text: line.label }];
    default:
      return prose(line.text);
  }
}

function factValue({ value, isTyped }: Extract<Line, { kind: "fact" }>): string {
  return isTyped ? typedIn(value, "slack") : value;
}

function joined(lines: readonly Span[][]): Span[] {
  return lines.flatMap((spans, index) => (index === 0 ? spans : [text("\n"), ...spans]));
}

/** What stands in backticks becomes code, as in every channel. */
export function backtickSpans(words: string): Span[] {
  return words
    .split("`")
    .flatMap((part, index, parts) =>
      index % 2 === 1 && index < parts.length - 1 ? code(part) : prose(part),
    );
}

/** Slack refuses an element without text. */
export function paragraph(elements: types.RichTextElement[]): types.RichTextSection {
  return {
    type: "rich_text_section",
    elements: elements.filter((each) => each.type !== "text" || each.text !== ""),
  };
}

/** In one piece, so it has to fit. */
export function preformatted(words: string): types.RichTextPreformatted {
  return { type: "rich_text_preformatted", elements: words === "" ? [] : [text(words)] };
}

export function bold(words: string): types.RichTextText {
  return { ...text(inert(words)), style: { bold: true } };
}

export function code(words: string): types.RichTextText[] {
  return pieces(words).map((piece) => ({ ...text(piece), style: { code: true } }));
}

function prose(words: string): types.RichTextText[] {
  return pieces(inert(words)).map(text);
}

/** What Slack takes in one element is not published; this is less than in any other text. */
function pieces(words: string): string[] {
  return words.match(/.{1,1000}/gsu) ?? [];
}

function text(words: string): types.RichTextText {
  return { type: "text", text: words };
}
