import type { Policy } from "../remediation/policy.ts";
import type { Proposal, Reason } from "../remediation/proposal.ts";
import { proposeAction, valuesFor } from "../remediation/propose.ts";
import type { Runbook } from "../remediation/runbook.ts";
import { actionOf } from "../remediation/runbook.ts";
import type { Ports } from "./ports.ts";

export type WayBack =
  | { readonly ok: true; readonly proposal: Proposal }
  | { readonly ok: false; readonly reason: Reason };

/** The action that undoes a run, with its values and on its target, as the runbook has it now. */
export async function wayBack(
  { store }: Pick<Ports, "store">,
  run: { readonly executionId: string; readonly runbook: Runbook; readonly policy: Policy | null },
): Promise<WayBack> {
  const { executionId, runbook, policy } = run;
  const execution = await store.execution(executionId);
  const request = execution === null ? null : await store.request(execution.requestId);
  if (request === null || request.state === "denied") {
    return no("unknown_run", `There is no run ${executionId}.`);
  }
  const { actionId, actionTitle, params, target } = request.proposal;
  const named = actionOf(runbook, actionId)?.rollback?.action;
  const action = named === undefined ? null : actionOf(runbook, named);
  if (action === null) {
    const text = `The runbook ${runbook.id} names nothing that undoes "${actionTitle}".`;
    return no("no_rollback", text);
  }
  const values = valuesFor(runbook, action, params);
  const about = { runbook, action, words: null, policy };
  const proposed = proposeAction({ ...about, params: values, target: target.name });
  return proposed.ok ? proposed : { ok: false, reason: proposed.unfit.reason };
}

function no(rule: string, text: string): WayBack {
  return { ok: false, reason: { rule, text } };
}
