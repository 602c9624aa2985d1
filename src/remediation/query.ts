import type { Reason } from "./proposal.ts";
import type { Filled, Placeholder, Scope } from "./template.ts";
import { lookUp, replacePlaceholders, shown } from "./template.ts";

type Quote = '"' | "'" | "`";

/** Where in a PromQL or LogQL query a placeholder stands. */
interface Place {
  /** Null outside any string. */
  readonly quote: Quote | null;
  /** What comes before the string, without blanks. */
  readonly operator: "equal" | "regex" | "other";
}

const MOST_CHARS = 1024;

/** In other strings, such as the regex of label_replace, nobody can say how to escape a value. */
const UNKNOWN_PLACE =
  "a placeholder's string has to follow =, !=, =~, !~, |= or |~ directly, without a backslash before it";

/**
 * Fills a PromQL or LogQL query. Inside a string a value stays a value: it is escaped for that string,
 * and for the regex in it after `=~`, `!~` and `|~`. Outside one only plain words and numbers may stand.
 */
export function fillQuery(text: string, scope: Scope): Filled<string> {
  let flaw: Reason | null = null;
  const value = replacePlaceholders(text, (found) => {
    const escaped = escapeFor(placeOf(text, found.start), found, scope);
    if (escaped.ok) return escaped.value;
    flaw ??= escaped.reason;
    return "";
  });
  return flaw === null ? { ok: true, value } : { ok: false, reason: flaw };
}

/** For the load: why this placeholder may not stand where it does, or null. */
export function misplaced(text: string, { scope, start }: Placeholder): string | null {
  const { quote, operator } = placeOf(text, start);
  if (quote === null) {
    return scope === "labels"
      ? "labels may stand only inside a quoted string of the query; declare a parameter instead"
      : null;
  }
  return operator === "other" ? UNKNOWN_PLACE : null;
}

function escapeFor(place: Place, found: Placeholder, scope: Scope): Filled<string> {
  const value = lookUp(found, scope);
  if (value === undefined || (found.scope === "labels" && value === "")) {
    const text = `The alert has no label "${found.name}", which the query needs.`;
    return { ok: false, reason: { rule: "missing_label", text } };
  }
  const { quote, operator } = place;
  const refuse = (why: string): Filled<string> => {
    const text = `${found.text} is "${shown(value)}": ${why}.`;
    return { ok: false, reason: { rule: "unfit_value", text } };
  };
  if (value.length > MOST_CHARS) return refuse(`longer than ${MOST_CHARS} characters`);
  if (quote === null) {
    return found.scope !== "labels" && /^[\w.:]+$/.test(value)
      ? { ok: true, value }
      : refuse("outside a quoted string only letters, digits, dots and colons may stand");
  }
  if (operator === "other") return refuse(UNKNOWN_PLACE);
  const literal = operator === "regex" ? escapeRegex(value) : value;
  if (quote !== "`") return { ok: true, value: escapeString(literal, quote) };
  return value.includes("`")
    ? refuse("a string in backticks cannot hold a backtick")
    : { ok: true, value: literal };
}

/** As RE2's QuoteMeta. */
function escapeRegex(value: string): string {
  return value.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}

/** As a Go string literal reads it back. */
function escapeString(value: string, quote: Quote): string {
  return value.replace(/[\\"'\p{Cc}]/gu, (char) => {
    if (char === "\\") return "\\\\";
    if (char === '"' || char === "'") return char === quote ? `\\${char}` : char;
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

const OUTSIDE: Place = { quote: null, operator: "other" };

/** Comments and strings, whole; a string that never ends reaches to the end of the query. */
const TOKENS = /#[^\n]*|"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|`[^`]*`?/gs;

function placeOf(text: string, start: number): Place {
  const token = [...text.matchAll(TOKENS)].find(
    ({ index, 0: all }) => index < start && start < index + all.length,
  );
  const quote = token?.[0].charAt(0);
  if (token === undefined || quote === undefined || quote === "#") return OUTSIDE;
  // After a single backslash the first character of the value would be eaten, its escape included.
  const isEscaped = quote !== "`" && /(?<!\\)(?:\\\\)*\\$/.test(text.slice(0, start));
  const operator = isEscaped ? "other" : operatorBefore(text.slice(0, token.index));
  return { quote: quote as Quote, operator };
}

function operatorBefore(text: string): Place["operator"] {
  const [operator] = /(?:=~|!~|\|~|\|=|!=|=)\s*$/.exec(text) ?? [];
  if (operator === undefined || /==\s*$/.test(text)) return "other";
  return operator.includes("~") ? "regex" : "equal";
}
