import type { Changes } from "./changes.ts";
import type { Sqlite } from "./open.ts";
import type { Chain } from "./record.ts";

/** What people do to an incident itself. */
export function createIncidents(
  sqlite: Sqlite,
  { record, changes }: { record: Chain; changes: Changes },
) {
  const acknowledgeOpen = sqlite.prepare<[string, string]>(
    "UPDATE incidents SET state = 'acknowledged', acknowledged_by = ? WHERE id = ? AND state = 'open'",
  );

  /** Somebody looks after it. @returns false where it is no longer open for that */
  function acknowledge(id: string, person: string): boolean {
    return changes.commit(() =>
      sqlite
        .transaction(() => {
          if (acknowledgeOpen.run(person, id).changes === 0) return false;
          record.append({ kind: "incident.acknowledged", actor: person, incidentId: id, data: {} });
          changes.touch(id, { isUrgent: true });
          return true;
        })
        .immediate(),
    );
  }

  return { acknowledge };
}
