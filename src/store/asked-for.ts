import type { Asker } from "../incident/alert.ts";
import type { Changes } from "./changes.ts";
import type { Sqlite } from "./open.ts";
import type { Chain } from "./record.ts";

/** An incident without alerts: it begins with somebody who asks for an action, and is over when that is. */
export interface Opening {
  readonly source: Asker;
  readonly title: string;
}

export function createAskedFor(
  sqlite: Sqlite,
  { record, changes }: { record: Chain; changes: Changes },
  chats: readonly { channel: string; chat: string }[],
  now: () => Date,
) {
  const add = sqlite.prepare(
    `INSERT INTO incidents (id, source, group_key, state, title, opened_at, truncated_alerts, trust, group_labels, version)
     VALUES (?, ?, ?, 'open', ?, ?, 0, 'key', '{}', 1)`,
  );
  const addCard = sqlite.prepare(
    `INSERT INTO cards (incident_id, channel, chat, shown_version, is_stale, is_urgent, is_reposted, at) VALUES (?, ?, ?, 0, 1, 1, 0, ?)`,
  );
  const resolve = sqlite.prepare<[number, string]>(
    `UPDATE incidents SET state = 'resolved', resolved_at = ?
     WHERE id = ? AND state <> 'resolved' AND source IN ('person', 'api', 'autonomy')
       AND NOT EXISTS (SELECT 1 FROM requests r WHERE r.incident_id = incidents.id
                       AND r.state IN ('pending', 'approved', 'executing'))
       AND NOT EXISTS (SELECT 1 FROM executions e LEFT JOIN verifications v ON v.execution_id = e.id
                       WHERE e.incident_id = incidents.id AND e.started_at IS NOT NULL AND v.outcome IS NULL)`,
  );

  return {
    /** Only inside the transaction that stores the request. */
    open(id: string, { source, title }: Opening, actor: string): void {
      const at = now().getTime();
      add.run(id, source, id, title, at);
      for (const { channel, chat } of chats) addCard.run(id, channel, chat, at);
      const data = { title, severity: null, groupKey: id };
      record.append({ kind: "incident.opened", actor, incidentId: id, data });
    },
    /** Only inside the transaction of a change that may have been the last. An alert's incident is left alone. */
    endIfOver(id: string): void {
      if (resolve.run(now().getTime(), id).changes === 0) return;
      const data = { why: "what was asked for has ended" };
      record.append({ kind: "incident.resolved", actor: "countersign", incidentId: id, data });
      changes.touch(id, { isUrgent: false });
    },
  };
}

export type AskedFor = ReturnType<typeof createAskedFor>;
