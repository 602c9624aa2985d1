import { InvalidAction } from "./execution.ts";

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/**
 * A placeholder always yields a text; `{$number: '{{params.n}}'}` and `{$boolean: …}` stand for a value of that type.
 * @throws InvalidAction when the text is none
 */
export function typed(value: Json): Json {
  if (Array.isArray(value)) return value.map(typed);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined) {
    if (only[0] === "$number") return numberOf(only[1]);
    if (only[0] === "$boolean") return booleanOf(only[1]);
  }
  return Object.fromEntries(entries.map(([key, inner]) => [key, typed(inner)]));
}

function numberOf(value: Json): number {
  const text = String(value);
  if (/^-?\d{1,15}(?:\.\d{1,9})?$/.test(text)) return Number(text);
  throw new InvalidAction(`$number: ${JSON.stringify(text)} is no number`);
}

function booleanOf(value: Json): boolean {
  const text = String(value);
  if (text === "true" || text === "false") return text === "true";
  throw new InvalidAction(`$boolean: ${JSON.stringify(text)} is neither true nor false`);
}

const MOST_BYTES = 500;

/** Facts from a JSON text by JSON pointers (RFC 6901); one that leads to no single value is left out. */
export function picked(
  text: string,
  pointers: Readonly<Record<string, string>>,
): Record<string, string> {
  const root = parseJson(text);
  const found = Object.entries(pointers).flatMap(([name, pointer]) => {
    const value = at(root, pointer);
    const isSingle = ["string", "number", "boolean"].includes(typeof value) || value === null;
    return isSingle ? [[name, String(value).slice(0, MOST_BYTES)] as const] : [];
  });
  return Object.fromEntries(found);
}

function at(root: unknown, pointer: string): unknown {
  const keys = pointer.split("/").slice(1);
  return keys.reduce<unknown>((value, key) => {
    const name = key.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name))
      return undefined;
    return (value as Record<string, unknown>)[name];
  }, root);
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is not what was asked for; whoever reads it says so.
    return undefined;
  }
}
