import type { PlannedRequest } from "../approval/approval.ts";
import type { Execution, Executor, RunResult } from "../execution/execution.ts";
import type { Episode } from "../incident/alert.ts";
import { assess } from "../remediation/assess.ts";
import { breakerOpenUntil } from "./breaker.ts";
import type { Confirmation, Look } from "./facts.ts";
import { confirm, lookAtPrecondition } from "./facts.ts";
import type { Recheck } from "./plan.ts";
import { recheck } from "./plan.ts";
import type { Ports, StepEnd } from "./ports.ts";
import { DONE } from "./ports.ts";
import { factsOf } from "./put-forward.ts";

const RETRY_MS = 2_000;

type Same = Extract<Recheck, { outcome: "same" }>;

/**
 * From an approved request to a finished run. It trusts nothing it was told: the plan is made anew and its digest
 * compared, reality is asked again, and only then is the request claimed, once, and the process started, once.
 */
export async function execute(ports: Ports, requestId: string): Promise<StepEnd> {
  const { store } = ports;
  const request = await store.request(requestId);
  if (request === null || request.state === "denied") return DONE;
  if (request.state !== "approved" && request.state !== "executing") return DONE;
  const episode = request.episodeId === null ? null : await store.episode(request.episodeId);
  if (episode === null) return DONE;

  const same = await recheck(ports, request, episode);
  // Claimed before a restart and never started: nothing has run yet, and the claim is still ours to use.
  const claimed = request.state === "executing" ? await store.executionOf(request.id) : null;
  if (claimed !== null) {
    if (claimed.state !== "claimed") return DONE;
    return same.outcome === "same"
      ? await run(ports, request, claimed, same)
      : await giveUp(ports, claimed, same.why);
  }
  if (ports.now() >= request.expiresAt) {
    await store.endRequest(request.id, "expired", "it could not be started in time");
    return DONE;
  }
  if (same.outcome === "unknown") return again(ports, same.why);
  if (same.outcome === "differs") {
    await store.endRequest(request.id, "superseded", same.why, { proposeAnew: true });
    return DONE;
  }
  return await runIfStillTrue(ports, request, episode, same);
}

/** P8: the alert still fires and the precondition still holds, asked right now. */
async function runIfStillTrue(
  ports: Ports,
  request: PlannedRequest,
  episode: Episode,
  same: Same,
): Promise<StepEnd> {
  const { store } = ports;
  const [confirmation, precondition] = await Promise.all([
    confirm(ports, episode),
    lookAtPrecondition(ports, same.rebuilt.precondition, request.proposal.target),
  ]);
  const over = whyOver(episode, confirmation, precondition);
  if (over !== null) {
    await store.endRequest(request.id, "cancelled", over);
    return DONE;
  }
  const unsure = whyUnsure(confirmation, precondition);
  if (unsure !== null) {
    if (!request.isApprovedByPolicy) return again(ports, unsure);
    await store.endRequest(request.id, "superseded", unsure, { proposeAnew: true });
    return DONE;
  }
  const incident = await store.incident(request.incidentId);
  if (incident === null) return DONE;
  ports.crashPoint("before-claim");
  const { limit } = same.rebuilt.action;
  const claim = await store.claim(request, limit?.windowMs ?? 0, (history, isAutohealingOn) => {
    const verdict = assess(
      factsOf({
        proposal: request.proposal,
        rebuilt: same.rebuilt,
        policy: same.policy,
        episode,
        incident,
        isAutohealingOn,
        sourceConfirmation: confirmation,
        isWhitelistComplete: same.isWhitelistComplete,
        missingFacts: [],
        history: { ...history, breakerOpenUntil: breakerOpenUntil(history, same.policy) },
        now: ports.now(),
      }),
    );
    const mayRun =
      verdict.outcome === "auto_run" || (verdict.outcome === "ask" && !request.isApprovedByPolicy);
    return mayRun ? null : verdict.reasons.map(({ text }) => text).join(" ");
  });
  switch (claim.outcome) {
    case "claimed":
      ports.crashPoint("after-claim");
      return await run(ports, request, claim.execution, same);
    case "busy":
      return again(ports, `another run is under way on ${request.proposal.target.name}`);
    case "refused":
      await store.endRequest(request.id, "superseded", claim.why, { proposeAnew: true });
      return DONE;
    case "lost":
      return DONE;
  }
}

function whyOver(episode: Episode, confirmation: Confirmation, precondition: Look): string | null {
  if (episode.status === "resolved") return "the alert resolved";
  if (confirmation === "absent") return "Alertmanager no longer reports the alert";
  if (precondition.state === "fails")
    return `the precondition no longer holds: ${precondition.detail}`;
  return null;
}

function whyUnsure(confirmation: Confirmation, precondition: Look): string | null {
  if (confirmation === "unreachable")
    return "Alertmanager can't be asked whether the alert still fires";
  if (precondition.state === "unknown")
    return `the precondition can't be checked: ${precondition.detail}`;
  return null;
}

async function run(
  ports: Ports,
  request: PlannedRequest,
  execution: Execution,
  { rebuilt }: Same,
): Promise<StepEnd> {
  const executor = ports.executors.get(request.proposal.executor);
  if (executor === undefined) return await giveUp(ports, execution, "its executor is not there");
  // The durable intent. Whatever happens after this line, this request is never started again.
  if (!(await ports.store.start(execution))) return DONE;
  ports.crashPoint("after-start");
  const result = await start(executor, request, rebuilt.action.timeoutMs);
  ports.crashPoint("after-run");
  await ports.store.finish(
    execution,
    { ...result, output: ports.redact(result.output) },
    ports.now(),
  );
  return DONE;
}

async function start(
  executor: Executor,
  { plan }: PlannedRequest,
  timeoutMs: number,
): Promise<RunResult> {
  try {
    return await executor.run(plan.command, { timeoutMs });
  } catch (error) {
    // An executor does not reject; should one do so, nobody knows how far it got.
    const output = error instanceof Error ? error.message : String(error);
    return { outcome: "unknown", exitCode: null, output, isTruncated: false, durationMs: 0 };
  }
}

async function giveUp(ports: Ports, execution: Execution, why: string): Promise<StepEnd> {
  const result: RunResult = {
    outcome: "failed",
    exitCode: null,
    output: `Not started: ${why}`,
    isTruncated: false,
    durationMs: 0,
  };
  await ports.store.finish(execution, result, ports.now());
  return DONE;
}

function again(ports: Ports, why: string): StepEnd {
  return { outcome: "again", at: new Date(ports.now().getTime() + RETRY_MS), why };
}
