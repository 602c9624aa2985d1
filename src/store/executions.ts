import { eq } from "drizzle-orm";
import type { PlannedRequest } from "../approval/approval.ts";
import type {
  ActionHistory,
  ActionOnTarget,
  ActionRecord,
  Claim,
  Execution,
  RunResult,
  Start,
} from "../execution/execution.ts";
import type { Tried, VerificationOutcome } from "../verification/verification.ts";
import type { AskedFor } from "./asked-for.ts";
import type { Changes } from "./changes.ts";
import type { Grants } from "./grants.ts";
import { newId } from "./ids.ts";
import type { Opened } from "./open.ts";
import type { Chain } from "./record.ts";
import { toExecution } from "./rows.ts";
import { executions } from "./schema.ts";
import type { Silences } from "./silences.ts";
import type { Steps } from "./steps.ts";

const HOUR_MS = 3_600_000;
/** Farther back nobody looks for what held an action. */
const LONGEST_HELD_MS = 7 * 24 * HOUR_MS;

/** What takes back that an action may run unasked. */
const ENDINGS = {
  failed: "failed",
  unknown: "was cut short",
  still_failing: "did not help",
  inconclusive: "could not be verified",
};

interface Tools {
  readonly record: Chain;
  readonly steps: Steps;
  readonly changes: Changes;
  readonly askedFor: AskedFor;
  readonly silences: Pick<Silences, "endOfRun">;
  readonly grants: Pick<Grants, "end" | "bindingOf" | "hasEndedSince">;
}

/** The executions' part of the store: claimed once a request, started once, never repeated by itself. */
export function createExecutions(
  { sqlite, drizzle: db }: Opened,
  { record, steps, changes, askedFor, silences, grants }: Tools,
  now: () => Date,
  switches: {
    autohealing(): { readonly isOn: boolean };
    maintenanceUntil(target: string): Date | null;
  },
) {
  const query = prepare(sqlite);

  function find(id: string): Execution | null {
    const row = db.select().from(executions).where(eq(executions.id, id)).get();
    return row === undefined ? null : toExecution(row);
  }

  function findByRequest(requestId: string): Execution | null {
    const row = db.select().from(executions).where(eq(executions.requestId, requestId)).get();
    return row === undefined ? null : toExecution(row);
  }

  function historyOf(action: ActionOnTarget, limitWindowMs: number): ActionHistory {
    const at = now().getTime();
    const key = [action.runbookId, action.actionId, action.target] as const;
    const last = query.lastRun.get(...key);
    const outcomes = query.outcomes.all(action.runbookId, action.actionId);
    const held = query.lastHeld.get(...key, at - LONGEST_HELD_MS);
    const broken = query.lastBroken.get(action.runbookId, action.actionId, at - LONGEST_HELD_MS);
    const firstGood = outcomes.findIndex(({ isGood }) => isGood === 1);
    const failures = firstGood === -1 ? outcomes : outcomes.slice(0, firstGood);
    return {
      lastRunAt: last === undefined ? null : new Date(last.claimed_at),
      runsInLimitWindow: query.runsSince.get(...key, at - limitWindowMs) ?? 0,
      hasUnknownRun: query.unreviewed.get(...key) !== undefined,
      wasLastIneffective: last?.outcome === "still_failing",
      runsLastHour: query.allRunsSince.get(at - HOUR_MS) ?? 0,
      failuresInARow: failures.length,
      lastFailureAt: failures[0] === undefined ? null : new Date(failures[0].claimed_at),
      lastFailureOn: failures[0]?.target ?? null,
      lastHeldAt: held === undefined ? null : new Date(held),
      lastBrokenAt: broken === undefined ? null : new Date(broken),
      grant: grants.bindingOf(action),
      isTargetBusy: query.busy.get(action.target) !== undefined,
      maintenanceUntil: switches.maintenanceUntil(action.target),
    };
  }

  function recordOf(runbookId: string): ActionRecord[] {
    return query.record.all(runbookId);
  }

  /**
   * Takes an approved request for running, once. `guard` is asked last, inside the transaction, with the history as
   * it is then: limits hold however many requests are claimed at the same moment.
   */
  function claim(
    request: PlannedRequest,
    limitWindowMs: number,
    guard: (history: ActionHistory, isAutohealingOn: boolean) => string | null,
  ): Claim {
    return write(() => {
      const at = now().getTime();
      const { runbookId, actionId, target } = request.proposal;
      const action = { runbookId, actionId, target: target.name };
      const history = historyOf(action, limitWindowMs);
      // What nobody was asked about goes one target at a time: the first that fails stops the others.
      const isInLine = request.isApprovedByPolicy && query.underWay.get(runbookId, actionId);
      if (history.isTargetBusy || isInLine) return { outcome: "busy" };
      const why = guard(history, switches.autohealing().isOn);
      if (why !== null) return { outcome: "refused", why };
      if (query.toExecuting.run(request.id, request.digest, at).changes === 0) {
        return { outcome: "lost" };
      }
      const id = newId("exe");
      query.add.run(
        id,
        request.id,
        request.incidentId,
        runbookId,
        actionId,
        target.name,
        request.isApprovedByPolicy ? 1 : 0,
        at,
      );
      append("execution.claimed", request.incidentId, {
        execution: id,
        request: request.id,
        digest: request.digest,
      });
      touch(request.incidentId);
      return { outcome: "claimed", execution: find(id) as Execution };
    });
  }

  /** What was claimed and never started is approved again: nothing has run, and every rule is asked once more. */
  function release(execution: Execution): void {
    write(() => {
      if (query.unclaim.run(execution.id).changes === 0) return;
      query.reapprove.run(execution.requestId);
      append("execution.released", execution.incidentId, { execution: execution.id });
      silences.endOfRun(execution.incidentId, execution.requestId);
      touch(execution.incidentId);
    });
  }

  /** The durable intent, written before the process starts. */
  function start(execution: Execution): Start {
    return write(() => {
      const isUnasked = query.isUnasked.get(execution.id) === 1;
      if (isUnasked && !switches.autohealing().isOn) return "switched_off";
      if (isUnasked && grants.hasEndedSince(execution, execution.claimedAt)) return "taken_back";
      if (query.start.run(now().getTime(), execution.id).changes === 0) return "lost";
      append("execution.started", execution.incidentId, { execution: execution.id });
      touch(execution.incidentId);
      return "started";
    });
  }

  function finish(execution: Execution, result: RunResult, verifyAt: Date): void {
    write(() => {
      const { id, requestId, incidentId } = execution;
      const { outcome, exitCode, output, isTruncated } = result;
      const at = now().getTime();
      const state = stateAfter(result);
      const isCut = isTruncated ? 1 : 0;
      if (query.finish.run(state, at, exitCode, output, isCut, id).changes === 0) return;
      const request = requestStateAfter(result);
      query.endRequest.run(request, at, requestId);
      const durationMs = Math.round(result.durationMs);
      append(`execution.${state}`, incidentId, { execution: id, outcome, exitCode, durationMs });
      append(`request.${request}`, incidentId, { request: requestId });
      const hasRun = find(id)?.startedAt !== null;
      if (hasRun) steps.enqueue("verify", id, verifyAt);
      // What was given up before its start has nothing to verify.
      else silences.endOfRun(incidentId, requestId);
      if (hasRun && request !== "succeeded") grants.end(execution, `${id} ${ENDINGS[request]}`);
      askedFor.endIfOver(incidentId);
      touch(incidentId);
    });
  }

  /**
   * At start: what had been started when the process died may or may not have taken effect. It becomes `unknown`,
   * is never repeated by itself, and waits for a person to look at it.
   */
  function giveUpInterrupted(): string[] {
    return write(() => {
      const interrupted = query.interrupted.all().map(({ id }) => find(id) as Execution);
      for (const execution of interrupted) giveUp(execution, "Countersign stopped while it ran");
      return interrupted.map(({ id }) => id);
    });
  }

  /**
   * What an executor that is gone had in hand: what was started becomes `unknown`, what was only claimed is approved
   * again.
   * @returns the runs of which nobody knows the outcome
   */
  function lose(holder: string): string[] {
    return write(() => {
      const inHand = steps.heldBy(holder).flatMap((requestId) => findByRequest(requestId) ?? []);
      const lost = inHand.filter(({ state }) => state === "started");
      for (const execution of lost) giveUp(execution, "its executor stopped while it ran");
      for (const execution of inHand) if (execution.state === "claimed") release(execution);
      steps.letGo(holder);
      return lost.map(({ id }) => id);
    });
  }

  function giveUp(execution: Execution, why: string): void {
    const { id, requestId, incidentId } = execution;
    const at = now();
    query.finish.run("unknown", at.getTime(), null, null, 0, id);
    query.endRequest.run("unknown", at.getTime(), requestId);
    append("execution.unknown", incidentId, { execution: id, outcome: "unknown", why });
    append("request.unknown", incidentId, { request: requestId });
    steps.enqueue("verify", id, at);
    grants.end(execution, `${id} ${ENDINGS.unknown}`);
    touch(incidentId);
  }

  function verify(execution: Execution, outcome: VerificationOutcome, detail: string): void {
    write(() => {
      if (query.addVerification.run(execution.id, outcome, detail, now().getTime()).changes === 0) {
        return;
      }
      query.setOutcome.run(outcome, execution.id);
      append(`verification.${outcome}`, execution.incidentId, { execution: execution.id, detail });
      silences.endOfRun(execution.incidentId, execution.requestId);
      if (outcome === "still_failing") proposeNext(execution.requestId);
      if (outcome === "verified") steps.enqueue("earn", execution.id, now());
      else grants.end(execution, `${execution.id} ${ENDINGS[outcome]}`);
      askedFor.endIfOver(execution.incidentId);
      touch(execution.incidentId);
    });
  }

  /** What did not help is followed by what else the runbook has, while the alert fires. */
  function proposeNext(requestId: string): void {
    const episodeId = query.episodeOf.get(requestId);
    if (episodeId != null) steps.enqueue("propose", String(episodeId), now());
  }

  /** What has been tried on an alert since it fires, the newest first. */
  function triedFor(episodeId: number): Tried[] {
    return query.tried.all(episodeId);
  }

  /** A person looked at an unknown run: the action may run unasked again. @returns false where there was nothing to mark */
  function markReviewed(id: string, person: string): boolean {
    return write(() => {
      if (query.review.run(person, id).changes === 0) return false;
      const execution = find(id) as Execution;
      record.append({
        kind: "execution.reviewed",
        actor: person,
        incidentId: execution.incidentId,
        data: { execution: id },
      });
      changes.touch(execution.incidentId, { isUrgent: true });
      return true;
    });
  }

  function append(kind: string, incidentId: string, data: Record<string, unknown>): void {
    record.append({ kind, actor: "countersign", incidentId, data });
  }

  /** A run's progress is what the person who approved it waits for. */
  function touch(incidentId: string): void {
    changes.touch(incidentId, { isUrgent: true });
  }

  function write<T>(change: () => T): T {
    return changes.commit(() => sqlite.transaction(change).immediate());
  }

  return {
    find,
    findByRequest,
    triedFor,
    undoneBy: (id: string): string | null => query.undoneBy.get(id) ?? null,
    historyOf,
    recordOf,
    claim,
    release,
    start,
    finish,
    giveUpInterrupted,
    lose,
    verify,
    markReviewed,
  };
}

export type Executions = ReturnType<typeof createExecutions>;

function stateAfter({ outcome }: RunResult): "unknown" | "timed_out" | "finished" {
  return outcome === "unknown" || outcome === "timed_out" ? outcome : "finished";
}

function requestStateAfter({ outcome }: RunResult): "succeeded" | "failed" | "unknown" {
  if (outcome === "succeeded" || outcome === "unknown") return outcome;
  return "failed";
}

type Key = [runbookId: string, actionId: string, target: string];

function prepare(sqlite: Opened["sqlite"]) {
  const ofAction = "runbook_id = ? AND action_id = ? AND target = ?";
  // What a drill came to changes nothing for real alerts.
  const isReal = "(SELECT source FROM incidents WHERE id = incident_id) <> 'drill'";
  // To the letter as the index `held_requests` has it. A quote inside a text is escaped in JSON.
  const says = (rule: string) => `instr(reasons, '"rule":"${rule}"')`;
  const wasHeld = `requester IS NULL AND (${says("limit")} OR ${says("breaker")} OR ${says("flapping")})`;
  return {
    lastRun: sqlite.prepare<Key, { claimed_at: number; outcome: string | null }>(
      // What may never have run can't have been ineffective; until somebody has looked, it is unknown anyway.
      `SELECT claimed_at, CASE state WHEN 'unknown' THEN NULL ELSE outcome END AS outcome
       FROM executions WHERE ${ofAction} ORDER BY claimed_at DESC, rowid DESC LIMIT 1`,
    ),
    episodeOf: sqlite
      .prepare<[string], number | null>("SELECT episode_id FROM requests WHERE id = ?")
      .pluck(),
    tried: sqlite.prepare<[number], Tried>(
      `SELECT e.id AS executionId, e.runbook_id AS runbookId, e.action_id AS actionId, v.outcome AS outcome, r.undoes AS undoes
       FROM alerts a JOIN requests r ON r.incident_id = a.incident_id AND r.episode_id = a.id AND r.created_at >= a.received_at
       JOIN executions e ON e.request_id = r.id LEFT JOIN verifications v ON v.execution_id = e.id
       WHERE a.id = ? AND e.started_at IS NOT NULL ORDER BY e.claimed_at DESC, e.rowid DESC`,
    ),
    undoneBy: sqlite
      .prepare<[string], string>(
        `SELECT e.id FROM requests r JOIN executions e ON e.request_id = r.id
         WHERE r.undoes = ? AND r.undoes IS NOT NULL AND r.state = 'succeeded' LIMIT 1`,
      )
      .pluck(),
    runsSince: sqlite
      .prepare<[...Key, number], number>(
        `SELECT count(*) FROM executions WHERE ${ofAction} AND claimed_at > ?`,
      )
      .pluck(),
    allRunsSince: sqlite
      .prepare<[number], number>("SELECT count(*) FROM executions WHERE claimed_at > ?")
      .pluck(),
    unreviewed: sqlite.prepare<Key>(
      `SELECT 1 FROM executions WHERE ${ofAction} AND state = 'unknown' AND reviewed_by IS NULL LIMIT 1`,
    ),
    lastHeld: sqlite
      .prepare<[...Key, number], number>(
        `SELECT created_at FROM requests INDEXED BY held_requests
         WHERE ${ofAction} AND created_at > ? AND ${wasHeld} AND ${isReal} ORDER BY created_at DESC LIMIT 1`,
      )
      .pluck(),
    lastBroken: sqlite
      .prepare<[string, string, number], number>(
        `SELECT created_at FROM requests INDEXED BY held_requests
         WHERE runbook_id = ? AND action_id = ? AND created_at > ? AND ${wasHeld} AND ${isReal} AND ${says("breaker")}
         ORDER BY created_at DESC LIMIT 1`,
      )
      .pluck(),
    // What nobody has verified yet, or nobody could, says nothing either way: it must not close the breaker.
    outcomes: sqlite.prepare<
      [string, string],
      { claimed_at: number; target: string; isGood: number }
    >(
      `SELECT claimed_at, e.target AS target, (r.state = 'succeeded' AND e.outcome IS NOT 'still_failing') AS isGood
       FROM executions e JOIN requests r ON r.id = e.request_id
       WHERE e.runbook_id = ? AND e.action_id = ? AND e.state NOT IN ('claimed', 'started') AND e.started_at IS NOT NULL
         AND NOT (r.state = 'succeeded' AND (e.outcome IS NULL OR e.outcome = 'inconclusive'))
       ORDER BY claimed_at DESC, e.rowid DESC LIMIT 100`,
    ),
    record: sqlite.prepare<[string], ActionRecord>(
      `SELECT action_id AS actionId, count(*) AS runs, count(*) FILTER (WHERE outcome = 'verified') AS verified,
              count(*) FILTER (WHERE outcome = 'still_failing') AS stillFailing,
              count(*) FILTER (WHERE state = 'unknown') AS unknown
       FROM executions WHERE runbook_id = ? AND started_at IS NOT NULL GROUP BY action_id`,
    ),
    busy: sqlite.prepare<[string]>(
      "SELECT 1 FROM executions WHERE target = ? AND state IN ('claimed', 'started')",
    ),
    underWay: sqlite.prepare<[string, string]>(
      "SELECT 1 FROM executions WHERE runbook_id = ? AND action_id = ? AND state IN ('claimed', 'started')",
    ),
    toExecuting: sqlite.prepare<[string, string, number]>(
      "UPDATE requests SET state = 'executing' WHERE id = ? AND state = 'approved' AND digest = ? AND expires_at > ?",
    ),
    add: sqlite.prepare(
      `INSERT INTO executions (id, request_id, incident_id, runbook_id, action_id, target, is_unasked, state, claimed_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'claimed', ?)`,
    ),
    unclaim: sqlite.prepare<[string]>(
      "DELETE FROM executions WHERE id = ? AND state = 'claimed' AND started_at IS NULL",
    ),
    reapprove: sqlite.prepare<[string]>(
      "UPDATE requests SET state = 'approved' WHERE id = ? AND state = 'executing'",
    ),
    isUnasked: sqlite
      .prepare<[string], number>("SELECT is_unasked FROM executions WHERE id = ?")
      .pluck(),
    start: sqlite.prepare<[number, string]>(
      "UPDATE executions SET state = 'started', started_at = ? WHERE id = ? AND state = 'claimed'",
    ),
    finish: sqlite.prepare<[string, number, number | null, string | null, number, string]>(
      `UPDATE executions SET state = ?, finished_at = ?, exit_code = ?, output = ?, is_truncated = ?
       WHERE id = ? AND state IN ('claimed', 'started')`,
    ),
    endRequest: sqlite.prepare<[string, number, string]>(
      "UPDATE requests SET state = ?, ended_at = ? WHERE id = ? AND state = 'executing'",
    ),
    // What an executor of its own has in hand is not cut short by our stop.
    interrupted: sqlite.prepare<[], { id: string }>(
      `SELECT id FROM executions WHERE state = 'started' AND NOT EXISTS (
         SELECT 1 FROM steps WHERE kind = 'execute' AND subject = request_id AND holder IS NOT NULL)`,
    ),
    addVerification: sqlite.prepare<[string, string, string, number]>(
      "INSERT INTO verifications (execution_id, outcome, detail, judged_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    ),
    setOutcome: sqlite.prepare<[string, string]>("UPDATE executions SET outcome = ? WHERE id = ?"),
    review: sqlite.prepare<[string, string]>(
      "UPDATE executions SET reviewed_by = ? WHERE id = ? AND state = 'unknown' AND reviewed_by IS NULL",
    ),
  };
}
