import type { Labels } from "../incident/alert.ts";
import { compile } from "./matchers.ts";
import type { Reason } from "./proposal.ts";
import type { Params } from "./runbook.ts";

/**
 * Where text from outside becomes part of what runs. Every value passes its parameter's pattern from
 * end to end, is plain ASCII, and never begins with a dash; there is no other way in.
 */
export interface Scope {
  readonly params: Readonly<Record<string, string>>;
  readonly target?: { readonly name: string; readonly host: string };
  readonly labels?: Labels;
}

export type Filled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: Reason };

/** Where parameters come from: an alert's own words. */
export interface Words {
  readonly labels: Labels;
  readonly annotations: Labels;
}

/** Our placeholders, and what looks like one gone wrong; Go templates such as `{{.Names}}` are left alone. */
const PLACEHOLDER = /\{\{\s*([A-Za-z_][\w.-]*)\s*(\}\})?/g;
const GO_WORDS: readonly string[] = ["end", "else", "if", "range", "with", "template", "define"];
const MOST_CHARS = 256;

export interface Placeholder {
  /** `params`, `labels`, `target`, or whatever stands there. */
  readonly scope: string;
  readonly name: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export function placeholdersIn(text: string): Placeholder[] {
  return [...text.matchAll(PLACEHOLDER)].flatMap((found) => {
    const [all, word = "", close] = found;
    const [scope = "", ...rest] = word.split(".");
    const isOurs = ["params", "labels", "annotations", "target"].includes(scope);
    // A space before something else than the end: a Go template's pipeline, such as {{ ToUpper .x }}.
    if (!isOurs && (close === undefined || GO_WORDS.includes(word))) return [];
    const name = close === undefined ? "" : rest.join(".");
    return [{ scope, name, text: all, start: found.index, end: found.index + all.length }];
  });
}

/** Every text in a `with`, however deep, with the path to it. */
export function textsIn(
  value: unknown,
  path: readonly PropertyKey[] = [],
): [string, PropertyKey[]][] {
  if (typeof value === "string") return [[value, [...path]]];
  if (Array.isArray(value)) return value.flatMap((item, at) => textsIn(item, [...path, at]));
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, item]) => textsIn(item, [...path, key]));
}

/** The names of the parameters that these values mention. */
export function paramsIn(...values: unknown[]): Set<string> {
  const texts = values.flatMap((value) => textsIn(value));
  const found = texts.flatMap(([text]) => placeholdersIn(text));
  return new Set(found.filter(({ scope }) => scope === "params").map(({ name }) => name));
}

/**
 * Values for all declared parameters: the override, else the first source present, else the default.
 * Without an alert there are no words to take them from.
 */
export function fillParams(
  declared: Params,
  words: Words | null,
  overrides: Readonly<Record<string, string>> = {},
): Filled<Record<string, string>> {
  const stranger = Object.keys(overrides).find((name) => !Object.hasOwn(declared, name));
  if (stranger !== undefined) {
    const known = Object.keys(declared).join(", ") || "none";
    const text = `"${shown(stranger)}" is not a parameter here; there are: ${known}.`;
    return { ok: false, reason: { rule: "unknown_param", text } };
  }

  const values: Record<string, string> = {};
  for (const [name, param] of Object.entries(declared)) {
    const given = Object.hasOwn(overrides, name)
      ? { from: `parameter "${name}"`, value: overrides[name] ?? "" }
      : firstPresent(param.from, words ?? NO_WORDS);
    const value = given?.value ?? param.default;
    if (value === undefined) return { ok: false, reason: missing(name, param, words) };
    const flaw = flawOf(value, param.pattern);
    if (flaw !== null) {
      const from = given?.from ?? `the default of parameter "${name}"`;
      const text = `${capital(from)} is "${shown(value)}": ${flaw}.`;
      return { ok: false, reason: { rule: "unfit_value", text } };
    }
    values[name] = value;
  }
  return { ok: true, value: values };
}

function missing(name: string, { from, pattern }: Params[string], words: Words | null): Reason {
  if (words === null) {
    const text = `"${name}" is missing: give ${name}=<value>, which matches ${pattern} from end to end.`;
    return { rule: "missing_param", text };
  }
  const text = `The alert has no ${from.map(sourceName).join(" or ")}, needed for "${name}".`;
  return { rule: "missing_label", text };
}

const NO_WORDS: Words = { labels: {}, annotations: {} };

/** An empty label is an absent one, as in Prometheus. */
function firstPresent(
  sources: readonly string[],
  words: Words,
): { from: string; value: string } | undefined {
  return sources
    .map((source) => ({ from: sourceName(source), value: wordOf(source, words) }))
    .find(({ value }) => value !== "");
}

function wordOf(source: string, words: Words): string {
  const dot = source.indexOf(".");
  const key = source.slice(dot + 1);
  const from = source.startsWith("labels.") ? words.labels : words.annotations;
  return Object.hasOwn(from, key) ? (from[key] ?? "") : "";
}

function sourceName(source: string): string {
  const dot = source.indexOf(".");
  return `${source.startsWith("labels.") ? "label" : "annotation"} "${source.slice(dot + 1)}"`;
}

/** What is wrong with a value, or null. The first four rules hold whatever the pattern says. */
export function flawOf(value: string, pattern: string): string | null {
  if (value.length > MOST_CHARS) return `longer than ${MOST_CHARS} characters`;
  const odd = [...value].find((char) => char < " " || char > "~");
  if (odd !== undefined) {
    const code = codePoint(odd);
    return odd < " " || odd === "\u007f"
      ? `it contains the control character ${code}`
      : `it contains ${code}, which is not a plain ASCII character and may only look like one`;
  }
  if (value.startsWith("-"))
    return "it begins with a dash, so a program could take it for an option";
  return compile(pattern)?.test(value) ? null : `it does not match ${pattern} from end to end`;
}

/** A value from outside, fit to be shown: cut, and with nothing in it that could act or hide. */
export function shown(value: string): string {
  const chars = [...value.slice(0, 200)];
  const cut = chars.length > 60 || value.length > 200 ? "…" : "";
  const safe = chars
    .slice(0, 60)
    .map((char) => (char < " " || char > "~" ? `<${codePoint(char)}>` : char));
  return safe.join("") + cut;
}

function codePoint(char: string): string {
  const hex = (char.codePointAt(0) ?? 0).toString(16).toUpperCase();
  return `U+${hex.padStart(4, "0")}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The same value with every placeholder replaced, once: what a value contains is never looked at again. */
export function fill<T>(value: T, scope: Scope): T;
export function fill(value: unknown, scope: Scope): unknown {
  if (typeof value === "string") return fillText(value, scope);
  if (Array.isArray(value)) return value.map((item) => fill(item as unknown, scope));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, fill(item as unknown, scope)]),
  );
}

function fillText(text: string, scope: Scope): string {
  return replacePlaceholders(text, (placeholder) => {
    const value = placeholder.scope === "labels" ? undefined : lookUp(placeholder, scope);
    if (value === undefined)
      throw new Error(`no value for ${placeholder.text} passed the load checks`);
    return value;
  });
}

export function replacePlaceholders(text: string, by: (found: Placeholder) => string): string {
  let done = 0;
  let out = "";
  for (const found of placeholdersIn(text)) {
    out += text.slice(done, found.start) + by(found);
    done = found.end;
  }
  return out + text.slice(done);
}

export function lookUp({ scope: from, name }: Placeholder, scope: Scope): string | undefined {
  const values: Readonly<Record<string, string>> =
    from === "params"
      ? scope.params
      : from === "labels"
        ? (scope.labels ?? {})
        : { ...scope.target };
  return ["params", "labels", "target"].includes(from) && Object.hasOwn(values, name)
    ? values[name]
    : undefined;
}
