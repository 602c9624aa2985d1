import { createHash } from "node:crypto";
import Database from "better-sqlite3";
import { redact } from "../src/evidence/redact.ts";
import { createSearchIndex } from "../src/store/search-index.ts";
import { webhookBody } from "./alerts.ts";
import { databaseIn, startProgram } from "./contenders.ts";
import { createFolder, removeFolder } from "./processes.ts";
import type { Bench, Row } from "./result.ts";
import { spread } from "./result.ts";

const MINUTE_MS = 60_000;
const SLICE = 500;

/** The console's pages with a long history: from the request to the last byte of the page. */
export const pages: Bench = {
  name: "pages",
  async run({ quick }) {
    const incidents = quick ? 10_000 : 100_000;
    const rounds = quick ? 20 : 200;
    const folder = createFolder();
    // Its tables are made by the program itself.
    await (await startProgram(folder)).stop("SIGKILL");
    fill(databaseIn(folder), incidents);
    const running = await startProgram(folder);
    const cookie = await signIn(running, folder);
    const paths = [
      "/",
      `/incidents/${await newIncident(running)}`,
      "/history",
      `/history?page=${incidents / 25 > 400 ? 400 : 2}`,
      "/history?words=ServiceDown",
      "/history?words=host-4711",
      "/history?words=nothing-like-it",
      "/history?words=4&severity=critical&within=month",
      "/runbooks",
      "/policy",
      "/targets",
      "/record",
      "/settings",
      "/statistics",
    ];
    const rows: Row[] = [];
    const raw: Record<string, number[]> = {};
    for (const path of paths) {
      const took: number[] = [];
      let bytes = 0;
      for (let round = 0; round < rounds; round += 1) {
        const start = performance.now();
        const answer = await fetch(running.url + path, { headers: { cookie } });
        bytes = (await answer.text()).length;
        took.push(performance.now() - start);
        if (answer.status !== 200) throw new Error(`${path} answers ${answer.status}`);
      }
      raw[path] = took;
      rows.push({
        what: `Page with ${incidents.toLocaleString("en")} incidents`,
        who: path,
        result: `${spread(took)}, first ${Math.round(took[0] ?? 0)} ms, ${Math.round(bytes / 1000)} kB`,
      });
    }
    await running.stop("SIGKILL");
    removeFolder(folder);
    return { rows, raw };
  },
};

/** A minute an incident, each with an alert, a request, a run that helped and three entries of the record. */
function fill(file: string, count: number): void {
  const sqlite = new Database(file);
  const first = Date.now() - count * MINUTE_MS;
  const n = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;
  const at = `${first} + i * ${MINUTE_MS}`;
  const id = (prefix: string) => `printf('${prefix}_f%011x', i)`;
  const severity = "CASE i % 3 WHEN 0 THEN 'critical' ELSE 'warning' END";
  sqlite.pragma("foreign_keys = OFF");
  sqlite.transaction(() => {
    sqlite.exec(
      `INSERT INTO incidents (id, source, group_key, state, title, severity, opened_at, resolved_at, truncated_alerts, trust, group_labels, version) ${n} SELECT ${id("inc")}, 'alertmanager', 'old' || i, 'resolved', 'ServiceDown on host-' || (i % 5000), ${severity}, ${at}, ${at} + 90000, 0, 'key', '{}', 1 FROM n`,
    );
    sqlite.exec(
      `INSERT INTO alerts (source, fingerprint, starts_at, status, ends_at, labels, annotations, incident_id, received_at) ${n} SELECT 'alertmanager', 'f' || (i % 5000), ${at}, 'resolved', ${at} + 90000, json_object('alertname', 'ServiceDown', 'instance', 'host-' || (i % 5000) || ':9100', 'severity', ${severity}, 'job', 'node', 'env', 'lab'), json_object('summary', 'The service on host-' || (i % 5000) || ' does not answer', 'description', 'It has not been reachable for two minutes'), ${id("inc")}, ${at} FROM n`,
    );
    sqlite.exec(
      `INSERT INTO requests (id, incident_id, state, runbook_id, action_id, target, proposal, plan_code, risk, reasons, is_approved_by_policy, created_at, ended_at) ${n} SELECT ${id("req")}, ${id("inc")}, 'succeeded', 'service-down', 'restart', 'host-' || (i % 50), '{"actionTitle":"Restart the service"}', printf('%08x', i), 'low', '[]', 1, ${at}, ${at} FROM n`,
    );
    sqlite.exec(
      `INSERT INTO executions (id, request_id, incident_id, runbook_id, action_id, target, is_unasked, state, claimed_at, started_at, finished_at, exit_code) ${n} SELECT ${id("exe")}, ${id("req")}, ${id("inc")}, 'service-down', 'restart', 'host-' || (i % 50), 1, 'finished', ${at}, ${at}, ${at}, 0 FROM n`,
    );
    sqlite.exec(
      `INSERT INTO verifications (execution_id, outcome, detail, judged_at) ${n} SELECT ${id("exe")}, 'verified', '', ${at} + 60000 FROM n`,
    );
    const entry = `json_object('actor', 'countersign', 'data', json_object('title', 'ServiceDown'))`;
    sqlite.exec(
      `INSERT INTO record (seq, at, kind, incident_id, event, hash) ${n.replace(`< ${count}`, `< ${3 * count}`)} SELECT 1000 + i, ${first} + i / 3 * ${MINUTE_MS}, 'incident.opened', printf('inc_f%011x', i / 3), ${entry}, printf('%064x', i) FROM n`,
    );
  })();
  const { indexSome } = createSearchIndex(sqlite, redact);
  while (indexSome(SLICE));
  sqlite.close();
}

/** One that came by the webhook like any other; those that fill the database have no whole plan. */
async function newIncident({ url }: { url: string }): Promise<string> {
  const body = webhookBody({ alertname: "TestAlert", instance: "test-instance" });
  const answer = await fetch(`${url}/webhook`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const { incidents } = (await answer.json()) as { incidents: string[] };
  return incidents[0] ?? "";
}

async function signIn(running: { url: string }, folder: string): Promise<string> {
  const secret = "bench".repeat(6);
  const sqlite = new Database(databaseIn(folder));
  const now = Date.now();
  sqlite
    .prepare(
      "INSERT INTO sessions (secret_hash, person, csrf, created_at, expires_at) VALUES (?, 'owner', 'c', ?, ?)",
    )
    .run(createHash("sha256").update(secret).digest("hex"), now, now + 3_600_000);
  sqlite.close();
  const cookie = `countersign_session=${secret}`;
  const answer = await fetch(running.url, { headers: { cookie } });
  if (answer.status !== 200) throw new Error(`signed in, and the inbox answers ${answer.status}`);
  return cookie;
}
