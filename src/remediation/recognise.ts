import { isDeepStrictEqual } from "node:util";
import type { Target } from "./proposal.ts";
import type { Action, Params, Runbook } from "./runbook.ts";
import { paramsOf } from "./runbook.ts";
import { fill, fillParams, lookUp, paramsIn, placeholdersIn, textsIn } from "./template.ts";

type With = Readonly<Record<string, unknown>>;

/** Something that an executor is to look at, as somebody else has filled it in. */
export interface Asked {
  /** An action is looked at for its plan, or tried out; never run. */
  readonly what: "probe" | "action";
  readonly executor: string;
  readonly with: With;
}

interface Template {
  readonly with: With;
  readonly params: Params;
}

/**
 * Whether one of these runbooks asks for exactly this, with values that pass their patterns: whoever asks, nothing else
 * is looked at (P1).
 */
export function isInRunbooks(
  runbooks: readonly Runbook[],
  asked: Asked,
  target: Pick<Target, "name" | "host"> | null,
): boolean {
  const templates = runbooks.flatMap((runbook) =>
    asked.what === "probe" ? probesOf(runbook, asked.executor) : actionsOf(runbook, asked.executor),
  );
  return templates.some((template) => isFilling(template, asked.with, target));
}

function actionsOf(runbook: Runbook, executor: string): Template[] {
  const actions = runbook.actions.filter((action) => action.executor === executor);
  return actions.map((action) => ({ with: action.with, params: paramsOf(runbook, action) }));
}

function probesOf(runbook: Runbook, executor: string): Template[] {
  const looks = runbook.evidence.map(({ probe }) => ({ probe, params: runbook.params }));
  const checks = runbook.actions.flatMap((action) =>
    probesIn(action).map((probe) => ({ probe, params: paramsOf(runbook, action) })),
  );
  return [...looks, ...checks].flatMap(({ probe, params }) =>
    probe?.executor === executor ? [{ with: probe.with, params }] : [],
  );
}

function probesIn({ executor, precondition, verify, dryRun }: Action) {
  return [
    precondition?.probe,
    verify.probe,
    ...(dryRun === null ? [] : [{ executor, with: dryRun.with }]),
  ];
}

/** Reads the values out of it, and fills the template with them anew: only the very same is a filling. */
function isFilling(
  template: Template,
  asked: With,
  target: Pick<Target, "name" | "host"> | null,
): boolean {
  const scope = { params: {}, ...(target === null ? {} : { target }) };
  const values = valuesIn(template.with, asked, scope);
  if (values === null) return false;
  const names = paramsIn(template.with);
  const declared = Object.entries(template.params).filter(([name]) => names.has(name));
  const params = fillParams(Object.fromEntries(declared), null, values);
  if (!params.ok) return false;
  return isDeepStrictEqual(fill(template.with, { ...scope, params: params.value }), asked);
}

function valuesIn(
  template: With,
  asked: With,
  scope: Parameters<typeof lookUp>[1],
): Record<string, string> | null {
  const texts = new Map(textsIn(asked).map(([text, path]) => [JSON.stringify(path), text]));
  const values: Record<string, string> = {};
  for (const [text, path] of textsIn(template)) {
    const filled = texts.get(JSON.stringify(path));
    const found = filled === undefined ? null : readValues(text, filled, scope);
    if (found === null) return null;
    Object.assign(values, found);
  }
  return values;
}

function readValues(
  template: string,
  filled: string,
  scope: Parameters<typeof lookUp>[1],
): Record<string, string> | null {
  const names: string[] = [];
  let pattern = "";
  let done = 0;
  for (const placeholder of placeholdersIn(template)) {
    const { start, end, scope: from, name } = placeholder;
    pattern += escaped(template.slice(done, start));
    done = end;
    const known = lookUp(placeholder, scope);
    if (from !== "params" && known === undefined) return null;
    if (from === "params") names.push(name);
    pattern += known === undefined ? "(.*)" : escaped(known);
  }
  const found = new RegExp(`^${pattern}${escaped(template.slice(done))}$`, "s").exec(filled);
  if (found === null) return null;
  return Object.fromEntries(names.map((name, i) => [name, found[i + 1] ?? ""]));
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
