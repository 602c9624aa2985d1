import { ALERT_RESOLVED } from "../approval/approval.ts";
import type { Labels } from "../incident/alert.ts";
import { nameOf } from "../incident/alert.ts";
import type { Changes } from "./changes.ts";
import type { Sqlite } from "./open.ts";
import type { Chain } from "./record.ts";
import type { Steps } from "./steps.ts";

type EpisodeRow = {
  source: string;
  fingerprint: string;
  labels: string;
  incident_id: string;
  group_key: string;
};

/** What happens to an incident itself, apart from what its alerts say. */
export function createIncidents(
  sqlite: Sqlite,
  { record, steps, changes }: { record: Chain; steps: Steps; changes: Changes },
  chats: readonly { channel: string; chat: string }[],
  now: () => Date,
) {
  const acknowledgeOpen = sqlite.prepare<[string, number, string]>(
    `UPDATE incidents SET state = 'acknowledged', acknowledged_by = ?, acknowledged_at = coalesce(acknowledged_at, ?)
     WHERE id = ? AND state = 'open'`,
  );
  const isThere = sqlite.prepare<[string], unknown>("SELECT 1 FROM incidents WHERE id = ?");
  // An episode of the same alert that fires already speaks for it.
  const over = sqlite.prepare<[number], EpisodeRow>(
    `SELECT a.source, a.fingerprint, a.labels, a.incident_id, i.group_key FROM alerts a JOIN incidents i ON i.id = a.incident_id
     WHERE a.id = ? AND a.status = 'resolved' AND NOT EXISTS (
       SELECT 1 FROM alerts b WHERE b.source = a.source AND b.fingerprint = a.fingerprint AND b.status = 'firing')`,
  );
  const openOfGroup = sqlite
    .prepare<[string, string], string>(
      "SELECT id FROM incidents WHERE source = ? AND group_key = ? AND state <> 'resolved'",
    )
    .pluck();
  const fire = sqlite.prepare<[number, string, number]>(
    "UPDATE alerts SET status = 'firing', ends_at = NULL, received_at = ?, incident_id = ? WHERE id = ?",
  );
  const reopen = sqlite.prepare<[string]>(
    "UPDATE incidents SET state = 'open', resolved_at = NULL, acknowledged_by = NULL WHERE id = ? AND state = 'resolved'",
  );
  const addCard = sqlite.prepare<[string, string, number, string, string]>(
    `INSERT INTO cards (incident_id, channel, chat, shown_version, is_stale, is_urgent, is_reposted, at)
     SELECT id, ?, ?, 0, 1, 0, 0, ? FROM incidents WHERE id = ?
       AND (route IS NULL OR EXISTS (SELECT 1 FROM json_each(route) WHERE value = ?)) ON CONFLICT DO NOTHING`,
  );

  const firing = sqlite.prepare<[number], EpisodeRow>(
    `SELECT a.source, a.fingerprint, a.labels, a.incident_id, i.group_key FROM alerts a JOIN incidents i ON i.id = a.incident_id
     WHERE a.id = ? AND a.status = 'firing'`,
  );
  const resolveAlert = sqlite.prepare<[number, number]>(
    "UPDATE alerts SET status = 'resolved', ends_at = ? WHERE id = ?",
  );
  // Said twice, since the index on live requests is only used where all its states are named.
  const undecided = sqlite.prepare<[number], { id: string }>(
    "SELECT id FROM requests WHERE episode_id = ? AND state IN ('pending', 'approved', 'executing') AND state <> 'executing'",
  );
  const cancel = sqlite.prepare<[number, string]>(
    `UPDATE requests SET state = 'cancelled', ended_at = ?, end_reason = '${ALERT_RESOLVED}' WHERE id = ?`,
  );
  const resolve = sqlite.prepare<[number, string]>(
    `UPDATE incidents SET state = 'resolved', resolved_at = ? WHERE id = ? AND state <> 'resolved'
     AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.incident_id = incidents.id AND a.status = 'firing')`,
  );

  /** Somebody looks after it. @returns false where it is no longer open for that */
  function acknowledge(id: string, person: string): boolean {
    return write(() => {
      if (acknowledgeOpen.run(person, now().getTime(), id).changes === 0) return false;
      record.append({ kind: "incident.acknowledged", actor: person, incidentId: id, data: {} });
      changes.touch(id, { isUrgent: true });
      return true;
    });
  }

  /** What a person writes down about it. @returns false where there is no such incident */
  function note(id: string, person: string, text: string): boolean {
    return write(() => {
      if (isThere.get(id) === undefined) return false;
      record.append({ kind: "incident.noted", actor: person, incidentId: id, data: { text } });
      changes.touch(id, { isUrgent: false });
      return true;
    });
  }

  /** An episode that was over has begun anew: its incident opens again and everything is looked at afresh. */
  function fireAgain(episodeId: number): void {
    write(() => {
      const episode = over.get(episodeId);
      if (episode === undefined) return;
      const { source, fingerprint, group_key: groupKey } = episode;
      const alert = nameOf(JSON.parse(episode.labels) as Labels);
      const incidentId = openOfGroup.get(source, groupKey) ?? episode.incident_id;
      fire.run(now().getTime(), incidentId, episodeId);
      if (reopen.run(incidentId).changes > 0) {
        for (const { channel, chat } of chats)
          addCard.run(channel, chat, now().getTime(), incidentId, channel);
        record.append({ kind: "incident.reopened", actor: source, incidentId, data: { alert } });
      }
      record.append({
        kind: "alert.fired_again",
        actor: source,
        incidentId,
        data: { alert, fingerprint },
      });
      steps.enqueue("investigate", String(episodeId), now());
      changes.touch(incidentId, { isUrgent: false });
    });
  }

  /** Nobody sends a resolution of a silenced alert: the source was asked, and no longer reports it. */
  function alertOver(episodeId: number): void {
    write(() => {
      const at = now().getTime();
      const episode = firing.get(episodeId);
      if (episode === undefined) return;
      const { fingerprint, incident_id: incidentId } = episode;
      const alert = nameOf(JSON.parse(episode.labels) as Labels);
      const append = (kind: string, data: Record<string, unknown>) =>
        record.append({ kind, actor: "countersign", incidentId, data });
      const why = "Alertmanager no longer reports it";
      resolveAlert.run(at, episodeId);
      append("alert.resolved", { alert, fingerprint, why });
      for (const request of undecided.all(episodeId)) {
        cancel.run(at, request.id);
        append("request.cancelled", { request: request.id, why: ALERT_RESOLVED });
      }
      if (resolve.run(at, incidentId).changes > 0) append("incident.resolved", {});
      changes.touch(incidentId, { isUrgent: false });
    });
  }

  function write<T>(change: () => T): T {
    return changes.commit(() => sqlite.transaction(change).immediate());
  }

  return { acknowledge, note, fireAgain, alertOver };
}
