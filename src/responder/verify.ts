import type { Execution } from "../execution/execution.ts";
import type { Episode } from "../incident/alert.ts";
import { rebuild } from "../remediation/propose.ts";
import type { Verify } from "../remediation/runbook.ts";
import type { Check } from "../verification/judge.ts";
import { judge } from "../verification/judge.ts";
import { lookAtAlert, lookAtProbe, lookAtQuery } from "./facts.ts";
import type { Ports, StepEnd } from "./ports.ts";
import { DONE } from "./ports.ts";

const FIRST_LOOKS = 10;
const SOON_MS = 1_000;
const LATER_MS = 3_000;

/** Looks until the checks hold or the window is over. The command's own success is not asked. */
export async function verify(
  ports: Ports,
  executionId: string,
  attempts: number,
): Promise<StepEnd> {
  const { store, catalogue } = ports;
  const execution = await store.execution(executionId);
  const request = execution === null ? null : await store.request(execution.requestId);
  if (execution === null || request === null || request.state === "denied") return DONE;
  const episode = request.episodeId === null ? null : await store.episode(request.episodeId);
  if (episode === null && request.episodeId !== null) return DONE;

  const { runbookId, actionId, params, target } = request.proposal;
  const runbook = catalogue.read().runbooks.find(({ id }) => id === runbookId);
  const rebuilt =
    runbook === undefined
      ? null
      : rebuild({ runbook, actionId, params, target, labels: episode?.labels ?? {} });
  if (rebuilt === null || !rebuilt.ok) {
    await store.verify(execution, "inconclusive", "the runbook's checks are not there any more");
    return DONE;
  }
  const plan = rebuilt.value.verify;
  const checks = await look(ports, plan, episode, target);
  if (checks.length === 0) {
    const why = "there is no alert behind it, and the runbook names no other check";
    await store.verify(execution, "inconclusive", why);
    return DONE;
  }
  const judgement = judge(checks, ports.now() >= endOfWindow(execution, plan));
  if (judgement.outcome === "wait") {
    const pause = attempts <= FIRST_LOOKS ? SOON_MS : LATER_MS;
    return {
      outcome: "again",
      at: new Date(ports.now().getTime() + pause),
      why: "the checks do not hold yet",
    };
  }
  await store.verify(execution, judgement.outcome, judgement.detail);
  return DONE;
}

function endOfWindow(execution: Execution, { withinMs }: Verify): Date {
  const from = execution.finishedAt ?? execution.startedAt ?? execution.claimedAt;
  return new Date(from.getTime() + withinMs);
}

async function look(
  ports: Ports,
  plan: Verify,
  episode: Episode | null,
  target: Parameters<typeof lookAtProbe>[3],
): Promise<Check[]> {
  const { probe, expect, promql } = plan;
  const checks = await Promise.all([
    ...(probe === undefined
      ? []
      : [lookAtProbe(ports, probe, expect ?? {}, target).then((seen) => named("probe", seen))]),
    ...(promql === undefined
      ? []
      : [lookAtQuery(ports, promql).then((seen) => named("query", seen))]),
  ]);
  if (plan.alert === undefined || episode === null) return checks;
  return [named("alert", await lookAtAlert(ports, episode, checks.length > 0)), ...checks];
}

function named(name: Check["name"], seen: Omit<Check, "name">): Check {
  return { name, ...seen };
}
