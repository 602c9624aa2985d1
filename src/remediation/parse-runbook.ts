import { createHash } from "node:crypto";
import { basename } from "node:path";
import { promqlFlaw } from "../evidence/promql.ts";
import { misplaced } from "./query.ts";
import type { Action, Params, Probe, Runbook } from "./runbook.ts";
import { actionOf, paramsOf, RunbookHead } from "./runbook.ts";
import type { Describer } from "./sample.ts";
import { executorFlaws, sampleQuery } from "./sample.ts";
import { placeholdersIn, textsIn } from "./template.ts";
import type { Path, Problem } from "./yaml.ts";
import { parseYaml } from "./yaml.ts";

export type ParsedRunbook =
  | { readonly ok: true; readonly runbook: Runbook }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface Flaw {
  readonly path: Path;
  readonly message: string;
}

/** The executors of this build, by name. */
export type Executors = ReadonlyMap<string, Describer>;

/** Front matter and prose to a runbook whose every part has been checked as far as that can be done at rest. */
export function parseRunbook(file: string, bytes: Uint8Array, executors: Executors): ParsedRunbook {
  const text = new TextDecoder().decode(bytes);
  const [, head, body = ""] = /^---[ \t]*(\r?\n.*?)\r?\n---[ \t]*(?:\r?\n(.*))?$/s.exec(text) ?? [];
  if (head === undefined) {
    const message = "must begin with front matter: a line ---, the YAML, and a line --- again";
    return { ok: false, problems: [{ file, line: 1, message }] };
  }

  // `head` keeps the line break after the first `---`, so that its lines count as the file's do.
  const parsed = parseYaml(file, head, RunbookHead);
  if (!parsed.ok) return parsed;

  const problems = flawsOf(parsed.value, basename(file, ".md"), executors).map(
    ({ path, message }) => ({ file, line: parsed.lineOf(path), message }),
  );
  if (problems.length > 0) return { ok: false, problems };
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { ok: true, runbook: { ...parsed.value, sha256, body: body.trim() } };
}

function flawsOf(head: RunbookHead, fileName: string, executors: Executors): Flaw[] {
  const declared = paramsOf(head, null);
  return [
    ...(head.id === fileName
      ? []
      : [{ path: ["id"], message: `id "${head.id}" must be the file's name, "${fileName}"` }]),
    ...repeated(head.evidence, "evidence"),
    ...repeated(head.actions, "actions"),
    ...head.evidence.flatMap((item, at) => checkFlaws(item, declared, ["evidence", at], executors)),
    ...head.actions.flatMap((action, at) => actionFlaws(head, action, ["actions", at], executors)),
  ];
}

function repeated(items: readonly { readonly id: string }[], list: string): Flaw[] {
  return items.flatMap(({ id }, at) =>
    items.findIndex((item) => item.id === id) === at
      ? []
      : [{ path: [list, at, "id"], message: `id "${id}" is there twice` }],
  );
}

function actionFlaws(head: RunbookHead, action: Action, at: Path, executors: Executors): Flaw[] {
  const params = paramsOf(head, action);
  const target = { executor: action.executor, params };
  return [
    ...rollbackFlaws(head, action, [...at, "rollback"]),
    ...withFlaws(action.with, params, [...at, "with"], action.executor),
    ...withFlaws(action.target, params, [...at, "target"], null),
    ...executorFlaws({ ...target, kind: "describe", with: action.with, at }, executors),
    ...(action.dryRun === null
      ? []
      : [
          ...withFlaws(action.dryRun.with, params, [...at, "dry_run", "with"], action.executor),
          ...executorFlaws(
            { ...target, kind: "describe", with: action.dryRun.with, at: [...at, "dry_run"] },
            executors,
          ),
        ]),
    ...checkFlaws(action.precondition ?? {}, params, [...at, "precondition"], executors),
    ...checkFlaws(action.verify, params, [...at, "verify"], executors),
  ];
}

function rollbackFlaws(head: RunbookHead, { id, rollback }: Action, path: Path): Flaw[] {
  if (rollback === null) return [];
  const back = actionOf(head, rollback.action);
  const actions = head.actions.map((action) => action.id).join(", ");
  const flaws = [
    ...(back === null ? [`rollback names no action of this runbook; there are: ${actions}`] : []),
    ...(rollback.action === id
      ? ["rollback names the action itself: name the one that undoes it"]
      : []),
    ...(rollback.isAuto && back !== null && back.risk !== "low"
      ? [`rollback: only low risk may run unasked, and ${back.id} is ${back.risk}: leave out auto`]
      : []),
  ];
  return flaws.map((message) => ({ path, message }));
}

interface Check {
  readonly promql?: string | undefined;
  readonly logql?: string | undefined;
  readonly probe?: Probe | undefined;
}

function checkFlaws(check: Check, params: Params, at: Path, executors: Executors): Flaw[] {
  const { probe } = check;
  return [
    ...promqlFlaws(check.promql, params, [...at, "promql"]),
    ...queryFlaws(check.logql, params, [...at, "logql"]),
    ...(probe === undefined
      ? []
      : [
          ...withFlaws(probe.with, params, [...at, "probe", "with"], probe.executor),
          ...executorFlaws(
            { ...probe, params, kind: "describeProbe", at: [...at, "probe"] },
            executors,
          ),
        ]),
  ];
}

/** Its placeholders first: a query with a wrong one can't be read as a whole. */
function promqlFlaws(query: string | undefined, params: Params, path: Path): Flaw[] {
  const flaws = queryFlaws(query, params, path);
  const asked = query === undefined || flaws.length > 0 ? null : sampleQuery(query, params);
  const message = asked === null ? null : promqlFlaw(asked);
  return message === null ? flaws : [{ path, message }];
}

function queryFlaws(query: string | undefined, params: Params, path: Path): Flaw[] {
  if (query === undefined) return [];
  return placeholdersIn(query).flatMap((found) => {
    if (found.scope === "labels" || isDeclared(params, found)) {
      const why = misplaced(query, found);
      return why === null ? [] : [{ path, message: `${found.text}: ${why}` }];
    }
    return [{ path, message: unknownPlaceholder(found.text, params) }];
  });
}

/** For a `with`, or (without an executor) for the text of a `target`. */
function withFlaws(value: unknown, params: Params, at: Path, executor: string | null): Flaw[] {
  const flaws = textsIn(value).flatMap(([text, path]) =>
    placeholdersIn(text)
      .filter((found) => !isDeclared(params, found))
      .filter(({ scope, name }) => {
        const isTarget = scope === "target" && (name === "name" || name === "host");
        return executor === null || !isTarget;
      })
      .map((found) => ({
        path: [...at, ...path],
        message:
          found.scope === "labels"
            ? `${found.text}: labels stand only inside the strings of promql and logql; declare a parameter instead`
            : unknownPlaceholder(found.text, params),
      })),
  );
  if (executor === "process") return [...flaws, ...fixedFlaws(value, "among", at)];
  if (executor === "ansible") {
    return [...flaws, ...["playbook", "inventory"].flatMap((key) => fixedFlaws(value, key, at))];
  }
  if (executor === "http") return [...flaws, ...pathFlaws(value, at)];
  return executor === "command" || executor === "ssh" ? [...flaws, ...argvFlaws(value, at)] : flaws;
}

function argvFlaws(value: unknown, at: Path): Flaw[] {
  const { argv } = value as { argv?: unknown };
  const path = [...at, "argv"];
  if (!Array.isArray(argv) || !argv.every((item) => typeof item === "string")) {
    return [{ path, message: "argv must be a list of texts: the program, then each argument" }];
  }
  const program: string = argv[0] ?? "";
  return /^\/[^{}]*[^{}/]$/.test(program)
    ? []
    : [{ path, message: "argv must begin with a program's absolute path, without a placeholder" }];
}

/** A value in the middle of a path could climb out of its place; as an item of a list it can't. */
function pathFlaws(value: unknown, at: Path): Flaw[] {
  const { path } = value as { path?: unknown };
  if (typeof path !== "string") return [];
  return placeholdersIn(path).map((found) => ({
    path: [...at, "path"],
    message: `${found.text}: write the path as a list, such as [api, services, '${found.text}', restart]`,
  }));
}

/** Which processes may be stopped, and which playbooks run, is the owner's word, never an alert's. */
function fixedFlaws(value: unknown, key: string, at: Path): Flaw[] {
  return textsIn((value as Record<string, unknown>)[key]).flatMap(([text, path]) =>
    placeholdersIn(text).map((found) => ({
      path: [...at, key, ...path],
      message: `${found.text}: ${WRITTEN_OUT[key] ?? ""}, without a placeholder`,
    })),
  );
}

const WRITTEN_OUT: Readonly<Record<string, string>> = {
  among: "write the names of processes out",
  playbook: "write the path out",
  inventory: "write the path out",
};

function isDeclared(params: Params, { scope, name }: { scope: string; name: string }): boolean {
  return scope === "params" && Object.hasOwn(params, name);
}

function unknownPlaceholder(text: string, params: Params): string {
  const known = Object.keys(params).map((name) => `params.${name}`);
  return `nothing is called ${text} here; there are: ${known.join(", ") || "no parameters"}`;
}
