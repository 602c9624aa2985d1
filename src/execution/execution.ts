import type { Request, RequestState } from "../approval/approval.ts";
import type { Command, Target } from "../remediation/proposal.ts";

/** How one start ended. `unknown` means that nobody can say whether it took effect. */
export interface RunResult {
  readonly outcome: "succeeded" | "failed" | "timed_out" | "unknown";
  readonly exitCode: number | null;
  /** Both streams, capped, control characters taken out. */
  readonly output: string;
  readonly isTruncated: boolean;
  readonly durationMs: number;
}

/** A read-only look: named facts to compare with a runbook's `expect`, and a line for people. */
export type ProbeResult =
  | {
      readonly status: "found";
      readonly facts: Readonly<Record<string, string>>;
      readonly text: string;
    }
  | { readonly status: "missing"; readonly text: string };

/** One way to act on targets. Adding one is a file in this folder and a line in `executors.ts`. */
export interface Executor {
  readonly name: string;
  /**
   * What the filled-in `with` of an action comes down to. Pure.
   * @throws InvalidAction when `with` does not fit this executor
   */
  describe(action: Readonly<Record<string, unknown>>, target: Target): Command;
  /**
   * Where what would run depends on how things are at this moment: looks, and names it exactly. A plan is made of
   * this then, and not of `describe`.
   * @throws NothingToDo when there is nothing it could be
   */
  pin?(action: Readonly<Record<string, unknown>>, target: Target): Promise<Pinned>;
  /** Where it has a trial of its own: what that says would happen, for people. Changes nothing. */
  dryRun?(command: Command, limits: RunLimits): Promise<string>;
  /** Starts it, once. Never rejects for what the command did; the result says it. */
  run(command: Command, limits: RunLimits): Promise<RunResult>;
  /** @throws InvalidAction when `with` is not on this executor's closed read-only list */
  describeProbe(probe: Readonly<Record<string, unknown>>, target: Target): Command;
  probe(probe: Readonly<Record<string, unknown>>, target: Target): Promise<ProbeResult>;
  /** For `/health`: resolves with a line for people, rejects with what is wrong and the way out. */
  check(): Promise<string>;
}

export interface Pinned {
  readonly command: Command;
  /** What was measured, for people, if anything was; it changes from look to look, so it is no part of a plan. */
  readonly detail: string | null;
}

export interface RunLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** A `with` that its executor does not accept: a mistake in a runbook, found at load. */
export class InvalidAction extends Error {
  override readonly name = "InvalidAction";
}

/** An action that can't be put forward as things are now; the message says why and the way out. */
export class NothingToDo extends Error {
  override readonly name = "NothingToDo";
}

/** A program or script that would run but whose bytes can't be read: no approval can be bound to it. */
export class UnreadableProgram extends Error {
  override readonly name = "UnreadableProgram";
}

export type ExecutionState = "claimed" | "started" | "finished" | "timed_out" | "unknown";

/** One attempt to run one approved request; there is never a second one for the same request. */
export interface Execution {
  readonly id: string;
  readonly requestId: string;
  readonly incidentId: string;
  readonly runbookId: string;
  readonly actionId: string;
  readonly target: string;
  readonly state: ExecutionState;
  readonly claimedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly exitCode: number | null;
  readonly output: string | null;
  /** Who looked at an `unknown` run and let the action run unasked again. */
  readonly reviewedBy: string | null;
}

/** What earlier runs say about running this action on this target once more. */
export interface ActionHistory {
  readonly lastRunAt: Date | null;
  readonly runsInLimitWindow: number;
  readonly hasUnknownRun: boolean;
  readonly wasLastIneffective: boolean;
  readonly runsLastHour: number;
  /** The newest runs of this action on any target that failed or did not help, without one that did between. */
  readonly failuresInARow: number;
  readonly lastFailureAt: Date | null;
  readonly lastFailureOn: string | null;
  /** When a limit or the breaker last made Countersign ask about it. */
  readonly lastHeldAt: Date | null;
  /** When the breaker last made it ask about this action on any target. */
  readonly lastBrokenAt: Date | null;
  /** What the leave to run unasked is bound to; null where there is none. */
  readonly grant: string | null;
  readonly isTargetBusy: boolean;
  /** Nothing runs on this target before then. */
  readonly maintenanceUntil: Date | null;
}

/** For so long after its end a run can be undone: what was before may not be what is wanted any more. */
export const UNDO_WITHIN_MS = 24 * 3_600_000;

/** Until when; null for a run that may have changed nothing, or is not over. */
export function undoUntil({ startedAt, finishedAt }: Execution): Date | null {
  if (startedAt === null || finishedAt === null) return null;
  return new Date(finishedAt.getTime() + UNDO_WITHIN_MS);
}

/** The action that would undo a run, by id; null where there is none, it is too late, or somebody has asked for it. */
export function undoOf(
  execution: Execution,
  requests: readonly Request[],
  now: Date,
): string | null {
  const request = requests.find(({ id }) => id === execution.requestId);
  const until = undoUntil(execution);
  if (request === undefined || request.state === "denied" || until === null || now > until) {
    return null;
  }
  const isAskedFor = requests.some(
    ({ undoes, state }) => undoes === execution.id && !UNDO_CAME_TO_NOTHING.includes(state),
  );
  return isAskedFor ? null : (request.proposal.rollback ?? null);
}

const UNDO_CAME_TO_NOTHING: readonly RequestState[] = [
  ...(["denied", "rejected", "expired", "superseded", "cancelled", "failed"] as const),
];

/** How one action of a runbook has done so far. */
export interface ActionRecord {
  readonly actionId: string;
  readonly runs: number;
  readonly verified: number;
  readonly stillFailing: number;
  readonly unknown: number;
}

/** How often what a request would do has helped on its target, of the times it was judged, and how soon. */
export interface FixRecord {
  readonly requestId: string;
  readonly runs: number;
  readonly verified: number;
  /** From the start of a run to the look that verified it. */
  readonly medianMs: number | null;
}

export interface ActionOnTarget {
  readonly runbookId: string;
  readonly actionId: string;
  readonly target: string;
}

/** The answer to taking up a request. */
export type Claim =
  | { readonly outcome: "claimed"; readonly execution: Execution }
  /** Another run is under way on this target: try again later. */
  | { readonly outcome: "busy" }
  /** The request is no longer approved, or too old. */
  | { readonly outcome: "lost" }
  | { readonly outcome: "refused"; readonly why: string };

/**
 * The answer to the durable intent: only `started` may start a process. `lost`: it was started before. What nobody was
 * asked about does not start where auto-healing has been `switched_off` since, or its leave `taken_back`.
 */
export type Start = "started" | "lost" | "switched_off" | "taken_back";
