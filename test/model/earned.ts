import type Database from "better-sqlite3";
import { expect } from "vitest";
import type { Plan } from "../../src/approval/approval.ts";
import type { EarnRule } from "../../src/remediation/policy.ts";

interface Entry {
  at: number;
  kind: string;
  actor: string;
  data: { request?: string; execution?: string; undoes?: string; target?: string };
}

interface Row {
  target: string;
  plan: Plan;
  requester: string | null;
  hasAlert: number;
}

/** What one target has earned, as somebody would say who reads the record aloud. */
interface Standing {
  inARow: number;
  runbook: string;
  lastRejectedAt: number;
  /** The plan that people gave leave by. */
  leave: Plan | null;
}

/**
 * Who may run unasked, told anew from the first entry of the record each time: it knows nothing of what the program
 * keeps about that, and believes no word of it but what happened.
 */
export function createEarnings(
  raw: Database.Database,
  approvals: ReadonlyMap<string, ReadonlyMap<string, string>>,
) {
  const entries = raw.prepare<[], { at: number; event: string }>(
    "SELECT at, event FROM record ORDER BY seq",
  );
  const requests = raw.prepare<[string], Omit<Row, "plan"> & { plan: string | null }>(
    "SELECT target, plan, requester, episode_id IS NOT NULL AS hasAlert FROM requests WHERE id = ?",
  );
  const requestOfRun = raw
    .prepare<[string], string>("SELECT request_id FROM executions WHERE id = ?")
    .pluck();

  function told(rule: EarnRule): Map<string, Standing> {
    const standings = new Map<string, Standing>();
    const spoilt = new Set<string>();
    for (const { at, event } of entries.all()) {
      const { kind, actor, data } = JSON.parse(event) as Entry;
      const id = data.request ?? (data.execution && requestOfRun.get(data.execution)) ?? "";
      const found = requests.get(id);
      if (kind === "grant.ended" && actor !== "countersign") forfeit(data.target ?? "");
      // What was refused from the first has no plan.
      if (found === undefined || found.plan === null) continue;
      const row = { ...found, plan: JSON.parse(found.plan) as Plan };
      if (row.plan.action !== "restart") {
        // What undoes a run speaks against the action whose run it was.
        if (kind === "request.proposed" && data.undoes !== undefined) forfeit(row.target);
        continue;
      }
      if (kind === "request.rejected") {
        forfeit(row.target);
        of(row.target).lastRejectedAt = at;
      } else if (/^execution\.(?:unknown|timed_out)$|^request\.(?:failed|unknown)$/.test(kind)) {
        if (hasStarted(data)) spoilt.add(id);
        if (spoilt.has(id)) forfeit(row.target);
      } else if (kind === "verification.verified" && !spoilt.has(id)) helped(id, row);
      else if (kind.startsWith("verification.")) forfeit(row.target);
      else if (kind === "grant.given") given(id, row, at);
    }
    return standings;

    function of(target: string): Standing {
      const none = { inARow: 0, runbook: "", lastRejectedAt: 0, leave: null };
      const standing = standings.get(target) ?? none;
      standings.set(target, standing);
      return standing;
    }

    function forfeit(target: string): void {
      Object.assign(of(target), { inARow: 0, leave: null });
    }

    function helped(id: string, { target, plan, requester, hasAlert }: Row): void {
      const standing = of(target);
      if (standing.runbook !== plan.runbook.sha256) standing.inARow = 0;
      standing.runbook = plan.runbook.sha256;
      const isApproved = (approvals.get(id)?.size ?? 0) > 0;
      if (isApproved && requester === null && hasAlert === 1) standing.inARow += 1;
    }

    function given(id: string, { target, plan }: Row, at: number): void {
      const standing = of(target);
      expect(standing.inARow, "enough in a row").toBeGreaterThanOrEqual(rule.verifiedInARow);
      expect(standing.runbook, "of this runbook").toBe(plan.runbook.sha256);
      expect(at - standing.lastRejectedAt, "none rejected").toBeGreaterThanOrEqual(
        rule.noneRejectedInMs,
      );
      const voters = approvals.get(id) ?? new Map<string, string>();
      expect(voters.size, "a quorum as for high risk").toBeGreaterThanOrEqual(2);
      expect(plan.risk).toBe("high");
      standing.leave = plan;
    }
  }

  const started = raw.prepare<[string, string]>(
    "SELECT 1 FROM executions WHERE (request_id = ? OR id = ?) AND started_at IS NOT NULL",
  );
  function hasStarted({ request = "", execution = "" }: Entry["data"]): boolean {
    return started.get(request, execution) !== undefined;
  }

  return {
    /** Throws where people were asked for leave that was not earned, also where nothing ran by it. */
    expectAllEarned(rule: EarnRule): void {
      told(rule);
    },
    /** Throws unless people gave leave for this very action, and nothing has spoken against it since. */
    expectLeave(run: Plan, rule: EarnRule): void {
      const leave = told(rule).get(run.target.name)?.leave;
      expect(leave ?? null, "leave to run unasked").not.toBeNull();
      const about = ({ runbook, action, executor, target, policy }: Plan) => ({
        ...{ runbook, action, executor, target, policy },
      });
      expect(about(run)).toEqual(about(leave as Plan));
    },
  };
}
