import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { createLab } from "./lab.ts";

const BIG = [
  "incidents",
  "alerts",
  "requests",
  "executions",
  "steps",
  "cards",
  "record",
  "votes",
  "evidence",
  "pictures",
];
const ROWS = 50_000;

/** A long history: 50 000 incidents that resolved, with all that belongs to them, and work that waits. */
function fill(raw: Database.Database): void {
  const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})`;
  raw.pragma("foreign_keys = OFF");
  raw.transaction(() => {
    raw.exec(
      `INSERT INTO incidents ${numbers} SELECT printf('inc_f%011x', i), 'alertmanager', 'old' || i, 'resolved', 'Old', 'warning', i, null, i + 1, 0, 'key', null, null, '{}', null, 1, null, null, i, 1 FROM n`,
    );
    raw.exec(
      `INSERT INTO alerts ${numbers} SELECT i, 'alertmanager', 'f' || (i % 1000), i, 'resolved', i + 1, '{"n":"' || i || '"}', '{}', null, null, printf('inc_f%011x', i), i FROM n`,
    );
    raw.exec(
      `INSERT INTO requests (id, incident_id, episode_id, state, runbook_id, action_id, target, proposal, plan_code, risk, reasons, quorum, approvers, expires_at, is_approved_by_policy, created_at, ended_at) ${numbers} SELECT printf('req_f%011x', i), printf('inc_f%011x', i), i, 'succeeded', 'rb', 'act', 't', '{"actionTitle":"x"}', printf('%08x', i), 'low', '[]', 1, 'approver', i, 0, i, i FROM n`,
    );
    raw.exec(
      `INSERT INTO executions ${numbers} SELECT printf('exe_f%011x', i), printf('req_f%011x', i), printf('inc_f%011x', i), 'rb', 'act', 't', 0, 'finished', i, i, i, 0, '', 0, null, 'verified' FROM n`,
    );
    raw.exec(
      `INSERT INTO verifications ${numbers} SELECT printf('exe_f%011x', i), 'verified', '', i FROM n`,
    );
    raw.exec(
      `INSERT INTO cards ${numbers} SELECT printf('inc_f%011x', i), 'telegram', '1', i, 1, 'h', 's', 0, 0, 0, i, 0, null FROM n`,
    );
    raw.exec(
      `INSERT INTO steps ${numbers} SELECT i, 'investigate', 'old' || i, i, 0, 1, 0, null, null, 0 FROM n`,
    );
    raw.exec(
      `INSERT INTO evidence ${numbers} SELECT printf('inc_f%011x', i), 'E1', i, 'alert', '', '', 'found', i, null FROM n`,
    );
    raw.exec(
      `INSERT INTO pictures ${numbers} SELECT printf('inc_f%011x', i), 'telegram', '1', i, 'k', i FROM n`,
    );
    raw.exec(
      `INSERT INTO record ${numbers} SELECT 1000000 + i, i, 'x.y', printf('inc_f%011x', i), '{}', '' FROM n`,
    );
  })();
}

/** Every statement the store prepares or has prepared while `act` runs, as SQLite plans it. */
async function plansOf(act: (lab: ReturnType<typeof createLab>) => Promise<unknown>) {
  const { prepare } = Database.prototype;
  const statements = new Set<string>();
  Database.prototype.prepare = function recorded(this: Database.Database, source: string) {
    statements.add(source);
    return prepare.call(this, source);
  } as typeof prepare;
  onTestFinished(() => {
    Database.prototype.prepare = prepare;
  });
  const lab = createLab();
  fill(lab.raw);
  await act(lab);
  Database.prototype.prepare = prepare;
  return (
    [...statements]
      .filter((source) => /^\s*(?:select|update|delete|insert|with)\b/i.test(source))
      // A migration's, of a table that a later one took away.
      .filter((source) => !/\bsearchable\b/.test(source))
      .map((source) => {
        const rows = lab.raw.prepare(`EXPLAIN QUERY PLAN ${source}`);
        return { source, plan: planOf(rows) };
      })
  );
}

function planOf(explain: Database.Statement): string[] {
  // Only the plan is wanted: what the parameters are does not matter to it, but how many there are does.
  const names = [...explain.source.matchAll(/@(\w+)/g)].map(([, name]) => [name ?? "", 0]);
  const named = names.length > 0 ? [Object.fromEntries(names)] : [];
  for (let count = 0; count < 40; count += 1) {
    try {
      return explain
        .all(...Array.from({ length: count }, () => 0), ...named)
        .map((row) => (row as { detail: string }).detail);
    } catch (error) {
      if (!/too (?:few|many) parameter/i.test(String(error))) throw error;
    }
  }
  throw new Error("too many parameters");
}

/** A scan of a whole table, or of an index that holds every row of it. */
function scans({ plan }: { plan: readonly string[] }): string[] {
  return plan.filter((detail) => {
    const table = /^SCAN (?<table>\w+)/.exec(detail)?.groups?.table ?? "";
    const named =
      {
        i: "incidents",
        a: "alerts",
        c: "cards",
        r: "requests",
        e: "executions",
        s: "steps",
        o: "other_starts",
      }[table] ?? table;
    const isPartial =
      /USING (?:COVERING )?INDEX (?:open_incidents|one_open_incident_a_group|live_requests|one_live_request_an_alert|one_run_a_target|stale_cards|stale_words|firing_alerts|unreviewed_executions|held_requests|switched)\b/.test(
        detail,
      );
    return BIG.includes(named) && !isPartial;
  });
}

/** What may read everything: at start and stop, by hand, or to count. */
const MAY_SCAN = [
  /^SELECT \* FROM record ORDER BY seq$/,
  /GROUP BY kind$/,
  /^SELECT id, crashes FROM steps WHERE is_leased = 1 AND holder IS NULL/,
  /^UPDATE steps SET is_leased = 0 WHERE is_leased = 1 AND holder IS NULL$/,
  /WHERE s\.crashes >= 3/,
  /FROM executions WHERE state = 'started'/,
  /^SELECT count\(\*\) FROM \w+ WHERE 1$/,
  // Counted from an index alone, for the pages of runbooks and targets.
  /^SELECT runbook_id AS runbook, target, count\(\*\) AS runs/,
  // Once, in the upgrade to the version that has these columns.
  /^\s*UPDATE `(?:executions|incidents)` SET `(?:outcome|acknowledged_at)` =/,
  /^SELECT DISTINCT runbook_id AS runbookId, action_id AS actionId, target FROM requests\s+WHERE/,
  // The newest first, until the page is full; whether one has the severity stands in the index.
  /^SELECT i\.id FROM incidents i (?:WHERE i\.severity = \? )?ORDER BY i\.opened_at DESC, i\.rowid DESC LIMIT/,
  /^SELECT count\(\*\) FROM \(SELECT 1 FROM incidents i LIMIT \?\)$/,
  // Likewise with a runbook or a target that so many requests have that a page is soon full.
  /FROM incidents i WHERE EXISTS \(SELECT 1 FROM requests r WHERE r\.incident_id = i\.id AND/,
  /^SELECT (?:seq, at, hash FROM record|at FROM record|received_at FROM alerts WHERE source <> 'drill') ORDER BY \w+ DESC LIMIT 1$/,
];

describe("with 50 000 of everything", () => {
  it("nothing that runs for an alert, a step, a card or a page reads a whole table", async () => {
    const plans = await plansOf(async (lab) => {
      const request = await lab.propose();
      const { store } = lab;
      await store.queue.lease(["execute", "propose"], lab.now());
      await store.queue.nextDue(["execute", "propose"]);
      await store.executions.historyOf({ runbookId: "rb", actionId: "act", target: "t" }, 1);
      await store.cards.stale("telegram", "1", 10);
      const place = { channel: "telegram", chat: "1" };
      await store.digests.weather({ ...place, since: lab.now() });
      await store.digests.begin(place);
      await store.digests.gather(place);
      await store.digests.summary(1);
      await store.cards.renewButtons("telegram", "1");
      await store.pictures.open("telegram", "1");
      await store.pictures.isBusy("telegram", "1");
      const picture = { ...place, incidentId: request.incidentId };
      await store.pictures.find(picture);
      await store.pictures.begun({ ...picture, cardId: "1", shown: "k" });
      await store.pictures.sent({ ...picture, pictureId: "2" });
      await store.pictures.unsent({ ...picture, shown: null });
      await store.views.incident(request.incidentId);
      await store.views.openAlerts(null);
      const first = { fingerprint: "f1", labels: { alertname: "Old" }, startsAt: new Date(9e14) };
      await store.past.pastOf(first, new Date(0));
      await store.past.runsSince(new Date(0), new Date(9e14), 5);
      await store.views.pending();
      await store.views.counts();
      await store.views.lastAlertAt();
      await store.views.timeline(request.incidentId);
      await store.views.find({ limit: 10 });
      await store.views.find({ limit: 10, state: "unresolved" });
      await store.views.find({ limit: 10, runbook: "rb", target: "t" });
      await store.views.find({ limit: 10, words: "some words" });
      await store.views.find({ limit: 10, after: request.incidentId });
      await store.views.find({ limit: 10, words: "some words", after: request.incidentId });
      await store.lists.requests({ limit: 10, last: request.id, isWaiting: true });
      await store.lists.requests({ limit: 10, last: request.id, isWaiting: false });
      await store.lists.executions({ limit: 10, last: null });
      await store.statistics.report(lab.now(), 86_400_000);
      await store.statistics.recordPage(null);
      await store.statistics.runsByTarget();
      await store.bygone.switchesSince(new Date(0));
      await store.grants.list();
      await store.views.find({ limit: 10, severity: "info" });
      await store.requests.findByPlanCode(request.planCode);
      await store.executions.findByRequest(request.id);
    });

    const bad = plans
      .filter(({ source }) => !MAY_SCAN.some((allowed) => allowed.test(source)))
      .flatMap((one) => scans(one).map((scan) => `${scan}: ${one.source}`));

    expect(plans.length).toBeGreaterThan(50);
    expect(bad).toEqual([]);
  }, 60_000);

  it("what all runs and incidents came to is counted from an index alone", async () => {
    const plans = await plansOf(async ({ store, now }) => {
      await store.statistics.tally(new Date(0), now());
      await store.statistics.runsByRunbook();
      await store.executions.recordOf("rb");
    });

    const counting = plans.filter(({ source }) =>
      /^SELECT (?:.* AS runs|json_group_array\(opened_at|count\(\*\) FILTER|is_unasked, count)/.test(
        source,
      ),
    );
    expect(counting).toHaveLength(5);
    for (const { plan } of counting) expect(plan[0]).toContain("COVERING INDEX");
  }, 60_000);

  it("what held an action is found without reading what did not", async () => {
    const plans = await plansOf(async () => undefined);

    const held = plans.filter(({ source }) => source.includes(`instr(reasons, '"rule":"limit"')`));
    const asked = held.filter(({ source }) => source.startsWith("SELECT"));
    expect(asked).toHaveLength(2);
    for (const { plan } of asked) expect(plan[0]).toContain("USING INDEX held_requests");
  }, 60_000);

  it("a step is leased and an alert accepted about as fast as with none", async () => {
    const lab = createLab();
    fill(lab.raw);
    const start = performance.now();
    for (let i = 0; i < 100; i += 1) {
      await lab.fire({ n: String(i) });
      await lab.store.queue.lease(["investigate", "propose"], new Date("2030-01-01"));
    }

    expect((performance.now() - start) / 100).toBeLessThan(50);
  }, 60_000);
});
