import type { Alert, Labels } from "../incident/alert.ts";
import { findTarget, targetName } from "./find-target.ts";
import { isMatch } from "./matchers.ts";
import type { Policy } from "./policy.ts";
import type { Proposal, Reason, Target, Unfit } from "./proposal.ts";
import { fillQuery } from "./query.ts";
import type { Action, Evidence, Precondition, Probe, Runbook, Verify } from "./runbook.ts";
import { actionOf, isFallback, isWayBack, paramsOf } from "./runbook.ts";
import type { Filled, Scope, Words } from "./template.ts";
import { fill, fillParams, paramsIn, placeholdersIn, shown, textsIn } from "./template.ts";

/**
 * From an alert to what the whitelist offers for it. Nothing here decides whether it may run,
 * and nothing comes out of here that no runbook holds.
 */
export interface Offers {
  /** For evidence and prose: the first that matches. */
  readonly runbook: Runbook | null;
  /** In the order of the files; their preconditions are still to be looked at. */
  readonly candidates: readonly Proposal[];
  readonly unfit: readonly Unfit[];
}

export interface Wish {
  readonly alert: Pick<Alert, "labels" | "annotations">;
  readonly runbooks: readonly Runbook[];
  /** Null where the file can't be read or is wrong: then no target can be found for anything. */
  readonly policy: Policy | null;
}

export function propose({ alert, runbooks, policy }: Wish): Offers {
  const matching = runbooks.filter(({ match }) => isMatch(match, alert.labels));
  const meant = matching.filter((runbook) => !isFallback(runbook));
  const chosen = meant.length > 0 ? meant : matching;

  const tried = chosen.flatMap((runbook) =>
    runbook.actions
      .filter((action) => isMatch(action.when, alert.labels) && !isWayBack(runbook, action.id))
      .map((action) => proposeAction({ runbook, action, words: alert, policy })),
  );
  return {
    runbook: chosen[0] ?? null,
    candidates: tried.flatMap((result) => (result.ok ? [result.proposal] : [])),
    unfit: tried.flatMap((result) => (result.ok ? [] : [result.unfit])),
  };
}

export type Proposed =
  | { readonly ok: true; readonly proposal: Proposal }
  | { readonly ok: false; readonly unfit: Unfit };

/** One action, for an alert or (with values of their own choice) for a person or a program. */
export function proposeAction(wish: {
  readonly runbook: Runbook;
  readonly action: Action;
  /** Null where there is no alert. */
  readonly words: Words | null;
  readonly policy: Policy | null;
  readonly params?: Readonly<Record<string, string>>;
  /** Instead of the action's own target. */
  readonly target?: string;
}): Proposed {
  const { runbook, action } = wish;
  const about = {
    runbookId: runbook.id,
    actionId: action.id,
    actionTitle: action.title,
    declaredRisk: action.risk,
  };
  const unfit = (reason: Reason): Proposed => ({ ok: false, unfit: { ...about, reason } });

  const params = fillParams(usedParams(runbook, action), wish.words, wish.params);
  if (!params.ok) return unfit(params.reason);
  const name = wish.target ?? targetName(action, params.value, wish.words?.labels ?? {});
  if (name === null && wish.words === null) {
    const known = wish.policy?.targets.filter(({ executor }) => executor === action.executor) ?? [];
    const names = known.map((entry) => entry.name).join(", ") || "none yet";
    const text = `The target is missing: give target=<name>. The inventory has for ${action.executor}: ${names}.`;
    return unfit({ rule: "missing_target", text });
  }
  const target = findTarget(runbook, action, name, wish.policy);
  if (!target.ok) return unfit(target.reason);

  const scope = { params: params.value, target: target.value };
  return {
    ok: true,
    proposal: {
      ...about,
      runbookHash: runbook.sha256,
      runbookTitle: runbook.title,
      executor: action.executor,
      params: params.value,
      target: target.value,
      with: fill(action.with, scope),
      rollback: action.rollback?.action ?? null,
    },
  };
}

/** Of values that are there already, those that an action mentions. */
export function valuesFor(
  runbook: Runbook,
  action: Action,
  values: Readonly<Record<string, string>>,
): Record<string, string> {
  return pick(values, new Set(Object.keys(usedParams(runbook, action))));
}

/** Only what an action mentions has to be there: a parameter of the evidence can't hold it up. */
function usedParams(runbook: Runbook, action: Action) {
  const { with: template, target, precondition, verify, dryRun } = action;
  const names = paramsIn(template, target, precondition, verify, dryRun);
  return pick(paramsOf(runbook, action), names);
}

function pick<T>(from: Readonly<Record<string, T>>, names: ReadonlySet<string>): Record<string, T> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.has(name)));
}

export interface Rebuilt {
  readonly action: Action;
  readonly with: Readonly<Record<string, unknown>>;
  readonly precondition: Precondition | null;
  readonly verify: Verify;
  readonly dryRun: Readonly<Record<string, unknown>> | null;
}

/** The action again from stored values, which pass every check anew: the runbook may have changed since. */
export function rebuild(stored: {
  readonly runbook: Runbook;
  readonly actionId: string;
  readonly params: Readonly<Record<string, string>>;
  readonly target: Target;
  /** For queries that mention labels; empty where there is no alert. */
  readonly labels?: Labels;
}): Filled<Rebuilt> {
  const { runbook, actionId, target, labels = {} } = stored;
  const action = actionOf(runbook, actionId);
  if (action === null) {
    const text = `The runbook ${runbook.id} has no action "${shown(actionId)}" any more.`;
    return { ok: false, reason: { rule: "unknown_action", text } };
  }
  const nothing: Words = { labels: {}, annotations: {} };
  const params = fillParams(usedParams(runbook, action), nothing, stored.params);
  if (!params.ok) return params;

  const scope = { params: params.value, target, labels };
  const precondition = fillCheck(action.precondition ?? {}, scope);
  const verify = fillCheck(action.verify, scope);
  if (!precondition.ok) return precondition;
  if (!verify.ok) return verify;
  return {
    ok: true,
    value: {
      action,
      with: fill(action.with, scope),
      precondition: action.precondition === undefined ? null : precondition.value,
      verify: verify.value,
      dryRun: action.dryRun === null ? null : fill(action.dryRun.with, scope),
    },
  };
}

interface Check {
  readonly promql?: string | undefined;
  readonly logql?: string | undefined;
  readonly probe?: Probe | undefined;
}

function fillCheck<C extends Check>(check: C, scope: Scope): Filled<C> {
  const promql = check.promql === undefined ? null : fillQuery(check.promql, scope);
  const logql = check.logql === undefined ? null : fillQuery(check.logql, scope);
  if (promql?.ok === false) return promql;
  if (logql?.ok === false) return logql;
  const value = {
    ...check,
    ...(promql === null ? {} : { promql: promql.value }),
    ...(logql === null ? {} : { logql: logql.value }),
    ...(check.probe === undefined
      ? {}
      : { probe: { ...check.probe, with: fill(check.probe.with, scope) } }),
  };
  return { ok: true, value };
}

/** One thing to look at, ready to be asked, or why it can't be. */
export type Look =
  | {
      readonly ok: true;
      readonly evidence: Evidence;
      /** For a probe: what the runbook's actions with the same executor would act on; null where that is nothing. */
      readonly target: Target | null;
    }
  | { readonly ok: false; readonly id: string; readonly title: string; readonly reason: Reason };

/** What a runbook wants looked at, filled for one alert. */
export function looksOf(
  runbook: Runbook,
  alert: Wish["alert"],
  proposals: readonly Proposal[],
): Look[] {
  return runbook.evidence.map((item): Look => {
    const target =
      proposals.find(
        ({ runbookId, executor }) => runbookId === runbook.id && executor === item.probe?.executor,
      )?.target ?? null;
    const about = { id: item.id, title: item.title };
    if (target === null && mentionsTarget(item)) {
      const text = "The alert's target is not in the inventory, so nobody can look at it.";
      return { ok: false, ...about, reason: { rule: "no_target", text } };
    }
    const params = fillParams(pick(runbook.params, paramsIn(item)), alert);
    const filled = params.ok
      ? fillCheck(item, {
          params: params.value,
          labels: alert.labels,
          ...(target === null ? {} : { target }),
        })
      : params;
    return filled.ok
      ? { ok: true, evidence: filled.value, target }
      : { ok: false, ...about, reason: filled.reason };
  });
}

function mentionsTarget(item: Evidence): boolean {
  const texts = textsIn(item.probe?.with);
  return texts.some(([text]) => placeholdersIn(text).some(({ scope }) => scope === "target"));
}
