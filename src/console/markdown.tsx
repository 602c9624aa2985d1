import type { JSX } from "hono/jsx/jsx-runtime";
import { Text } from "./parts.tsx";

/**
 * The prose of a runbook: headings, paragraphs, lists, code and tables, as far as they are used there. Everything comes
 * out as escaped text of elements named here: there is no raw HTML, no image, and a link leads to another runbook only.
 */
export function Markdown({ text, known }: { text: string; known: readonly string[] }) {
  return <div class="prose">{blocksOf(text.split(/\r?\n/), known)}</div>;
}

const FENCE = /^\s{0,3}(`{3,}|~{3,})/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const RULER = /^\s{0,3}(?:-{3,}|\*{3,}|_{3,})\s*$/;
/** Deeper than anybody nests; a hostile file must not exhaust the stack. */
const MOST_NESTED = 12;

function blocksOf(lines: readonly string[], known: readonly string[], depth = 0): JSX.Element[] {
  const out: JSX.Element[] = [];
  for (let at = 0; at < lines.length; ) {
    const { element, next } = blockAt(lines, at, known, depth);
    if (element !== null) out.push(element);
    at = Math.max(next, at + 1);
  }
  return out;
}

interface Block {
  readonly element: JSX.Element | null;
  readonly next: number;
}

function blockAt(
  lines: readonly string[],
  at: number,
  known: readonly string[],
  depth: number,
): Block {
  const line = lines[at] ?? "";
  if (line.trim() === "") return { element: null, next: at + 1 };
  if (FENCE.test(line)) return fence(lines, at);
  const heading = HEADING.exec(line);
  if (heading !== null) return { element: headingOf(heading, known), next: at + 1 };
  if (RULER.test(line)) return { element: <hr />, next: at + 1 };
  if (line.startsWith("|")) return table(lines, at, known);
  if (ITEM.test(line) && depth < MOST_NESTED) return list(lines, at, known, depth);
  return paragraph(lines, at, known);
}

/** The page has its own h1, and its parts have h2. */
function headingOf([, marks = "", words = ""]: RegExpExecArray, known: readonly string[]) {
  const inner = inline(words, known);
  return marks.length < 3 ? <h3>{inner}</h3> : <h4>{inner}</h4>;
}

function fence(lines: readonly string[], at: number): Block {
  const mark = FENCE.exec(lines[at] ?? "")?.[1] ?? "```";
  const end = lines.findIndex((line, index) => index > at && line.trim().startsWith(mark));
  const last = end === -1 ? lines.length : end;
  const code = lines.slice(at + 1, last).join("\n");
  return { element: codeBlock(code), next: last + 1 };
}

function codeBlock(code: string) {
  return (
    <pre tabindex={0}>
      <code>
        <Text of={code} as="block" />
      </code>
    </pre>
  );
}

function table(lines: readonly string[], at: number, known: readonly string[]): Block {
  const end = lines.findIndex((line, index) => index > at && !line.startsWith("|"));
  const next = end === -1 ? lines.length : end;
  const rows = lines
    .slice(at, next)
    .map(cellsOf)
    .filter((cells) => !cells.every((cell) => /^:?-+:?$/.test(cell)));
  const [head = [], ...body] = rows;
  const element = (
    <section class="table" aria-label="Table" tabindex={0}>
      <table>
        <thead>
          <tr>
            {head.map((cell) => (
              <th scope="col">{inline(cell, known)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.map((cells) => (
            <tr>
              {cells.map((cell) => (
                <td>{inline(cell, known)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
  return { element, next };
}

/** A bar inside a code span or after a backslash is none of the table's. */
function cellsOf(line: string): string[] {
  const inner = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return (inner.match(/(?:`[^`]*`|\\\||[^|])+/g) ?? []).map((cell) =>
    cell.trim().replaceAll("\\|", "|"),
  );
}

function list(
  lines: readonly string[],
  at: number,
  known: readonly string[],
  depth: number,
): Block {
  const [, indent = "", mark = "-"] = ITEM.exec(lines[at] ?? "") ?? [];
  const isOrdered = /\d/.test(mark);
  const items: string[][] = [];
  let next = at;
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? "";
    const item = ITEM.exec(line);
    if (item !== null && (item[1] ?? "").length <= indent.length) {
      if (/\d/.test(item[2] ?? "") !== isOrdered) break;
      items.push([item[3] ?? ""]);
    } else if (belongs(line, lines[next + 1] ?? "", indent)) {
      items.at(-1)?.push(line.slice(indent.length).replace(/^ {1,3}/, ""));
    } else break;
  }
  const content = items.map((item) => <li>{itemOf(item, known, depth)}</li>);
  return { element: isOrdered ? <ol>{content}</ol> : <ul>{content}</ul>, next };
}

/** A blank line belongs to the list only where the list goes on after it. */
function belongs(line: string, after: string, indent: string): boolean {
  return line.trim() === "" ? goesOn(after, indent) : line.startsWith(`${indent}  `);
}

function itemOf(item: readonly string[], known: readonly string[], depth: number) {
  const [only, ...rest] = blocksOf(item, known, depth + 1);
  const isShort = rest.length === 0 && item.every((line) => line.trim() !== "");
  return isShort && only !== undefined ? inlineOrBlock(item, only, known) : [only, ...rest];
}

function goesOn(line: string, indent: string): boolean {
  return line.startsWith(`${indent}  `) || ITEM.test(line);
}

/** An item of plain text needs no paragraph of its own. */
function inlineOrBlock(item: readonly string[], block: JSX.Element, known: readonly string[]) {
  const isText = !item.some((line) => ITEM.test(line) || FENCE.test(line) || line.startsWith("|"));
  return isText ? inline(item.map((line) => line.trim()).join(" "), known) : block;
}

function paragraph(lines: readonly string[], at: number, known: readonly string[]): Block {
  const isOver = (line: string) =>
    line.trim() === "" || FENCE.test(line) || HEADING.test(line) || ITEM.test(line);
  const end = lines.findIndex((line, index) => index > at && isOver(line));
  const next = end === -1 ? lines.length : end;
  const words = lines.slice(at, next).map((line) => line.trim());
  return { element: <p>{inline(words.join(" "), known)}</p>, next };
}

const INLINE =
  /(?<ticks>`+)(?<code>.+?)\k<ticks>(?!`)|\*\*(?<bold>[^*]+)\*\*|(?<![\w*])[*_](?<em>[^*_\s](?:[^*_]*[^*_\s])?)[*_](?![\w*])|\[(?<label>[^\]]+)\]\((?<to>[^()\s]+)\)/g;

function inline(text: string, known: readonly string[]): JSX.Element[] {
  const out: JSX.Element[] = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > from) out.push(<Text of={text.slice(from, match.index)} />);
    out.push(spanOf(match.groups ?? {}, known));
    from = match.index + match[0].length;
  }
  if (from < text.length) out.push(<Text of={text.slice(from)} />);
  return out;
}

function spanOf(groups: Record<string, string | undefined>, known: readonly string[]) {
  const { code, bold, em, label = "", to = "" } = groups;
  if (code !== undefined) {
    return (
      <code>
        <Text of={code.trim()} as="exact" />
      </code>
    );
  }
  if (bold !== undefined) return <b>{inline(bold, [])}</b>;
  if (em !== undefined) {
    return (
      <em>
        <Text of={em} />
      </em>
    );
  }
  const id = /^(?:\.\/)?([a-z0-9-]+)\.md(?:#.*)?$/.exec(to)?.[1];
  const words = label.replace(/\.md$/, "");
  if (id !== undefined && known.includes(id)) {
    return (
      <a href={`/runbooks/${id}`}>
        <Text of={words} />
      </a>
    );
  }
  // An address elsewhere is shown, never linked: what a page of this console links to is this console.
  return <Text of={label === to ? label : `${label} (${to})`} />;
}
