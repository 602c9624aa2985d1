export interface Entity {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
  readonly url?: string;
}

export interface Parsed {
  readonly text: string;
  readonly entities: readonly Entity[];
}

/** Text that Telegram answers with "can't parse entities". */
export class EntityError extends Error {
  override readonly name = "EntityError";
}

const TYPES: Record<string, string> = {
  b: "bold",
  strong: "bold",
  i: "italic",
  em: "italic",
  u: "underline",
  ins: "underline",
  s: "strikethrough",
  strike: "strikethrough",
  del: "strikethrough",
  code: "code",
  pre: "pre",
  a: "text_link",
  blockquote: "blockquote",
  "tg-spoiler": "spoiler",
};

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"' };

const token =
  /<(?<close>\/?)(?<name>[a-z-]+)(?<attributes>(?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*>|&(?:(?<named>[a-z]+)|#(?<decimal>\d{1,7})|#x(?<hex>[0-9a-f]{1,6}));|(?<plain>[^<>&]+)/iuy;

type Token = Record<string, string | undefined>;

interface Open {
  readonly name: string;
  readonly offset: number;
  readonly attributes: string;
}

/** Telegram's HTML, read strictly: what Telegram would silently drop is refused here as well. */
export function parseHtml(html: string): Parsed {
  const open: Open[] = [];
  const entities: Entity[] = [];
  let text = "";
  for (const part of tokensOf(html)) {
    if (part.name === undefined) text += part.plain ?? decode(part);
    else if (part.close) entities.push(closed(open, part.name, text.length));
    else open.push(opened(open, part, text.length));
  }
  const last = open.at(-1);
  if (last) throw new EntityError(`can't find end tag corresponding to start tag "${last.name}"`);
  return { text, entities };
}

function* tokensOf(html: string): Generator<Token> {
  for (let at = 0; at < html.length; at = token.lastIndex) {
    token.lastIndex = at;
    const found = token.exec(html);
    if (!found) throw new EntityError(`neither a tag, an entity nor text at offset ${at}`);
    const next = token.lastIndex;
    yield found.groups ?? {};
    token.lastIndex = next;
  }
}

function decode({ named, decimal, hex }: Token): string {
  if (named) return ENTITIES[named] ?? fail(`unknown entity "${named}"`);
  const code = decimal ? Number.parseInt(decimal, 10) : Number.parseInt(hex ?? "", 16);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : fail("unknown entity");
}

function fail(reason: string): never {
  throw new EntityError(reason);
}

function opened(open: readonly Open[], tag: Token, offset: number): Open {
  const name = tag.name ?? "";
  const attributes = (tag.attributes ?? "").trim();
  const inside = open.map((each) => each.name);
  if (!(name in TYPES)) throw new EntityError(`unsupported start tag "${name}"`);
  if (!mayStandIn(name, inside)) throw new EntityError(`"${name}" inside "${inside.join(" ")}"`);
  const allowed = { a: /^href="[^"]+"$/, blockquote: /^(?:expandable)?$/ }[name] ?? /^$/;
  if (!allowed.test(attributes)) throw new EntityError(`attributes of "${name}"`);
  return { name, offset, attributes };
}

function mayStandIn(name: string, inside: readonly string[]): boolean {
  if (inside.includes("code") || inside.includes(name)) return false;
  if (inside.includes("pre")) return name === "code";
  return (name !== "code" && name !== "pre") || inside.every((outer) => outer === "blockquote");
}

function closed(open: Open[], name: string, end: number): Entity {
  const last = open.pop();
  if (last?.name !== name) throw new EntityError(`unmatched end tag "${name}"`);
  const url = /href="(?<url>[^"]+)"/.exec(last.attributes)?.groups?.url;
  return {
    type: TYPES[name] ?? name,
    offset: last.offset,
    length: end - last.offset,
    ...(url ? { url } : {}),
  };
}

const AUTOMATIC: readonly [string, RegExp][] = [
  ["mention", /(?<![\p{L}\p{N}_])@[a-z][a-z0-9_]{2,31}/giu],
  ["hashtag", /(?<![\p{L}\p{N}_])#[\p{L}\p{N}_]+/gu],
  ["cashtag", /(?<![\p{L}\p{N}_])\$[A-Z]{1,8}\b/gu],
  ["bot_command", /(?<![\p{L}\p{N}_/<>])\/[a-z0-9_]{1,64}/giu],
  ["email", /[a-z0-9._%+-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}/giu],
  ["url", /[a-z][a-z0-9+.-]*:\/\/[^\s\u2000-\u206f]+/giu],
  ["url", /[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.\p{L}{2,}/giu],
  ["url", /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/gu],
  ["phone_number", /\+\d[\d -]{6,}/gu],
];

/** What clients would make tappable by themselves; only `code` and `pre` are spared. */
export function automaticEntities(parsed: Parsed): Entity[] {
  const spared = parsed.entities.filter(({ type }) => type === "code" || type === "pre");
  return AUTOMATIC.flatMap(([type, pattern]) =>
    [...parsed.text.matchAll(pattern)].map((found) => ({
      type,
      offset: found.index,
      length: found[0].length,
    })),
  ).filter(
    (found) =>
      !spared.some(
        (code) =>
          found.offset < code.offset + code.length && code.offset < found.offset + found.length,
      ),
  );
}
