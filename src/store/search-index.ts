import type { Labels } from "../incident/alert.ts";
import type { Sqlite } from "./open.ts";
import { relaxed } from "./relaxed.ts";

/** An incident of thousands of alerts is found by its first ones. */
const MOST_ALERTS = 200;
const MOST_CHARACTERS = 32_000;

/**
 * Keeps the full-text index of the history. A change only marks its incident, which costs next to nothing while a storm
 * comes in; the words are written later, in slices.
 */
export function createSearchIndex(sqlite: Sqlite, redact: (text: string) => string) {
  const stale = sqlite.prepare<[number], { n: number; id: string }>(
    "SELECT n, id FROM incidents WHERE is_indexed = 0 ORDER BY n DESC LIMIT ?",
  );
  const clear = sqlite.prepare<[number]>("UPDATE incidents SET is_indexed = 1 WHERE n = ?");
  const forget = sqlite.prepare<[number]>("DELETE FROM incident_words WHERE rowid = ?");
  const add = sqlite.prepare<[number, string]>(
    "INSERT INTO incident_words (rowid, words) VALUES (?, ?)",
  );
  const title = sqlite
    .prepare<[string], string>("SELECT title FROM incidents WHERE id = ?")
    .pluck();
  const alerts = sqlite.prepare<[string, number], { labels: string; annotations: string }>(
    "SELECT labels, annotations FROM alerts WHERE incident_id = ? ORDER BY id LIMIT ?",
  );
  const requests = sqlite.prepare<
    [string],
    { runbook_id: string; target: string; proposal: string }
  >("SELECT runbook_id, target, proposal FROM requests WHERE incident_id = ?");
  const votes = sqlite.prepare<[string], { person: string; reason: string | null }>(
    "SELECT person, reason FROM votes WHERE request_id IN (SELECT id FROM requests WHERE incident_id = ?)",
  );
  const causes = sqlite
    .prepare<[string, string], string | null>(
      `SELECT diagnosis ->> 'cause' FROM diagnoses WHERE incident_id = ?
       UNION ALL SELECT opinion ->> 'cause' FROM opinions WHERE incident_id = ?`,
    )
    .pluck();

  /** The newest that have changed. @returns whether more are left */
  function indexSome(limit: number): boolean {
    const rows = stale.all(limit);
    if (rows.length === 0) return false;
    const index = sqlite.transaction(() => {
      for (const { n, id } of rows) {
        forget.run(n);
        add.run(n, textOf(id));
        clear.run(n);
      }
    });
    relaxed(sqlite, () => index.immediate());
    return rows.length === limit;
  }

  /** What people remember of an incident, each text once: a group's alerts share most of theirs. */
  function textOf(id: string): string {
    const texts = new Set<string | null>([id.replace("inc_", ""), title.get(id) ?? ""]);
    for (const alert of alerts.all(id, MOST_ALERTS)) {
      for (const [name, value] of entriesOf(alert.labels)) texts.add(`${name}=${value}`);
      for (const [, value] of entriesOf(alert.annotations)) texts.add(value);
    }
    for (const { runbook_id: runbook, target, proposal } of requests.all(id)) {
      const { actionTitle = "" } = JSON.parse(proposal) as { actionTitle?: string };
      for (const text of [runbook, target, actionTitle]) texts.add(text);
    }
    for (const { person, reason } of votes.all(id)) texts.add(person).add(reason);
    for (const cause of causes.all(id, id)) texts.add(cause);
    const whole = [...texts].filter(Boolean).join("\n").slice(0, MOST_CHARACTERS);
    // Nobody may find out a secret by searching for it.
    return redact(whole).replaceAll("\0", " ");
  }

  return { indexSome };
}

export type SearchIndex = ReturnType<typeof createSearchIndex>;

function entriesOf(labels: string): [string, string][] {
  return Object.entries(JSON.parse(labels) as Labels);
}
