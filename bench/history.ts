import Database from "better-sqlite3";
import { redact } from "../src/evidence/redact.ts";
import { createRecord } from "../src/store/record.ts";
import { createSearchIndex } from "../src/store/search-index.ts";

export interface Wanted {
  readonly incidents: number;
  readonly alertsEach: number;
  /** Every so many incidents has one, newest first no different from oldest. */
  readonly executions: number;
  readonly entriesEach: number;
  /** From one incident to the next. */
  readonly everyMs: number;
}

const SLICE = 500;
const OPEN = 20;
const NAMES = ["HighCPU", "ServiceDown", "DiskFull", "ContainerDown", "HighMemory", "HighLatency"];
const RUNBOOKS = ["high-cpu", "service-down", "high-disk-usage", "container-down"];
const ENTRIES = [
  ["incident.opened", "alertmanager", { title: "ServiceDown" }],
  ["alert.fired", "alertmanager", { name: "ServiceDown", instance: "host-1:9100" }],
  ["request.proposed", "countersign", { request: "req_f1", runbook: "service-down" }],
  ["request.approved", "ana", { request: "req_f1", channel: "console" }],
  ["execution.claimed", "countersign", { execution: "exe_f1" }],
  ["execution.started", "countersign", { execution: "exe_f1" }],
  ["execution.finished", "countersign", { execution: "exe_f1", exitCode: 0, durationMs: 90 }],
  ["verification.verified", "countersign", { execution: "exe_f1", detail: "the alert is over" }],
  ["alert.resolved", "alertmanager", { name: "ServiceDown", instance: "host-1:9100" }],
  ["incident.resolved", "alertmanager", { why: "no alert of the group fires any more" }],
] as const;

const pick = (list: readonly string[]) =>
  `CASE i % ${list.length} ${list.map((one, i) => `WHEN ${i} THEN '${one}'`).join(" ")} END`;
const numbers = (count: number) =>
  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;
const id = (prefix: string) => `printf('${prefix}_f%011x', i)`;
const SEVERITY = "CASE i % 3 WHEN 0 THEN 'critical' ELSE 'warning' END";
const TARGET = "'host-' || (i % 50)";

/**
 * A history as years of use leave it, the same for the same numbers: alerts, evidence, requests with whole plans, runs
 * and their verification, and the record with its real chain. The last few incidents are open.
 */
export function fillHistory(file: string, wanted: Wanted): void {
  const sqlite = new Database(file);
  const first = Date.now() - (wanted.incidents + 1) * wanted.everyMs;
  sqlite.pragma("foreign_keys = OFF");
  sqlite.pragma("synchronous = OFF");
  sqlite.transaction(() => {
    addIncidents(sqlite, wanted, first);
    addRuns(sqlite, wanted, first);
    addRecord(sqlite, wanted, first);
  })();
  const { indexSome } = createSearchIndex(sqlite, redact);
  while (indexSome(SLICE));
  sqlite.pragma("wal_checkpoint(TRUNCATE)");
  sqlite.close();
}

function addIncidents(sqlite: Database.Database, wanted: Wanted, first: number): void {
  const { incidents, alertsEach, everyMs } = wanted;
  const at = `${first} + i * ${everyMs}`;
  const lasted = `${Math.min(everyMs, 90_000)}`;
  const isOpen = `i > ${incidents - OPEN}`;
  sqlite.exec(
    `INSERT INTO incidents (id, source, group_key, state, title, severity, opened_at, acknowledged_by, acknowledged_at, resolved_at, truncated_alerts, trust, group_labels, version)
     ${numbers(incidents)} SELECT ${id("inc")}, 'alertmanager', 'old' || i, iif(${isOpen}, 'open', 'resolved'), ${pick(NAMES)} || ' on host-' || (i % 5000), ${SEVERITY}, ${at}, iif(i % 4, NULL, 'ana'), iif(i % 4, NULL, ${at} + 40000), iif(${isOpen}, NULL, ${at} + ${lasted}), 0, 'key', '{}', 1 FROM n`,
  );
  const name = pick(NAMES).replace("i %", "n %");
  sqlite.exec(
    `INSERT INTO alerts (source, fingerprint, starts_at, status, ends_at, labels, annotations, incident_id, received_at)
     ${numbers(incidents * alertsEach)
       .replace("n(i)", "n(j)")
       .replace("SELECT i + 1", "SELECT j + 1")
       .replace(
         "i <",
         "j <",
       )}, a(i, n, j) AS (SELECT (j + ${alertsEach - 1}) / ${alertsEach}, (j + ${alertsEach - 1}) / ${alertsEach}, j FROM n)
     SELECT 'alertmanager', printf('%016x', j % 20000), ${at} + j % ${alertsEach}, iif(${isOpen}, 'firing', 'resolved'), iif(${isOpen}, NULL, ${at} + ${lasted}),
       json_object('alertname', ${name}, 'instance', 'host-' || (i % 5000) || ':9100', 'severity', ${SEVERITY}, 'job', 'node', 'env', 'lab', 'device', 'sd' || (j % ${alertsEach})),
       json_object('summary', 'The service on host-' || (i % 5000) || ' does not answer', 'description', 'It has not been reachable for two minutes'), ${id("inc")}, ${at} FROM a`,
  );
  sqlite.exec(
    `INSERT INTO evidence (incident_id, id, episode_id, kind, title, text, status, collected_at)
     ${numbers(incidents)}, k(e) AS (VALUES (1), (2), (3)) SELECT ${id("inc")}, 'E' || e, i, 'promql', 'Processor time of host-' || (i % 5000), 'It is at ' || (i % 100) || ' %, usual at this hour are 12 to 31 %, for the last ' || e || ' minutes', 'found', ${at} FROM n, k`,
  );
  sqlite.exec(
    `INSERT INTO diagnoses (incident_id, diagnosis) ${numbers(incidents)} SELECT ${id("inc")}, json_object('by', 'rules', 'cause', 'The service does not answer; its host is busy', 'confidence', 'medium', 'cites', json_array('E1', 'E2')) FROM n`,
  );
}

function addRuns(sqlite: Database.Database, wanted: Wanted, first: number): void {
  const every = Math.max(1, Math.round(wanted.incidents / wanted.executions));
  const at = `${first} + i * ${wanted.everyMs}`;
  const n = numbers(wanted.incidents - OPEN);
  const some = `FROM n WHERE i % ${every} = 0`;
  const argv = `json_array('/usr/bin/systemctl', 'restart', 'app-' || (i % 50))`;
  const target = `json_object('name', ${TARGET}, 'host', ${TARGET}, 'executor', 'command', 'directory', '/')`;
  const proposal = `json_object('runbookId', ${pick(RUNBOOKS)}, 'runbookHash', printf('%064x', i), 'runbookTitle', 'The service is down', 'actionId', 'restart', 'actionTitle', 'Restart the service', 'declaredRisk', 'low', 'executor', 'command', 'params', json_object('unit', 'app-' || (i % 50)), 'target', ${target}, 'with', json_object('argv', ${argv}), 'rollback', NULL)`;
  const plan = `json_object('schema', 1, 'request', ${id("req")}, 'incident', ${id("inc")}, 'episode', NULL, 'runbook', json_object('id', ${pick(RUNBOOKS)}, 'sha256', printf('%064x', i)), 'action', 'restart', 'executor', 'command', 'target', json_object('name', ${TARGET}, 'host', ${TARGET}), 'command', json_object('kind', 'argv', 'argv', ${argv}, 'directory', '/'), 'files', json_array(json_object('path', '/usr/bin/systemctl', 'sha256', printf('%064x', 7))), 'timeoutMs', 60000, 'precondition', NULL, 'risk', 'low', 'quorum', 1, 'expiresAt', '2026-01-01T00:00:00.000Z', 'policy', printf('%064x', 9))`;
  const reasons = `'[{"rule":"declared_risk","text":"The runbook calls this action low risk."}]'`;
  sqlite.exec(
    `INSERT INTO requests (id, incident_id, state, runbook_id, action_id, target, proposal, plan, digest, plan_code, risk, reasons, quorum, approvers, expires_at, is_approved_by_policy, created_at, ended_at)
     ${n} SELECT ${id("req")}, ${id("inc")}, 'succeeded', ${pick(RUNBOOKS)}, 'restart', ${TARGET}, ${proposal}, ${plan}, printf('%064x', i), printf('%08x', i), 'low', ${reasons}, 1, 'approver', ${at} + 900000, iif(i % 8, 1, 0), ${at}, ${at} ${some}`,
  );
  sqlite.exec(
    `INSERT INTO votes (request_id, person, decision, channel, reason, at) ${n} SELECT ${id("req")}, 'ana', 'approve', 'console', NULL, ${at} + 20000 ${some} AND i % 8 = 0`,
  );
  sqlite.exec(
    `INSERT INTO executions (id, request_id, incident_id, runbook_id, action_id, target, is_unasked, state, claimed_at, started_at, finished_at, exit_code, output, is_truncated, outcome)
     ${n} SELECT ${id("exe")}, ${id("req")}, ${id("inc")}, ${pick(RUNBOOKS)}, 'restart', ${TARGET}, iif(i % 8, 1, 0), 'finished', ${at}, ${at}, ${at}, 0, 'done', 0, iif(i % 10, 'verified', 'still_failing') ${some}`,
  );
  sqlite.exec(
    `INSERT INTO verifications (execution_id, outcome, detail, judged_at) ${n} SELECT ${id("exe")}, iif(i % 10, 'verified', 'still_failing'), 'the alert is over', ${at} + 60000 ${some}`,
  );
}

/** As the program itself would have written it, hash by hash. */
function addRecord(sqlite: Database.Database, wanted: Wanted, first: number): void {
  let at = new Date(first);
  const { append } = createRecord(
    sqlite,
    () => at,
    (text) => text,
  );
  for (let i = 1; i <= wanted.incidents; i += 1) {
    at = new Date(first + i * wanted.everyMs);
    const incidentId = `inc_f${i.toString(16).padStart(11, "0")}`;
    for (let entry = 0; entry < wanted.entriesEach; entry += 1) {
      const [kind, actor, data] = ENTRIES[entry % ENTRIES.length] ?? ENTRIES[0];
      append({ kind, actor, incidentId, data });
    }
  }
}
