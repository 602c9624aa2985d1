import type { Labels } from "../incident/alert.ts";

/** Writing PromQL and LogQL: every value from outside passes here and stays a value, whatever is in it. */

const NAME = /^[a-zA-Z_]\w*$/;
/** Of a value: Prometheus takes more, and nothing that long tells series apart. */
const LONGEST_VALUE = 1_024;

/** As a Go string literal reads it back. */
export function quoted(value: string): string {
  const escaped = value.replace(/[\\"\p{Cc}]/gu, (char) => {
    if (char === "\\" || char === '"') return `\\${char}`;
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}

/** As RE2's QuoteMeta. */
export function escapeRegex(value: string): string {
  return value.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}

/** Whether a label can stand in a selector of ours: an old Prometheus knows only plain names. */
export function isUsable(name: string, value: string): boolean {
  return NAME.test(name) && value !== "" && value.length <= LONGEST_VALUE;
}

export function equal(labels: Labels): string[] {
  return Object.entries(labels)
    .filter(([name, value]) => isUsable(name, value))
    .map(([name, value]) => `${name}=${quoted(value)}`);
}

export function anyOf(name: string, values: readonly string[]): string {
  return `${name}=~${quoted(values.map(escapeRegex).join("|"))}`;
}

/**
 * Of what an expression gives, only the series with these labels: works for every expression, also where nobody can say
 * which selector to narrow.
 */
export function onlyWith(expr: string, labels: Labels): string {
  const names = Object.keys(labels).filter((name) => isUsable(name, labels[name] ?? ""));
  if (names.length === 0) return expr;
  // In label_replace `$` would be a group of the regex.
  const marked = names.reduce(
    (inner, name) =>
      `label_replace(${inner}, ${quoted(name)}, ${quoted((labels[name] ?? "").replaceAll("$", "$$$$"))}, "", "")`,
    "vector(1)",
  );
  return `(${expr}\n) and on (${names.join(", ")}) ${marked}`;
}
