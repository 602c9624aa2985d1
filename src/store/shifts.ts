import type { Shift } from "../incident/handover.ts";
import type { Sqlite } from "./open.ts";

const MOST = 200;

type OpenRow = Omit<Shift["open"][number], "openedAt"> & { openedAt: number };
type RunRow = Omit<Shift["ran"][number], "isUnasked"> & { isUnasked: number };
type SilenceRow = { title: string; until: number };
type NoteRow = Shift["notes"][number];

/** What a shift leaves behind, read at one moment. A drill is none of it. */
export function createShifts(sqlite: Sqlite) {
  const open = sqlite.prepare<[], OpenRow>(
    `SELECT id, title, severity, acknowledged_by AS acknowledgedBy, opened_at AS openedAt FROM incidents
     WHERE state <> 'resolved' AND source <> 'drill' ORDER BY opened_at LIMIT ${MOST}`,
  );
  const openCount = sqlite
    .prepare<[], number>(
      "SELECT count(*) FROM incidents WHERE state <> 'resolved' AND source <> 'drill'",
    )
    .pluck();
  const ran = sqlite.prepare<[number, number], RunRow>(
    `SELECT r.proposal ->> 'actionTitle' AS title, e.target, e.is_unasked AS isUnasked,
       CASE WHEN e.state = 'unknown' THEN 'unknown' ELSE coalesce(e.outcome,
         CASE WHEN r.state = 'failed' THEN 'failed' ELSE 'under_way' END) END AS outcome
     FROM executions e JOIN requests r ON r.id = e.request_id
     WHERE e.started_at IS NOT NULL AND e.claimed_at > ? AND e.claimed_at <= ? ORDER BY e.claimed_at DESC LIMIT ${MOST}`,
  );
  const silenced = sqlite.prepare<[number], SilenceRow>(
    `SELECT i.title, max(s.lift_at) AS until FROM incidents i INDEXED BY open_incidents CROSS JOIN silences s ON s.incident_id = i.id
     WHERE i.state <> 'resolved' AND s.ended_at IS NULL AND s.failure IS NULL AND s.lift_at > ? GROUP BY i.id ORDER BY 2 LIMIT ${MOST}`,
  );
  const notes = sqlite.prepare<[number, number], NoteRow>(
    `SELECT i.id AS incidentId, i.title, r.event ->> 'actor' AS person, r.event ->> '$.data.text' AS text
     FROM record r JOIN incidents i ON i.id = r.incident_id
     WHERE r.kind = 'incident.noted' AND r.at > ? AND r.at <= ? ORDER BY r.seq DESC LIMIT ${MOST}`,
  );

  const read = sqlite.transaction((from: Date, to: Date): Shift => {
    const stretch = [from.getTime(), to.getTime()] as const;
    return {
      openCount: openCount.get() ?? 0,
      open: open.all().map((row) => ({ ...row, openedAt: new Date(row.openedAt) })),
      ran: ran.all(...stretch).map((row) => ({ ...row, isUnasked: row.isUnasked === 1 })),
      silenced: silenced
        .all(to.getTime())
        .map(({ title, until }) => ({ title, until: new Date(until) })),
      notes: notes.all(...stretch),
    };
  });

  return { of: (from: Date, to: Date): Shift => read(from, to) };
}
