/**
 * What keeps a text from being a plain log query, or null: a stream selector and filters of lines, and nothing that
 * Loki would compute with. Loki has the last word on the rest.
 */
export function logqlFlaw(query: string): string | null {
  const text = createScanner(query);
  if (!text.take(/\s*\{\s*/y)) return 'it must begin with a stream selector, such as {job="web"}';
  let isNarrow = false;
  for (;;) {
    const [, operator = "", value] = text.take(MATCHER) ?? [];
    if (value === undefined) return text.flaw('a matcher such as job="web"');
    isNarrow ||= !mayBeEmpty(operator, unquoted(value));
    if (text.take(/\s*\}\s*/y)) break;
    if (!text.take(/\s*,\s*/y)) return text.flaw(", or }");
  }
  if (!isNarrow) return "one of its matchers has to ask for a value that is not empty";
  while (text.take(FILTER));
  return text.isDone() ? null : text.flaw('a filter such as |= "text", or the end');
}

const STRING = '("(?:\\\\.|[^"\\\\\\n])*"|`[^`]*`)';
const MATCHER = new RegExp(`[a-zA-Z_]\\w*\\s*(=~|!~|!=|=)\\s*${STRING}`, "y");
const FILTER = new RegExp(`(?:\\|=|!=|\\|~|!~)\\s*${STRING}\\s*`, "y");
const SHOWN_CHARS = 40;

/** Loki wants one that narrows: what an absent label would fit as well does not. */
function mayBeEmpty(operator: string, value: string): boolean {
  if (operator.startsWith("!")) return true;
  if (operator === "=") return value === "";
  try {
    return new RegExp(`^(?:${value})$`).test("");
  } catch {
    // Only Loki can say; it is asked for something narrower.
    return true;
  }
}

function unquoted(value: string): string {
  return value.slice(1, -1);
}

function createScanner(text: string) {
  let at = 0;
  return {
    /** What stands here, if it is that; each pattern begins where the last one ended. */
    take(pattern: RegExp): RegExpExecArray | null {
      pattern.lastIndex = at;
      const found = pattern.exec(text);
      if (found !== null) at += found[0].length;
      return found;
    },
    isDone: () => at === text.length,
    flaw(wanted: string): string {
      const rest = text.slice(at, at + SHOWN_CHARS);
      return `only a selector and filters of lines are taken: ${JSON.stringify(rest)} stands where ${wanted} should`;
    },
  };
}
