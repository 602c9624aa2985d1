import { parse } from "yaml";
import { PolicyFile } from "./policy-file.ts";
import type { RuleChange, RuleFile } from "./rule-change.ts";

const LEAVES_SHOWN = 5;
const LONGEST_VALUE = 60;
const LONGEST_LINE = 200;
const LINES_SHOWN = 80;
const CONTEXT = 2;

/** What is not as it was: one change a file, in the order of their names. Both sides have their secrets taken out. */
export function compareRules(
  before: readonly RuleFile[],
  after: readonly RuleFile[],
): readonly RuleChange[] {
  const names = [...new Set([...before, ...after].map(({ name }) => name))].sort();
  return names.flatMap((name) => {
    const old = before.find((file) => file.name === name);
    const now = after.find((file) => file.name === name);
    if (old !== undefined && now !== undefined && old.sha256 === now.sha256) return [];
    return [
      {
        name,
        before: old?.sha256 ?? null,
        after: now?.sha256 ?? null,
        summary: `${name} ${summaryOf(name, old, now)}`,
        diff: diffOf(linesOf(old?.text), linesOf(now?.text)),
        text: now?.text ?? null,
      },
    ];
  });
}

function summaryOf(name: string, old: RuleFile | undefined, now: RuleFile | undefined): string {
  if (now === undefined) return "was removed";
  if (now.sha256 === null) return "can't be read any more";
  if (old === undefined) return "was added";
  if (old.sha256 === null) return "can be read again";
  const usual = name.endsWith(".md") ? new Map() : usualLeaves();
  const [was, is] = [leavesOf(name, old.text), leavesOf(name, now.text)];
  if (was === null || is === null) return "changed; the diff is in the record";
  const paths = [...new Set([...was.keys(), ...is.keys()])];
  const lines = paths.flatMap((path) => {
    const [from, to] = [was.get(path) ?? usual.get(path), is.get(path) ?? usual.get(path)];
    return from === to ? [] : [`${path} ${from ?? "(none)"} → ${to ?? "(none)"}`];
  });
  if (lines.length === 0) return "changed: only text that decides nothing, or a secret";
  const more = lines.length - LEAVES_SHOWN;
  return `changed: ${lines.slice(0, LEAVES_SHOWN).join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}

/** Every value with the path to it; null where the text can't be read as what it should be. */
function leavesOf(name: string, text: string): Map<string, string> | null {
  const [, head] = /^---[ \t]*(\r?\n.*?)\r?\n---[ \t]*(?:\r?\n|$)/s.exec(text) ?? [];
  const source = name.endsWith(".md") ? head : text;
  if (source === undefined) return null;
  try {
    return new Map(leaves(parse(source, { maxAliasCount: 0, logLevel: "silent" }), ""));
  } catch {
    // It is broken; why stands among the problems of the folder.
    return null;
  }
}

function leaves(value: unknown, path: string): [string, string][] {
  if (Array.isArray(value) && value.some((item) => typeof item === "object")) {
    return value.flatMap((item, at) => leaves(item, `${path}[${nameOf(item) ?? at}]`));
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, inner]) =>
      leaves(inner, path === "" ? key : `${path}.${key}`),
    );
  }
  if (value === null || value === undefined) return [];
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return [[path, text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text]];
}

/** An entry of a list goes by its own name, so that one that is put before it changes nothing. */
function nameOf(item: unknown): string | null {
  const { name, id, title } = (item ?? {}) as Record<string, unknown>;
  const found = name ?? id ?? title;
  return typeof found === "string" ? found : null;
}

/** What holds where the policy says nothing, so that a first line can be told as a change. */
function usualLeaves(): Map<string, string> {
  const found = leaves(PolicyFile.parse({}), "");
  return new Map(found.map(([path, text]) => [path, inMinutes(path, text)]));
}

function inMinutes(path: string, text: string): string {
  const isDuration = /\.(?:remind|escalate|expires|open|none_rejected_in)$/.test(path);
  return isDuration ? `${Number(text) / 60_000}m` : text;
}

function linesOf(text = ""): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

/** One hunk: what is the same at both ends is left out, but for a little context. */
function diffOf(before: readonly string[], after: readonly string[]): string {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const lines = [
    ...before.slice(Math.max(0, head - CONTEXT), head).map((line) => ` ${line}`),
    ...before.slice(head, before.length - tail).map((line) => `-${line}`),
    ...after.slice(head, after.length - tail).map((line) => `+${line}`),
    ...after.slice(after.length - tail, after.length - tail + CONTEXT).map((line) => ` ${line}`),
  ].map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line));
  const left = lines.length - LINES_SHOWN;
  return [...lines.slice(0, LINES_SHOWN), ...(left > 0 ? [`… ${left} more lines`] : [])].join("\n");
}
