import type { Sqlite } from "./open.ts";
import type { Chain } from "./record.ts";

/** So many incidents at once: the program answers in between, and a portion is soon done. */
const BATCH = 20;

/** What hangs on an incident, in an order in which nothing refers to what is gone. `?` is a JSON list of incident ids. */
const OF_INCIDENTS = "(SELECT value FROM json_each(?))";
const OF_REQUESTS = `(SELECT id FROM requests WHERE incident_id IN ${OF_INCIDENTS})`;
const REMOVE = [
  `DELETE FROM verifications WHERE execution_id IN (SELECT id FROM executions WHERE incident_id IN ${OF_INCIDENTS})`,
  `DELETE FROM executions WHERE incident_id IN ${OF_INCIDENTS}`,
  `DELETE FROM votes WHERE request_id IN ${OF_REQUESTS}`,
  `DELETE FROM proposal_keys WHERE request_id IN ${OF_REQUESTS}`,
  `DELETE FROM buttons WHERE subject IN ${OF_REQUESTS}`,
  `DELETE FROM silences WHERE incident_id IN ${OF_INCIDENTS}`,
  `DELETE FROM grants WHERE request_id IN ${OF_REQUESTS}`,
  `DELETE FROM requests WHERE incident_id IN ${OF_INCIDENTS}`,
  `DELETE FROM other_starts WHERE episode_id IN (SELECT id FROM alerts WHERE incident_id IN ${OF_INCIDENTS})`,
  `DELETE FROM alerts WHERE incident_id IN ${OF_INCIDENTS}`,
  `DELETE FROM evidence WHERE incident_id IN ${OF_INCIDENTS}`,
  `DELETE FROM diagnoses WHERE incident_id IN ${OF_INCIDENTS}`,
  `DELETE FROM opinions WHERE incident_id IN ${OF_INCIDENTS}`,
  // A picture stands under a card, and is found by its place.
  `DELETE FROM pictures WHERE (channel, chat, incident_id) IN (SELECT channel, chat, incident_id FROM cards WHERE incident_id IN ${OF_INCIDENTS})`,
  `DELETE FROM tellings WHERE incident_id IN ${OF_INCIDENTS}`,
  `DELETE FROM cards WHERE incident_id IN ${OF_INCIDENTS}`,
  `DELETE FROM incident_words WHERE rowid IN (SELECT n FROM incidents WHERE id IN ${OF_INCIDENTS})`,
  `DELETE FROM incidents WHERE id IN ${OF_INCIDENTS}`,
];

/** Forgets incidents that are long over. The record keeps what was done: its chain is never cut. */
export function createRetention(sqlite: Sqlite, record: Chain) {
  // Whatever is alive, or still counts for what may run, stays however old it is.
  const old = sqlite
    .prepare<[number, number], string>(
      `SELECT id FROM incidents i WHERE state = 'resolved' AND opened_at < ? AND resolved_at < ?
         AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.incident_id = i.id AND a.status = 'firing')
         AND NOT EXISTS (SELECT 1 FROM requests r WHERE r.incident_id = i.id AND r.state IN ('pending', 'approved', 'executing'))
         AND NOT EXISTS (SELECT 1 FROM grants g JOIN requests r ON r.id = g.request_id WHERE r.incident_id = i.id AND g.ended_at IS NULL)
         AND NOT EXISTS (SELECT 1 FROM silences s WHERE s.incident_id = i.id AND s.ended_at IS NULL)
         AND NOT EXISTS (SELECT 1 FROM executions e WHERE e.incident_id = i.id
           AND (e.state IN ('claimed', 'started') OR (e.state = 'unknown' AND e.reviewed_by IS NULL)))
       ORDER BY opened_at LIMIT ${BATCH}`,
    )
    .pluck();
  const removals = REMOVE.map((text) => sqlite.prepare<[string]>(text));

  /** @returns how many incidents it forgot; none means that there is nothing more to forget */
  function forget(resolvedBefore: Date): number {
    return sqlite
      .transaction(() => {
        const ids = old.all(resolvedBefore.getTime(), resolvedBefore.getTime());
        if (ids.length === 0) return 0;
        const list = JSON.stringify(ids);
        for (const removal of removals) removal.run(list);
        record.append({
          kind: "history.forgotten",
          actor: "countersign",
          incidentId: null,
          data: { incidents: ids.length, resolvedBefore: resolvedBefore.toISOString() },
        });
        return ids.length;
      })
      .immediate();
  }

  /** Room that is in use; what was freed is used again before the file grows. */
  function bytes(): number {
    const pragma = (name: string) => Number(sqlite.pragma(name, { simple: true }));
    return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
  }

  return { forget, bytes };
}
