import { undoUntil } from "../execution/execution.ts";
import type { Asked } from "./ask.ts";
import { ask } from "./ask.ts";
import type { Ports } from "./ports.ts";
import { wayBack } from "./way-back.ts";

/**
 * A person wants a run undone: the action its runbook names for that, with the same values on the same target, as a
 * request of theirs. It goes the way of all requests, and others decide it.
 */
export async function undo(
  ports: Ports,
  { executionId, requester }: { readonly executionId: string; readonly requester: string },
): Promise<Asked> {
  const { store, catalogue } = ports;
  const execution = await store.execution(executionId);
  if (execution === null) return no("unknown_run", `There is no run ${executionId}.`);
  const until = undoUntil(execution);
  if (until === null) return no("not_run", `${executionId} never ran, or is not over.`);
  if (ports.now() > until) {
    return no(
      "too_late",
      `${executionId} ended more than a day ago: what was before then may be wrong now. /run asks for any action.`,
    );
  }
  const by = await store.undoneBy(executionId);
  if (by !== null) return no("undone", `${executionId} is undone already, by ${by}.`);
  const whitelist = catalogue.read();
  const runbook = whitelist.runbooks.find(({ id }) => id === execution.runbookId);
  if (runbook === undefined) {
    return no("no_rollback", `The runbook ${execution.runbookId} is not there any more.`);
  }
  const { policy } = whitelist;
  const back = await wayBack(ports, { executionId, runbook, policy });
  if (!back.ok) return { outcome: "unfit", part: "action", reason: back.reason };
  const { actionId, params, target } = back.proposal;
  const incident = await store.incident(execution.incidentId);
  return await ask(ports, {
    runbook: runbook.id,
    action: actionId,
    ...{ params, target: target.name, requester },
    // Beside what it undoes while that is open, else on its own.
    incident: incident === null || incident.state === "resolved" ? null : incident.id,
    ...{ words: null, call: null, mostLive: null, undoes: executionId },
  });
}

function no(rule: string, text: string): Asked {
  return { outcome: "unfit", part: "action", reason: { rule, text } };
}
