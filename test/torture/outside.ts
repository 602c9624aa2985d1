import Database from "better-sqlite3";

export interface Waiting {
  readonly id: string;
  readonly incidentId: string;
  readonly planCode: string;
  readonly risk: string;
  readonly quorum: number;
}

export interface Figures {
  readonly rounds: number;
  readonly kills: number;
  readonly alertsSent: number;
  readonly alertsLost: number;
  readonly executions: number;
  readonly doubleExecutions: number;
  readonly unapprovedExecutions: number;
  readonly recordsVerified: number;
}

export function textOf(figures: Figures): string {
  return [
    `rounds: ${figures.rounds}`,
    `kills: ${figures.kills}`,
    `alerts sent: ${figures.alertsSent}`,
    `alerts lost: ${figures.alertsLost}`,
    `executions: ${figures.executions}`,
    `double executions: ${figures.doubleExecutions}`,
    `unapproved executions: ${figures.unapprovedExecutions}`,
    `records verified: ${figures.recordsVerified}`,
  ].join("\n");
}

interface Started {
  id: string;
  requestId: string;
  isUnasked: number;
  risk: string;
  quorum: number;
  requester: string | null;
  n: string;
}

interface Entry {
  seq: number;
  kind: string;
  event: string;
}

/** Reads the database beside the program, without any of its code. */
export function openOutside(path: string) {
  const raw = new Database(path, { readonly: true });
  raw.pragma("busy_timeout = 5000");
  const started = raw.prepare<[], Started>(
    `SELECT e.id, r.id AS requestId, e.is_unasked AS isUnasked, r.risk, r.quorum, r.requester,
            json_extract(r.proposal, '$.params.n') AS n
     FROM executions e JOIN requests r ON r.id = e.request_id WHERE e.started_at IS NOT NULL`,
  );
  const entries = raw.prepare<[], Entry>(
    `SELECT seq, kind, event FROM record
     WHERE kind LIKE 'request.%' OR kind LIKE 'execution.%' OR kind LIKE 'autohealing.%' ORDER BY seq`,
  );

  /**
   * What the record itself says of each start: approved was the last word on its request, and where nobody was
   * asked, auto-healing was on.
   */
  function startsTheRecordAllows(): Set<string> {
    const lastWord = new Map<string, string>();
    const requestOf = new Map<string, string>();
    const allowed = new Set<string>();
    const unasked = new Set(started.all().flatMap((row) => (row.isUnasked === 1 ? [row.id] : [])));
    let onFrom = Number.NaN;
    for (const { kind, event } of entries.all()) {
      const { at, data } = JSON.parse(event) as {
        at: number;
        data: { request?: string; execution?: string; until?: string | null };
      };
      const [noun, verb = ""] = kind.split(".");
      if (noun === "autohealing") {
        // A disable with an end was on before, and is on again after it.
        onFrom = verb === "enabled" ? at : Date.parse(data.until ?? "");
      } else if (kind === "execution.claimed")
        requestOf.set(data.execution ?? "", data.request ?? "");
      else if (kind === "execution.started") {
        const id = data.execution ?? "";
        const isApproved = lastWord.get(requestOf.get(id) ?? "") === "approved";
        if (isApproved && (at >= onFrom || !unasked.has(id))) allowed.add(id);
      } else if (noun === "request") lastWord.set(data.request ?? "", verb);
    }
    return allowed;
  }

  /** @param approvals who sent an approval for which request, written down before it was sent */
  function unapproved(approvals: ReadonlyMap<string, ReadonlySet<string>>): string[] {
    const allowed = startsTheRecordAllows();
    const isFine = (row: Started) => {
      if (!allowed.has(row.id)) return false;
      if (row.isUnasked === 1) return row.risk === "low" && row.requester === null;
      const people = approvals.get(row.requestId) ?? new Set();
      return people.size >= (row.risk === "high" ? 2 : row.quorum);
    };
    return started.all().flatMap((row) => (isFine(row) ? [] : [row.id]));
  }

  return {
    unapproved,
    startedNumbers: () => new Set(started.all().map(({ n }) => n)),
    storedNumbers: () =>
      new Set(
        raw.prepare("SELECT json_extract(labels, '$.n') FROM alerts").pluck().all() as string[],
      ),
    waiting: () =>
      raw
        .prepare<[], Waiting>(
          `SELECT id, incident_id AS incidentId, plan_code AS planCode, risk, quorum FROM requests
           WHERE state = 'pending' ORDER BY created_at DESC LIMIT 10`,
        )
        .all(),
    openIncidents: () =>
      raw
        .prepare(
          "SELECT id FROM incidents WHERE state <> 'resolved' ORDER BY opened_at DESC LIMIT 10",
        )
        .pluck()
        .all() as string[],
    unknownRuns: () =>
      raw
        .prepare<[], { id: string; incidentId: string }>(
          "SELECT id, incident_id AS incidentId FROM executions WHERE state = 'unknown' AND reviewed_by IS NULL",
        )
        .all(),
    requestOfToken: (token: string) =>
      raw
        .prepare<[string], string>("SELECT subject FROM buttons WHERE token = ?")
        .pluck()
        .get(token),
    /** What is still on its way: nothing may be, once the program was left alone for a while. */
    underWay: () =>
      raw
        .prepare(
          `SELECT kind || ' ' || subject || ' ' || coalesce(last_error, '') FROM steps WHERE kind NOT IN ('expire', 'remind', 'escalate', 'page')
           UNION ALL SELECT 'request ' || id || ' ' || state FROM requests WHERE state IN ('approved', 'executing')
           UNION ALL SELECT 'execution ' || id || ' ' || state FROM executions WHERE state IN ('claimed', 'started')`,
        )
        .pluck()
        .all() as string[],
    /** As if nobody had come for ten minutes: what was collected is stale. */
    ageEvidence(): void {
      const writer = new Database(path);
      writer.exec("UPDATE evidence SET collected_at = collected_at - 600000");
      writer.close();
    },
    close: () => raw.close(),
  };
}

export type Outside = ReturnType<typeof openOutside>;
