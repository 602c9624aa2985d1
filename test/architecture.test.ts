import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { expect, it } from "vitest";

/** The journey. A folder may look back along it, never ahead. */
const JOURNEY = [
  "incident",
  "ingest",
  "evidence",
  "diagnosis",
  "remediation",
  "approval",
  "execution",
  "verification",
  "chat",
  "console",
  "report",
  "store",
  "responder",
];

/** The files that may be imported from another folder: the glossary's nouns. */
const NOUNS = [
  "alert",
  "alert-group",
  "incident",
  "handover",
  "pattern",
  "report",
  "sighting",
  "evidence",
  "standing",
  "silence",
  "series",
  "measurement",
  "past",
  "graph",
  "diagnosis",
  "opinion",
  "reading",
  "spending",
  "runbook",
  "kpi",
  "policy",
  "proposal",
  "rule-change",
  "track-record",
  "approval",
  "grant",
  "execution",
  "verification",
  "card",
  "passkey",
];

/** The pure rules only the responder may also import. */
const RULES = [
  "propose",
  "assess",
  "earn",
  "on-call",
  "maintenance",
  "decide",
  "judge",
  "digest",
  "reason",
  "collect",
  "keep",
  "rank",
  "logql",
];

/** The pure rules that every later folder may import: what a command can do at worst, what is PromQL, and what text may show, has one answer. */
const COMMON_RULES = ["classify", "promql", "text"];

/** Each outside package speaks at home only. Top-level files (app, main) and the commands in cli are not checked: they wire. */
const HOMES: Record<string, readonly string[]> = {
  "@anthropic-ai/sdk": ["diagnosis"],
  openai: ["diagnosis"],
  "@a2a-js/sdk": ["ingest"],
  "@modelcontextprotocol/sdk": ["ingest"],
  "better-sqlite3": ["store"],
  "drizzle-orm": ["store"],
  "node:child_process": ["execution"],
  "@slack/bolt": ["chat"],
  grammy: ["chat"],
  "drizzle-kit": [],
  "@hono/node-server": ["ingest"],
  "@hono/zod-openapi": ["ingest"],
  hono: ["ingest", "console"],
  echarts: ["evidence"],
  "@resvg/resvg-js": ["evidence"],
  "@simplewebauthn/server": ["console"],
  unbash: ["remediation"],
  "@lezer/lr": [],
  "@prometheus-io/lezer-promql": ["evidence"],
};

const importLine = /^(?:import|export)\b[^;]*?from "(?<from>[^"]+)"/gm;

function violations(): string[] {
  return readdirSync("src", { recursive: true, encoding: "utf8" })
    .map((file) => join("src", file))
    .filter((file) => /^src\/.+\/.+\.tsx?$/.test(file))
    .flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(importLine)]
        .map((match) => match.groups?.from ?? "")
        .filter((from) => !mayImport(file, from))
        .map((from) => `${file} imports ${from}`),
    );
}

function mayImport(file: string, from: string): boolean {
  const folder = folderOf(file);
  if (folder === "cli") return true;
  if (!from.startsWith(".")) return homesOf(from)?.includes(folder) ?? true;

  const target = join(dirname(file), from);
  if (folderOf(target) === folder) return true;

  const name = basename(target).replace(/\.tsx?$/, "");
  const looksBack = JOURNEY.indexOf(folderOf(target)) < JOURNEY.indexOf(folder);
  const isOpen = NOUNS.includes(name) || COMMON_RULES.includes(name);
  return looksBack && (isOpen || (folder === "responder" && RULES.includes(name)));
}

function folderOf(file: string): string {
  return relative("src", file).split("/")[0] ?? "";
}

function homesOf(from: string): readonly string[] | undefined {
  const name = Object.keys(HOMES).find((pkg) => from === pkg || from.startsWith(`${pkg}/`));
  return name === undefined ? undefined : HOMES[name];
}

it("lets imports look back along the journey only, and only at nouns", () => {
  expect(violations()).toEqual([]);
});

/** As large as the rest of the program, and most installations never need them. */
const LOADED_WHEN_ASKED = [
  "@anthropic-ai/sdk",
  "openai",
  "@modelcontextprotocol/sdk",
  "@a2a-js/sdk",
  "@simplewebauthn/server",
];

it("loads what is large and rarely needed only when it is asked for", () => {
  const values = /^import (?!type\b)[^;]*?from "(?<from>[^"]+)"/gm;
  const found = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .flatMap((file) =>
      [...readFileSync(join("src", file), "utf8").matchAll(values)]
        .map((match) => match.groups?.from ?? "")
        .filter((from) => LOADED_WHEN_ASKED.some((name) => `${from}/`.startsWith(`${name}/`)))
        .map((from) => `${file} imports ${from}`),
    );

  expect(found).toEqual([]);
});
