import type { Admission, Alert, IncomingAlert, Known, Severity } from "../incident/alert.ts";
import { nameOf, severityOf } from "../incident/alert.ts";
import type { Acceptance, AlertGroup } from "../incident/alert-group.ts";
import type { Changes } from "./changes.ts";
import { newId } from "./ids.ts";
import type { Sqlite } from "./open.ts";
import type { Chain } from "./record.ts";
import type { Steps } from "./steps.ts";

export interface IntakeOptions {
  /** The rule for one incoming alert, asked inside the transaction. */
  readonly admit: (alert: Alert, known: Known) => Admission;
  readonly dedupWindowMs: number;
  /** Every configured chat gets a card of every incident. */
  readonly chats: readonly { channel: string; chat: string }[];
}

type EpisodeRow = { id: number; status: Alert["status"]; incident_id: string; starts_at: number };
type IncidentRow = { id: string; severity: Severity | null };

/**
 * Takes alert groups into the database: several of them in one transaction, because one flush to the disk for all
 * requests that wait is what makes "acknowledged means stored" cheap.
 */
export function createIntake(
  sqlite: Sqlite,
  { record, steps, changes }: { record: Chain; steps: Steps; changes: Changes },
  { admit, dedupWindowMs, chats }: IntakeOptions,
) {
  const sql = prepare(sqlite);

  function acceptAlert(
    group: AlertGroup,
    incoming: IncomingAlert,
  ): ["fresh" | "updated" | "known", string] {
    const key = [group.source, incoming.fingerprint] as const;
    const firing = sql.firingEpisode.get(...key);
    const startsAt = incoming.startsAt?.getTime() ?? startOf(group, incoming, firing);
    const alert: Alert = { ...incoming, startsAt: new Date(startsAt) };
    const same =
      firing !== undefined && firing.starts_at === startsAt
        ? firing
        : (sql.sameEpisode.get(...key, startsAt) ?? null);
    const admission = admit(alert, {
      same,
      firing: firing === undefined ? null : { startsAt: new Date(firing.starts_at) },
    });
    switch (admission) {
      case "known":
        return ["known", (same ?? firing)?.incident_id ?? ""];
      case "resolves_same":
      case "resolves_firing": {
        const episode = (admission === "resolves_same" ? same : firing) as EpisodeRow;
        resolve(episode, alert, group);
        return ["updated", episode.incident_id];
      }
      case "replaces":
        resolve(firing as EpisodeRow, { ...alert, endsAt: alert.startsAt }, group);
        return ["fresh", add(group, alert)];
      case "fresh":
        return ["fresh", add(group, alert)];
    }
  }

  /** For a sender that leaves the start out: the episode it can only mean, else the time of receipt. */
  function startOf(
    group: AlertGroup,
    alert: IncomingAlert,
    firing: EpisodeRow | undefined,
  ): number {
    const newest =
      alert.status === "resolved"
        ? sql.newestEpisode.get(group.source, alert.fingerprint)
        : undefined;
    return (firing ?? newest)?.starts_at ?? group.receivedAt.getTime();
  }

  function add(group: AlertGroup, alert: Alert): string {
    const incidentId = incidentFor(group, alert);
    const { lastInsertRowid } = sql.addEpisode.run(
      group.source,
      alert.fingerprint,
      alert.startsAt.getTime(),
      alert.status,
      alert.endsAt?.getTime() ?? null,
      JSON.stringify(alert.labels),
      JSON.stringify(alert.annotations),
      alert.generatorUrl,
      alert.extra === null ? null : JSON.stringify(alert.extra),
      incidentId,
      group.receivedAt.getTime(),
    );
    record.append({
      kind: alert.status === "firing" ? "alert.fired" : "alert.missed",
      actor: group.source,
      incidentId,
      data: {
        alert: nameOf(alert.labels),
        instance: alert.labels.instance ?? null,
        fingerprint: alert.fingerprint,
        startsAt: alert.startsAt.toISOString(),
        trust: group.trust,
      },
    });
    if (alert.status === "firing") {
      steps.enqueue("investigate", String(lastInsertRowid), group.receivedAt);
    }
    changes.touch(incidentId, { isUrgent: false });
    return incidentId;
  }

  /** The open incident of the group, else the one this very alert resolved in a moment ago, else a new one. */
  function incidentFor(group: AlertGroup, alert: Alert): string {
    const groupKey = group.groupKey ?? `fingerprint:${alert.fingerprint}`;
    const severity = severityOf(alert.labels);
    const open = sql.openIncident.get(group.source, groupKey);
    if (open !== undefined) {
      const worst = worse(open.severity, severity);
      sql.updateIncident.run(worst, group.truncatedAlerts, group.trust, group.trust, open.id);
      return open.id;
    }
    if (alert.status === "firing") {
      const since = group.receivedAt.getTime() - dedupWindowMs;
      const recent = sql.recentlyResolved.get(group.source, alert.fingerprint, groupKey, since);
      if (recent !== undefined) {
        sql.reopen.run(group.truncatedAlerts, group.trust, recent.id);
        record.append({
          kind: "incident.reopened",
          actor: group.source,
          incidentId: recent.id,
          data: { alert: nameOf(alert.labels) },
        });
        return recent.id;
      }
    }
    return openIncident(group, alert, groupKey, severity);
  }

  function openIncident(
    group: AlertGroup,
    alert: Alert,
    groupKey: string,
    severity: Severity | null,
  ): string {
    const id = newId("inc");
    const isOver = alert.status === "resolved";
    const receivedAt = group.receivedAt.getTime();
    sql.addIncident.run(
      id,
      group.source,
      groupKey,
      isOver ? "resolved" : "open",
      nameOf(alert.labels),
      severity,
      receivedAt,
      isOver ? receivedAt : null,
      group.truncatedAlerts,
      group.trust,
      group.receiver,
      group.externalUrl,
      JSON.stringify(group.groupLabels),
      group.extra === null ? null : JSON.stringify(group.extra),
    );
    // What was over before we heard of it goes to the history, not to people's phones.
    if (!isOver)
      for (const { channel, chat } of chats) sql.addCard.run(id, channel, chat, receivedAt);
    record.append({
      kind: isOver ? "incident.missed" : "incident.opened",
      actor: group.source,
      incidentId: id,
      data: { title: nameOf(alert.labels), severity, groupKey },
    });
    return id;
  }

  function resolve(episode: EpisodeRow, alert: Alert, { source, receivedAt }: AlertGroup): void {
    const at = receivedAt.getTime();
    const incidentId = episode.incident_id;
    sql.resolveEpisode.run(alert.endsAt?.getTime() ?? alert.startsAt.getTime(), episode.id);
    record.append({
      kind: "alert.resolved",
      actor: source,
      incidentId,
      data: { alert: nameOf(alert.labels), fingerprint: alert.fingerprint },
    });
    for (const request of sql.undecidedRequests.all(episode.id)) {
      sql.cancelRequest.run(at, request.id);
      record.append({
        kind: "request.cancelled",
        actor: source,
        incidentId,
        data: { request: request.id, why: "the alert resolved" },
      });
    }
    changes.touch(incidentId, { isUrgent: false });
  }

  /** An incident is over when none of its alerts fires; asked once a body, after all its alerts. */
  function resolveIncidents(ids: Iterable<string>, group: AlertGroup): void {
    for (const id of ids) {
      if (sql.stillFiring.get(id) !== undefined) continue;
      if (sql.resolveIncident.run(group.receivedAt.getTime(), id).changes === 0) continue;
      record.append({ kind: "incident.resolved", actor: group.source, incidentId: id, data: {} });
      changes.touch(id, { isUrgent: false });
    }
  }

  function acceptGroup(group: AlertGroup): Acceptance {
    const incidents = new Set<string>();
    const updated = new Set<string>();
    const count = { fresh: 0, updated: 0, known: 0 };
    for (const alert of group.alerts) {
      const [kind, incidentId] = acceptAlert(group, alert);
      count[kind] += 1;
      incidents.add(incidentId);
      if (kind === "updated") updated.add(incidentId);
    }
    resolveIncidents(updated, group);
    return {
      received: group.alerts.length,
      fresh: count.fresh,
      updated: count.updated,
      deduplicated: count.known,
      incidents: [...incidents],
    };
  }

  const acceptAll = sqlite.transaction((groups: readonly AlertGroup[]) => groups.map(acceptGroup));

  /** One transaction for all of them: every group is stored, or this throws and none is. */
  function accept(groups: readonly AlertGroup[]): Acceptance[] {
    return changes.commit(() => acceptAll.immediate(groups));
  }

  return { accept };
}

const SEVERITIES: readonly (Severity | null)[] = [null, "info", "warning", "critical"];

function worse(a: Severity | null, b: Severity | null): Severity | null {
  return SEVERITIES.indexOf(a) >= SEVERITIES.indexOf(b) ? a : b;
}

function prepare(sqlite: Sqlite) {
  return {
    sameEpisode: sqlite.prepare<[string, string, number], EpisodeRow>(
      "SELECT id, status, incident_id, starts_at FROM alerts WHERE source = ? AND fingerprint = ? AND starts_at = ?",
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
      `INSERT INTO incidents (id, source, group_key, state, title, severity, opened_at, resolved_at, truncated_alerts, trust, receiver, external_url, group_labels, extra, version)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
    ),
    // Trust can only fall while an incident lives: one unproven body makes all of it unproven.
    updateIncident: sqlite.prepare<[Severity | null, number, string, string, string]>(
      `UPDATE incidents SET severity = ?, truncated_alerts = max(truncated_alerts, ?),
       trust = CASE WHEN trust = 'none' OR ? = 'none' THEN 'none' ELSE ? END WHERE id = ?`,
    ),
    reopen: sqlite.prepare<[number, string, string]>(
      `UPDATE incidents SET state = 'open', resolved_at = NULL, acknowledged_by = NULL, truncated_alerts = ?, trust = ? WHERE id = ?`,
    ),
    addCard: sqlite.prepare<[string, string, string, number]>(
      `INSERT INTO cards (incident_id, channel, chat, shown_version, is_stale, is_urgent, is_reposted, at) VALUES (?, ?, ?, 0, 1, 0, 0, ?)`,
    ),
    undecidedRequests: sqlite.prepare<[number], { id: string }>(
      "SELECT id FROM requests WHERE episode_id = ? AND state IN ('pending', 'approved')",
    ),
    cancelRequest: sqlite.prepare<[number, string]>(
      "UPDATE requests SET state = 'cancelled', ended_at = ?, end_reason = 'the alert resolved' WHERE id = ?",
    ),
    stillFiring: sqlite.prepare<[string], unknown>(
      "SELECT 1 FROM alerts WHERE incident_id = ? AND status = 'firing' LIMIT 1",
    ),
    resolveIncident: sqlite.prepare<[number, string]>(
      "UPDATE incidents SET state = 'resolved', resolved_at = ? WHERE id = ? AND state <> 'resolved'",
    ),
  };
}
