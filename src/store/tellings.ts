import type { Sqlite } from "./open.ts";

/** What each place outside the chats was last told of an incident. */
export function createTellings(sqlite: Sqlite, now: () => Date) {
  const find = sqlite
    .prepare<[string, string], string>(
      "SELECT event FROM tellings WHERE incident_id = ? AND place = ?",
    )
    .pluck();
  const save = sqlite.prepare<[string, string, string, number]>(
    `INSERT INTO tellings (incident_id, place, event, at) VALUES (?, ?, ?, ?)
     ON CONFLICT (incident_id, place) DO UPDATE SET event = excluded.event, at = excluded.at`,
  );

  return {
    /** Null where it was told nothing yet. */
    last: (incidentId: string, place: string): string | null => find.get(incidentId, place) ?? null,
    told(incidentId: string, place: string, event: string): void {
      save.run(incidentId, place, event, now().getTime());
    },
  };
}
