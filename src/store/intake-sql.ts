import { ALERT_RESOLVED } from "../approval/approval.ts";
import type { Alert, Severity } from "../incident/alert.ts";
import type { Sqlite } from "./open.ts";

export type EpisodeRow = {
  id: number;
  status: Alert["status"];
  incident_id: string;
  starts_at: number;
};
type IncidentRow = { id: string; severity: Severity | null };

/** What intake asks and writes; each of them finds its rows by an index, however long the history is. */
export function prepareIntake(sqlite: Sqlite) {
  return {
    sameEpisode: sqlite.prepare<[string, string, number], EpisodeRow>(
      "SELECT id, status, incident_id, starts_at FROM alerts WHERE source = ? AND fingerprint = ? AND starts_at = ?",
    ),
    renamedEpisode: sqlite.prepare<[string, string, number], EpisodeRow>(
      `SELECT a.id, a.status, a.incident_id, a.starts_at FROM other_starts o JOIN alerts a ON a.id = o.episode_id
       WHERE o.source = ? AND o.fingerprint = ? AND o.starts_at = ?`,
    ),
    addStart: sqlite.prepare<[string, string, number, number]>(
      "INSERT INTO other_starts (source, fingerprint, starts_at, episode_id) VALUES (?, ?, ?, ?)",
    ),
    firingEpisode: sqlite.prepare<[string, string], EpisodeRow>(
      `SELECT id, status, incident_id, starts_at FROM alerts
       WHERE source = ? AND fingerprint = ? AND status = 'firing' ORDER BY starts_at DESC LIMIT 1`,
    ),
    newestEpisode: sqlite.prepare<[string, string], EpisodeRow>(
      `SELECT id, status, incident_id, starts_at FROM alerts
       WHERE source = ? AND fingerprint = ? ORDER BY starts_at DESC LIMIT 1`,
    ),
    addEpisode: sqlite.prepare(
      `INSERT INTO alerts (source, fingerprint, starts_at, status, ends_at, labels, annotations, generator_url, extra, incident_id, received_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    resolveEpisode: sqlite.prepare<[number, number]>(
      "UPDATE alerts SET status = 'resolved', ends_at = ? WHERE id = ?",
    ),
    openIncident: sqlite.prepare<[string, string], IncidentRow>(
      "SELECT id, severity FROM incidents WHERE source = ? AND group_key = ? AND state <> 'resolved'",
    ),
    recentlyResolved: sqlite.prepare<[string, string, string, number], { id: string }>(
      `SELECT id FROM incidents WHERE id = (
         SELECT incident_id FROM alerts WHERE source = ? AND fingerprint = ? ORDER BY starts_at DESC LIMIT 1)
       AND group_key = ? AND state = 'resolved' AND resolved_at >= ?`,
    ),
    addIncident: sqlite.prepare(
      `INSERT INTO incidents (id, source, group_key, state, title, severity, opened_at, resolved_at, truncated_alerts, trust, receiver, external_url, group_labels, extra, version, route, n)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, '[]', (SELECT coalesce(max(n), 0) + 1 FROM incidents))`,
    ),
    // Trust can only fall while an incident lives: one unproven body makes all of it unproven.
    updateIncident: sqlite.prepare<[Severity | null, number, string, string, string]>(
      `UPDATE incidents SET severity = ?, truncated_alerts = max(truncated_alerts, ?),
       trust = CASE WHEN trust = 'none' OR ? = 'none' THEN 'none' ELSE ? END WHERE id = ?`,
    ),
    reopen: sqlite.prepare<[Severity | null, number, string, string]>(
      `UPDATE incidents SET state = 'open', resolved_at = NULL, acknowledged_by = NULL, severity = ?, truncated_alerts = ?, trust = ? WHERE id = ?`,
    ),
    // One that fires again is no longer part of the storm it was told in.
    addCard: sqlite.prepare<[string, string, string, number]>(
      `INSERT INTO cards (incident_id, channel, chat, shown_version, is_stale, is_urgent, is_reposted, at) VALUES (?, ?, ?, 0, 1, 0, 0, ?)
       ON CONFLICT (incident_id, channel, chat) DO UPDATE SET digest_id = NULL WHERE digest_id IS NOT NULL`,
    ),
    routeOf: sqlite
      .prepare<[string], string | null>("SELECT route FROM incidents WHERE id = ?")
      .pluck(),
    setRoute: sqlite.prepare<[string | null, string]>(
      "UPDATE incidents SET route = ? WHERE id = ?",
    ),
    undecidedRequests: sqlite.prepare<[number], { id: string }>(
      "SELECT id FROM requests WHERE episode_id = ? AND state IN ('pending', 'approved', 'executing') AND state <> 'executing'",
    ),
    cancelRequest: sqlite.prepare<[number, string]>(
      `UPDATE requests SET state = 'cancelled', ended_at = ?, end_reason = '${ALERT_RESOLVED}' WHERE id = ?`,
    ),
    truncate: sqlite.prepare<[number, string, number]>(
      "UPDATE incidents SET truncated_alerts = ? WHERE id = ? AND truncated_alerts < ? AND state <> 'resolved'",
    ),
    stillFiring: sqlite.prepare<[string], unknown>(
      "SELECT 1 FROM alerts WHERE incident_id = ? AND status = 'firing' LIMIT 1",
    ),
    resolveIncident: sqlite.prepare<[number, string]>(
      "UPDATE incidents SET state = 'resolved', resolved_at = ? WHERE id = ? AND state <> 'resolved'",
    ),
  };
}
