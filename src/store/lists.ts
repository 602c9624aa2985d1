import type { RequestState } from "../approval/approval.ts";
import type { ExecutionState } from "../execution/execution.ts";
import type { Reason, Risk } from "../remediation/proposal.ts";
import type { VerificationOutcome } from "../verification/verification.ts";
import type { Sqlite } from "./open.ts";
import { toDate } from "./rows.ts";

export interface PageWanted {
  readonly limit: number;
  /** The last one of the page before. */
  readonly last: string | null;
}

type Slice = [last: string | null, last: string | null, limit: number];

/** One comparison, so that the list begins where the page does. After one that is forgotten there is nothing older. */
const after = (row: string, table: string) =>
  `${row}.rowid < CASE WHEN ? IS NULL THEN ${Number.MAX_SAFE_INTEGER} ELSE (SELECT rowid FROM ${table} WHERE id = ?) END`;

/** What was asked for and what ran, over all incidents, the newest first. */
export function createLists(sqlite: Sqlite) {
  const list = (from: string, conditions: string, order: string) =>
    sqlite.prepare<Slice, Row>(
      `SELECT r.id, r.incident_id, r.state, r.risk, r.reasons, r.requester, r.runbook_id, r.action_id,
         r.proposal ->> 'actionTitle' AS title, r.target, r.created_at, r.ended_at, r.end_reason,
         e.id AS execution_id, e.state AS run_state, e.started_at, e.finished_at, e.exit_code, v.outcome
       FROM ${from} LEFT JOIN verifications v ON v.execution_id = e.id
       WHERE ${conditions} ORDER BY ${order} LIMIT ?`,
    );
  const run = "LEFT JOIN executions e ON e.request_id = r.id";
  const all = list(`requests r ${run}`, after("r", "requests"), "r.rowid DESC");
  const waiting = list(
    `requests r INDEXED BY live_requests ${run}`,
    `${after("r", "requests")} AND r.state IN ('pending', 'approved', 'executing') AND r.state = 'pending'`,
    "r.rowid DESC",
  );
  const ran = list(
    "executions e CROSS JOIN requests r ON r.id = e.request_id",
    after("e", "executions"),
    "e.rowid DESC",
  );

  return {
    requests: ({ limit, last, isWaiting }: PageWanted & { readonly isWaiting: boolean }) =>
      (isWaiting ? waiting : all).all(last, last, limit).map(storyOf),
    executions: ({ limit, last }: PageWanted) => ran.all(last, last, limit).map(storyOf),
  };
}

interface Row {
  id: string;
  incident_id: string;
  state: RequestState;
  risk: Risk;
  reasons: string;
  requester: string | null;
  runbook_id: string;
  action_id: string;
  title: string;
  target: string | null;
  created_at: number;
  ended_at: number | null;
  end_reason: string | null;
  execution_id: string | null;
  run_state: ExecutionState | null;
  started_at: number | null;
  finished_at: number | null;
  exit_code: number | null;
  outcome: VerificationOutcome | null;
}

function storyOf(row: Row) {
  return {
    request: row.id,
    incident: row.incident_id,
    state: row.state,
    risk: row.risk,
    reasons: JSON.parse(row.reasons) as Reason[],
    requester: row.requester,
    runbook: row.runbook_id,
    action: row.action_id,
    title: row.title,
    target: row.target,
    createdAt: new Date(row.created_at),
    endedAt: toDate(row.ended_at),
    endReason: row.end_reason,
    execution:
      row.execution_id === null || row.run_state === null
        ? null
        : {
            id: row.execution_id,
            state: row.run_state,
            startedAt: toDate(row.started_at),
            finishedAt: toDate(row.finished_at),
            exitCode: row.exit_code,
          },
    verification: row.outcome,
  };
}
