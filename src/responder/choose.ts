import type { Episode } from "../incident/alert.ts";
import type { Policy } from "../remediation/policy.ts";
import type { Proposal, Unfit } from "../remediation/proposal.ts";
import type { Rebuilt } from "../remediation/propose.ts";
import { rebuild } from "../remediation/propose.ts";
import type { Runbook, Whitelist } from "../remediation/runbook.ts";
import { actionOf } from "../remediation/runbook.ts";
import type { Tried } from "../verification/verification.ts";
import type { Look } from "./facts.ts";
import { lookAtPrecondition } from "./facts.ts";
import type { Ports } from "./ports.ts";
import { wayBack } from "./way-back.ts";

/** What is put forward for an alert. */
export interface Choice {
  readonly proposal: Proposal;
  readonly runbook: Runbook;
  readonly rebuilt: Rebuilt;
  readonly precondition: Look;
  /** The run on this alert that it undoes by itself, as the runbook says; null for a fix. */
  readonly undoes: string | null;
  /** Whether something else was tried before. */
  readonly isNextStep: boolean;
}

interface Around {
  readonly episode: Episode;
  readonly whitelist: Whitelist;
  readonly policy: Policy;
  /** Runs on this alert since it fires, the newest first. */
  readonly tried: readonly Tried[];
  readonly candidates: readonly Proposal[];
}

/** The way back where the runbook wants it by itself, else the first action in file order that was not tried and fits. */
export async function choose(ports: Ports, around: Around): Promise<Choice | Unfit | null> {
  return (await chooseWayBack(ports, around)) ?? (await chooseFix(ports, around));
}

/**
 * What did not help is undone first where its runbook says that this may happen by itself. What a person has undone
 * meanwhile is not undone again, and neither is an undo.
 */
async function chooseWayBack(
  ports: Ports,
  { episode, whitelist, policy, tried }: Around,
): Promise<Choice | null> {
  const [last] = tried;
  if (last === undefined || last.outcome !== "still_failing" || last.undoes !== null) return null;
  const runbook = whitelist.runbooks.find(({ id }) => id === last.runbookId);
  const rollback = runbook && actionOf(runbook, last.actionId)?.rollback;
  if (runbook === undefined || !rollback?.isAuto) return null;
  if ((await ports.store.undoneBy(last.executionId)) !== null) return null;
  const back = await wayBack(ports, { executionId: last.executionId, runbook, policy });
  if (!back.ok) return null;
  const { proposal } = back;
  const { actionId, params, target } = proposal;
  const rebuilt = rebuild({ runbook, actionId, params, target, labels: episode.labels });
  if (!rebuilt.ok) return null;
  const precondition = await lookAtPrecondition(ports, rebuilt.value.precondition, target);
  if (precondition.state === "fails") return null;
  const undoes = last.executionId;
  return { proposal, runbook, rebuilt: rebuilt.value, precondition, undoes, isNextStep: false };
}

/** Where every precondition fails, the first one's failure is what the card says. */
async function chooseFix(
  ports: Ports,
  { episode, whitelist: { runbooks }, tried, candidates }: Around,
): Promise<Choice | Unfit | null> {
  let unmet: Unfit | null = null;
  const isNextStep = tried.length > 0;
  const untried = candidates.filter(
    ({ runbookId, actionId }) =>
      !tried.some((one) => one.runbookId === runbookId && one.actionId === actionId),
  );
  for (const proposal of untried) {
    const runbook = runbooks.find(({ id }) => id === proposal.runbookId);
    if (runbook === undefined) continue;
    const { actionId, params, target } = proposal;
    const rebuilt = rebuild({ runbook, actionId, params, target, labels: episode.labels });
    if (!rebuilt.ok) {
      unmet ??= { ...proposal, reason: rebuilt.reason };
      continue;
    }
    const precondition = await lookAtPrecondition(ports, rebuilt.value.precondition, target);
    if (precondition.state !== "fails") {
      const undoes = null;
      return { proposal, runbook, rebuilt: rebuilt.value, precondition, undoes, isNextStep };
    }
    const text = `The precondition does not hold: ${precondition.detail}.`;
    unmet ??= { ...proposal, reason: { rule: "precondition", text } };
  }
  return isNextStep ? null : unmet;
}
