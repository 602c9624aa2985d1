import type { PlannedRequest } from "../approval/approval.ts";
import type { Grant } from "../approval/grant.ts";
import type { ActionOnTarget } from "../execution/execution.ts";
import type { PastOutcome } from "../remediation/track-record.ts";
import type { AskedFor } from "./asked-for.ts";
import type { Changes } from "./changes.ts";
import type { Notices } from "./notices.ts";
import type { Sqlite } from "./open.ts";
import type { Chain } from "./record.ts";
import type { Steps } from "./steps.ts";

/** Farther back no record is read. */
const MOST_OUTCOMES = 200;
const MOST_LISTED = 200;

interface Tools {
  readonly record: Chain;
  readonly steps: Steps;
  readonly changes: Changes;
  readonly askedFor: AskedFor;
  readonly notices: Notices;
}

/** The answer to giving one: only `given` changes anything. */
export type GrantEnd =
  | { readonly outcome: "given" | "lost" }
  | { readonly outcome: "refused"; readonly why: string };

/** Who may run unasked where: given once, by a request that people approved, and ended by whatever speaks against it. */
export function createGrants(
  sqlite: Sqlite,
  { record, steps, changes, askedFor, notices }: Tools,
  now: () => Date,
) {
  const query = prepare(sqlite);

  /** The newest first. */
  function outcomesOf({ runbookId, actionId, target }: ActionOnTarget): PastOutcome[] {
    const key = [runbookId, actionId, target] as const;
    const ended = query.outcomes.all(...key, MOST_OUTCOMES).flatMap(toOutcome);
    const takenBack = query.takenBack.all(...key).map(
      (at): PastOutcome => ({
        ...{ what: "taken_back", at: new Date(at), isUnasked: false, isOwn: false },
        ...{ runbookHash: "", host: "" },
      }),
    );
    return [...ended, ...takenBack].sort((a, b) => b.at.getTime() - a.at.getTime());
  }

  /** `guard` reads the record inside the transaction: what went wrong since people approved counts, too. */
  function give(
    request: PlannedRequest,
    binding: string,
    guard: (outcomes: readonly PastOutcome[]) => string | null,
  ): GrantEnd {
    return write((): GrantEnd => {
      const at = now().getTime();
      const { id, digest, incidentId, proposal, votes } = request;
      const { runbookId, actionId, target } = proposal;
      const why = guard(outcomesOf({ runbookId, actionId, target: target.name }));
      if (why !== null) return { outcome: "refused", why };
      if (query.succeed.run(at, id, digest, at).changes === 0) return { outcome: "lost" };
      query.add.run(id, runbookId, actionId, target.name, binding, at);
      append("request.succeeded", "countersign", incidentId, { request: id, isGrant: true });
      const about = { request: id, runbook: runbookId, action: actionId, target: target.name };
      append("grant.given", "countersign", incidentId, about);
      const people = votes.filter(({ decision }) => decision === "approve");
      const names = people.map(({ person }) => person).join(" and ");
      notices.say(
        `${actionId} of ${runbookId} may run unasked on ${target.name} from now on: approved by ${names}.`,
      );
      askedFor.endIfOver(incidentId);
      changes.touch(incidentId, { isUrgent: true });
      return { outcome: "given" };
    });
  }

  /** Only inside the transaction of what speaks against it. */
  function end(action: ActionOnTarget, why: string, by: string | null = null): boolean {
    const { runbookId, actionId, target } = action;
    const live = query.liveOf.get(runbookId, actionId, target);
    if (live === undefined) return false;
    query.end.run(now().getTime(), by, why, live.request_id);
    query.say.run(why, live.request_id);
    const about = { request: live.request_id, runbook: runbookId, action: actionId, target, why };
    append("grant.ended", by ?? "countersign", live.incident_id, about);
    notices.say(`${actionId} of ${runbookId} asks again on ${target}: ${why}.`);
    changes.touch(live.incident_id, { isUrgent: by !== null });
    return true;
  }

  /** Only inside the transaction that takes other rules in: what people gave leave for is gone, and has to be asked anew. */
  function voidUnder(rules: {
    readonly policyHash: string | null;
    readonly runbookHashes: readonly string[];
  }): void {
    for (const grant of query.live.all()) {
      const why = whyVoid(grant, rules);
      if (why === null) continue;
      const action = {
        runbookId: grant.runbook_id,
        actionId: grant.action_id,
        target: grant.target,
      };
      end(action, why);
      const newest = query.newestRun.get(grant.runbook_id, grant.action_id, grant.target);
      if (newest !== undefined) steps.enqueue("earn", newest, now());
    }
  }

  /** A person ends it; the record begins anew. @returns false where there is none */
  function takeBack(action: ActionOnTarget, person: string): boolean {
    return write(() => end(action, `${person} took it back`, person));
  }

  function append(kind: string, actor: string, incidentId: string, data: Record<string, unknown>) {
    record.append({ kind, actor, incidentId, data });
  }

  function write<T>(change: () => T): T {
    return changes.commit(() => sqlite.transaction(change).immediate());
  }

  return {
    forAll: {
      outcomesOf,
      give,
      takeBack,
      /** Those that hold first, then those that ended, the newest first. */
      list: (): Grant[] => query.list.all(MOST_LISTED).map(toGrant),
      /** Every action on every target that anything was ever asked about. */
      actions: (): ActionOnTarget[] => query.actions.all(),
    },
    end,
    voidUnder,
    bindingOf: ({ runbookId, actionId, target }: ActionOnTarget): string | null =>
      query.liveOf.get(runbookId, actionId, target)?.binding ?? null,
    hasEndedSince: ({ runbookId, actionId, target }: ActionOnTarget, at: Date): boolean =>
      query.liveOf.get(runbookId, actionId, target) === undefined &&
      query.endedSince.get(runbookId, actionId, target, at.getTime()) !== undefined,
  };
}

export type Grants = ReturnType<typeof createGrants>;

interface GrantRow {
  request_id: string;
  runbook_id: string;
  action_id: string;
  target: string;
  binding: string;
  given_at: number;
  ended_at: number | null;
  ended_by: string | null;
  end_reason: string | null;
  incident_id: string;
}

interface LiveRow extends GrantRow {
  policy: string;
  runbook: string;
}

interface OutcomeRow {
  state: string;
  runState: string | null;
  outcome: string | null;
  isUnasked: number | null;
  isOwn: number;
  runbook: string | null;
  host: string | null;
  at: number;
  undoneAt: number | null;
}

function toOutcome(row: OutcomeRow): PastOutcome[] {
  const what = whatOf(row);
  if (what === null) return [];
  return [
    {
      what,
      at: new Date(row.undoneAt ?? row.at),
      isUnasked: row.isUnasked === 1,
      isOwn: row.isOwn === 1,
      runbookHash: row.runbook ?? "",
      host: row.host ?? "",
    },
  ];
}

/** The worst that is known of it; null while it is under way or nobody has looked yet. */
function whatOf({ state, runState, outcome, undoneAt }: OutcomeRow): PastOutcome["what"] | null {
  if (state === "rejected") return "rejected";
  if (undoneAt !== null) return "undone";
  if (runState === "unknown") return "unknown";
  if (state === "failed") return "failed";
  return outcome as PastOutcome["what"] | null;
}

function whyVoid(
  { policy, runbook, runbook_id: id }: LiveRow,
  rules: { readonly policyHash: string | null; readonly runbookHashes: readonly string[] },
): string | null {
  if (!rules.runbookHashes.includes(runbook)) return `runbooks/${id}.md was changed`;
  if (rules.policyHash === null || rules.policyHash === policy) return null;
  return "policy.yaml was changed";
}

function toGrant(row: GrantRow): Grant {
  const { ended_at: endedAt, ended_by: by, end_reason: why } = row;
  return {
    requestId: row.request_id,
    incidentId: row.incident_id,
    runbookId: row.runbook_id,
    actionId: row.action_id,
    target: row.target,
    binding: row.binding,
    givenAt: new Date(row.given_at),
    end: endedAt === null ? null : { at: new Date(endedAt), by, why: why ?? "" },
  };
}

type Key = [runbookId: string, actionId: string, target: string];

function prepare(sqlite: Sqlite) {
  const ofAction = "runbook_id = ? AND action_id = ? AND target = ?";
  const grants = "SELECT g.*, r.incident_id";
  return {
    outcomes: sqlite.prepare<[...Key, number], OutcomeRow>(
      `SELECT r.state, e.state AS runState, v.outcome, e.is_unasked AS isUnasked,
              (r.requester IS NULL AND r.episode_id IS NOT NULL) AS isOwn,
              r.plan ->> '$.runbook.sha256' AS runbook, r.plan ->> '$.target.host' AS host,
              coalesce(v.judged_at, e.finished_at, r.ended_at, r.created_at) AS at,
              (SELECT max(u.created_at) FROM requests u WHERE u.undoes = e.id AND u.undoes IS NOT NULL) AS undoneAt
       FROM requests r LEFT JOIN executions e ON e.request_id = r.id LEFT JOIN verifications v ON v.execution_id = e.id
       WHERE r.runbook_id = ? AND r.action_id = ? AND r.target = ? AND (r.state = 'rejected' OR e.started_at IS NOT NULL)
       ORDER BY r.created_at DESC LIMIT ?`,
    ),
    takenBack: sqlite
      .prepare<Key, number>(
        `SELECT ended_at FROM grants WHERE ${ofAction} AND ended_at IS NOT NULL AND ended_by IS NOT NULL`,
      )
      .pluck(),
    liveOf: sqlite.prepare<Key, GrantRow>(
      `${grants} FROM grants g JOIN requests r ON r.id = g.request_id
       WHERE g.runbook_id = ? AND g.action_id = ? AND g.target = ? AND g.ended_at IS NULL`,
    ),
    endedSince: sqlite.prepare<[...Key, number]>(
      `SELECT 1 FROM grants WHERE ${ofAction} AND ended_at >= ? LIMIT 1`,
    ),
    live: sqlite.prepare<[], LiveRow>(
      `${grants}, r.plan ->> '$.policy' AS policy, r.plan ->> '$.runbook.sha256' AS runbook
       FROM grants g JOIN requests r ON r.id = g.request_id WHERE g.ended_at IS NULL`,
    ),
    list: sqlite.prepare<[number], GrantRow>(
      `${grants} FROM grants g JOIN requests r ON r.id = g.request_id
       ORDER BY g.ended_at IS NOT NULL, coalesce(g.ended_at, g.given_at) DESC LIMIT ?`,
    ),
    actions: sqlite.prepare<[], ActionOnTarget>(
      `SELECT DISTINCT runbook_id AS runbookId, action_id AS actionId, target FROM requests
       WHERE target IS NOT NULL ORDER BY 1, 2, 3`,
    ),
    newestRun: sqlite
      .prepare<Key, string>(
        `SELECT id FROM executions WHERE ${ofAction} ORDER BY claimed_at DESC LIMIT 1`,
      )
      .pluck(),
    succeed: sqlite.prepare<[number, string, string, number]>(
      `UPDATE requests SET state = 'succeeded', ended_at = ?
       WHERE id = ? AND is_grant AND state = 'approved' AND digest = ? AND expires_at > ?`,
    ),
    add: sqlite.prepare<[string, ...Key, string, number]>(
      `INSERT INTO grants (request_id, runbook_id, action_id, target, binding, given_at) VALUES (?, ?, ?, ?, ?, ?)`,
    ),
    end: sqlite.prepare<[number, string | null, string, string]>(
      "UPDATE grants SET ended_at = ?, ended_by = ?, end_reason = ? WHERE request_id = ? AND ended_at IS NULL",
    ),
    say: sqlite.prepare<[string, string]>("UPDATE requests SET end_reason = ? WHERE id = ?"),
  };
}
