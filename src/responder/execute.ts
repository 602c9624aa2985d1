import type { Plan, PlannedRequest } from "../approval/approval.ts";
import { isGrant } from "../approval/approval.ts";
import type { Execution, Executor, RunLimits, RunResult } from "../execution/execution.ts";
import type { Episode } from "../incident/alert.ts";
import { assess } from "../remediation/assess.ts";
import { bestow } from "./earn.ts";
import type { Confirmation } from "./facts.ts";
import { confirm, lookAtPrecondition, whyOver, whyUnsure } from "./facts.ts";
import type { Recheck } from "./plan.ts";
import { recheck } from "./plan.ts";
import type { Ports, StepEnd } from "./ports.ts";
import { DONE } from "./ports.ts";
import { factsOf, isAfterOthers } from "./put-forward.ts";
import { silence } from "./silence.ts";

const RETRY_MS = 2_000;
const WHY_NOT_STARTED = {
  switched_off: "auto-healing was turned off",
  taken_back: "its leave to run unasked was taken back",
};

type Same = Extract<Recheck, { outcome: "same" }>;

/**
 * From an approved request to a finished run. It trusts nothing it was told: the plan is made anew and its digest
 * compared, reality is asked again, and only then is the request claimed, once, and the process started, once.
 */
export async function execute(ports: Ports, requestId: string): Promise<StepEnd> {
  const request = await ports.store.request(requestId);
  if (request === null) return DONE;
  const episode = request.episodeId === null ? null : await ports.store.episode(request.episodeId);
  if (episode === null && request.episodeId !== null) return DONE;
  switch (request.state) {
    case "approved":
      if (isGrant(request)) return await bestow(ports, request);
      return await takeUp(ports, request, episode);
    case "executing":
      return await resume(ports, request);
    default:
      return DONE;
  }
}

async function takeUp(
  ports: Ports,
  request: PlannedRequest,
  episode: Episode | null,
): Promise<StepEnd> {
  const { store } = ports;
  ports.crashPoint("before-look-again");
  const found = await lookAgain(ports, request, episode);
  switch (found.outcome) {
    case "over":
      await store.endRequest(request.id, found.state, found.why);
      return DONE;
    case "differs":
      await store.endRequest(request.id, "superseded", found.why, { proposeAnew: true });
      return DONE;
    case "unsure":
      // What people approved waits until it is known; what nobody was asked about is asked now.
      if (!request.isApprovedByPolicy) return again(ports, found.why);
      await store.endRequest(request.id, "superseded", found.why, { proposeAnew: true });
      return DONE;
    case "true":
      return await claimAndRun(ports, request, episode, found);
  }
}

/** The step was cut short: one of a request is ever under way, so nobody is at work on it now. */
async function resume(ports: Ports, request: PlannedRequest): Promise<StepEnd> {
  const execution = await ports.store.executionOf(request.id);
  if (execution?.state === "claimed") {
    // Nothing has run: approved again, so that reject, expiry, resolution and every rule count once more.
    await ports.store.release(execution);
    return { outcome: "again", at: ports.now(), why: "it was claimed and never started" };
  }
  if (execution?.state === "started") {
    const output = "How it ended could not be stored.";
    await ports.store.finish(execution, { ...NOTHING_KNOWN, output }, ports.now());
  }
  return DONE;
}

const NOTHING_KNOWN = {
  outcome: "unknown",
  exitCode: null,
  isTruncated: false,
  durationMs: 0,
} as const;

type Found =
  | { readonly outcome: "true"; readonly same: Same; readonly confirmation: Confirmation }
  | { readonly outcome: "over"; readonly state: "expired" | "cancelled"; readonly why: string }
  | { readonly outcome: "differs" | "unsure"; readonly why: string };

/** P2, P4 and P8: it is still what was shown, in time, the alert still fires and the precondition still holds. */
async function lookAgain(
  ports: Ports,
  request: PlannedRequest,
  episode: Episode | null,
): Promise<Found> {
  if (ports.now() >= request.expiresAt) {
    return { outcome: "over", state: "expired", why: "it could not be started in time" };
  }
  const same = await recheck(ports, request, episode);
  if (same.outcome === "unknown") return { outcome: "unsure", why: same.why };
  if (same.outcome === "differs") return same;
  const [confirmation, precondition] = await Promise.all([
    confirm(ports, episode),
    lookAtPrecondition(ports, same.rebuilt.precondition, request.proposal.target),
  ]);
  const over = whyOver(episode, confirmation, precondition);
  if (over !== null) return { outcome: "over", state: "cancelled", why: over };
  const unsure = whyUnsure(confirmation, precondition);
  if (unsure !== null) return { outcome: "unsure", why: unsure };
  // The looks took their time: what lies on the disk now is what would run (P2).
  const last = await recheck(ports, request, episode);
  if (last.outcome === "unknown") return { outcome: "unsure", why: last.why };
  if (last.outcome === "differs") return last;
  return { outcome: "true", same: last, confirmation };
}

async function claimAndRun(
  ports: Ports,
  request: PlannedRequest,
  episode: Episode | null,
  { same, confirmation }: Extract<Found, { outcome: "true" }>,
): Promise<StepEnd> {
  const { store } = ports;
  const incident = await store.incident(request.incidentId);
  if (incident === null) return DONE;
  ports.crashPoint("before-claim");
  const { limit } = same.rebuilt.action;
  const isNextStep = await isAfterOthers(ports, episode, request.undoes);
  const claim = await store.claim(request, limit?.windowMs ?? 0, (history, isAutohealingOn) => {
    const verdict = assess(
      factsOf({
        proposal: request.proposal,
        requester: request.requester,
        rebuilt: same.rebuilt,
        policy: same.policy,
        episode,
        incident,
        isAutohealingOn,
        sourceConfirmation: confirmation,
        isWhitelistComplete: same.isWhitelistComplete,
        missingFacts: [],
        clockBehindMs: ports.clockBehindMs(),
        belowFloor: ports.belowFloor(),
        isNextStep,
        history,
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
      await hush(ports, request, episode, same);
      return await run(ports, claim.execution, same);
    case "busy":
      return again(ports, `another run is under way on ${request.proposal.target.name}`);
    case "refused":
      await store.endRequest(request.id, "superseded", claim.why, { proposeAnew: true });
      return DONE;
    case "lost":
      return DONE;
  }
}

/** Nobody needs to hear of the alert while its fix is under way. Without a silence the fix is as good. */
async function hush(
  ports: Ports,
  { id, incidentId, proposal }: PlannedRequest,
  episode: Episode | null,
  { rebuilt }: Same,
): Promise<void> {
  const forMs = rebuilt.action.silenceMs;
  if (forMs === null || episode === null) return;
  const comment = `${proposal.actionTitle} on ${proposal.target.name}, request ${id}`;
  const about = { incidentId, requestId: id, person: null, episodes: [episode] };
  await silence(ports, { ...about, forMs, comment });
}

async function run(ports: Ports, execution: Execution, { plan, rebuilt }: Same): Promise<StepEnd> {
  const executor = ports.executors.get(plan.executor);
  if (executor === undefined) return await giveUp(ports, execution, "its executor is not there");
  // The durable intent. Whatever happens after this line, this request is never started again.
  const intent = await ports.store.start(execution);
  if (intent === "lost") return DONE;
  if (intent !== "started") return await giveUp(ports, execution, WHY_NOT_STARTED[intent]);
  ports.crashPoint("after-start");
  const result = await start(executor, plan, {
    timeoutMs: rebuilt.action.timeoutMs,
    signal: ports.stopping,
  });
  ports.crashPoint("after-run");
  await ports.store.finish(
    execution,
    { ...result, output: ports.redact(result.output) },
    ports.now(),
  );
  return DONE;
}

async function start(executor: Executor, { command }: Plan, limits: RunLimits): Promise<RunResult> {
  try {
    return await executor.run(command, limits);
  } catch (error) {
    // An executor does not reject; should one do so, nobody knows how far it got.
    const output = error instanceof Error ? error.message : String(error);
    return { ...NOTHING_KNOWN, output };
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
