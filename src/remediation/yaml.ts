import { distance } from "fastest-levenshtein";
import type { Document } from "yaml";
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
import { z } from "zod";

/** What is wrong with a file somebody wrote, and where. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export type Path = readonly PropertyKey[];

export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly lineOf: (path: Path) => number }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Text to a checked value, or every problem at once, each with the line it stands on. */
export function parseYaml<S extends z.ZodType>(
  file: string,
  text: string,
  schema: S,
): Parsed<z.output<S>> {
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const lineAt = (offset: number) => lines.linePos(offset).line;

  const broken = [...doc.errors, ...doc.warnings].map((error) => ({
    file,
    line: lineAt(error.pos[0]),
    message: error.message,
  }));
  // An alias is a shortcut for the writer and a trap for the reader: a few of them can unfold to gigabytes.
  visit(doc, {
    Alias: (_, node) => {
      const message = "references (*name) are not allowed here: write the value out";
      broken.push({ file, line: lineAt(node.range?.[0] ?? 0), message });
    },
  });
  if (broken.length > 0) return { ok: false, problems: broken };

  const lineOf = (path: Path) => lineAt(offsetOf(doc, path));
  const result = schema.safeParse(doc.toJS() ?? {}, { error: explain });
  if (result.success) return { ok: true, value: result.data, lineOf };

  const problems = result.error.issues
    .flatMap(spread)
    .map(({ path, message }) => ({ file, line: lineOf(path), message }));
  return { ok: false, problems };
}

interface Spot {
  readonly node: unknown;
  readonly offset: number;
}

/** The offset of the key at the end of the path, or of the nearest thing above it that is there. */
function offsetOf(doc: Document, path: Path): number {
  let spot: Spot = { node: doc.contents, offset: doc.contents?.range?.[0] ?? 0 };
  for (const step of path) {
    const next = stepInto(spot.node, step);
    if (next === null) break;
    spot = next;
  }
  return spot.offset;
}

function stepInto(node: unknown, step: PropertyKey): Spot | null {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && key.value === String(step));
    return isScalar(pair?.key) ? { node: pair.value, offset: pair.key.range?.[0] ?? 0 } : null;
  }
  const item = isSeq(node) ? node.items[Number(step)] : undefined;
  return isNode(item) ? { node: item, offset: item.range?.[0] ?? 0 } : null;
}

/** One issue for each unknown key; `explain` wrote one line for each. */
function spread(issue: z.core.$ZodIssue): { path: Path; message: string }[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    const messages = issue.message.split("\n");
    return issue.keys.map((key, at) => ({ path: [...path, key], message: messages[at] ?? "" }));
  }
  const message = issue.code === "invalid_key" ? issue.issues[0]?.message : issue.message;
  const name = nameOf(path);
  return [{ path, message: name === "" ? `${message}` : `${name} ${message}` }];
}

function nameOf(path: Path): string {
  return path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
    .join("")
    .replace(/^\./, "");
}

function explain(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return "is missing";
      return `must be ${wordFor(issue.expected)}, not ${wordFor(typeOf(issue.input))}${
        issue.expected === "string" && typeof issue.input !== "object" ? "; quote it" : ""
      }`;
    case "invalid_value":
      return `must be ${issue.values.map(String).join(" or ")}`;
    case "unrecognized_keys": {
      const known = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.def.shape) : [];
      return issue.keys.map((key) => `unknown key "${key}"${suggestion(key, known)}`).join("\n");
    }
    default:
      return undefined;
  }
}

/** `; did you mean "x"?` where something known is close enough, otherwise what there is. */
function suggestion(word: string, known: readonly string[]): string {
  const [nearest] = known
    .map((name) => ({ name, far: distance(word, name) }))
    .filter(({ name, far }) => far < name.length && far <= Math.max(2, name.length / 3))
    .sort((a, b) => a.far - b.far);
  if (nearest !== undefined) return `; did you mean "${nearest.name}"?`;
  return known.length === 0 ? "" : `; known here: ${known.join(", ")}`;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

const WORDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map of keys",
  record: "a map of keys",
  null: "empty",
};

function wordFor(type: string): string {
  return WORDS[type] ?? type;
}
