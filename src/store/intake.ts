import { ALERT_RESOLVED } from "../approval/approval.ts";
import type {
  Admission,
  Alert,
  IncomingAlert,
  Known,
  Labels,
  Severity,
} from "../incident/alert.ts";
import { isDrill, isWithout, nameOf, placeOf, severityOf } from "../incident/alert.ts";
import type { Acceptance, AlertGroup } from "../incident/alert-group.ts";
import type { Changes } from "./changes.ts";
import { newId } from "./ids.ts";
import type { EpisodeRow } from "./intake-sql.ts";
import { prepareIntake } from "./intake-sql.ts";
import type { Sqlite } from "./open.ts";
import type { Chain } from "./record.ts";
import type { Steps } from "./steps.ts";

export interface IntakeOptions {
  /** The rule for one incoming alert, asked inside the transaction. */
  readonly admit: (alert: Alert, known: Known) => Admission;
  readonly dedupWindowMs: number;
  /** Whether the source can be asked what fires: then an alert that seems replayed is asked after. */
  readonly hasSource: boolean;
  readonly chats: readonly { channel: string; chat: string }[];
  /** Takes secrets out of a text: none may enter the record, nor a title, which is shown everywhere. */
  readonly redact: (text: string) => string;
  /** Without it every chat gets a card of every incident, and nobody else is told. */
  readonly route?: (labels: Labels) => Route;
}

export interface Route {
  /** Left alone: it makes no incident. */
  readonly isIgnored: boolean;
  /** Names of channels and of other places; null for every chat. */
  readonly to: readonly string[] | null;
}

const EVERYWHERE: Route = { isIgnored: false, to: null };

/** What became of an alert and its incident (`repeated`: known, and it still fires); null where it has to wait. */
type Accepted = ["fresh" | "updated" | "known" | "repeated", string] | ["ignored", null] | null;

const MAX_TITLE_LENGTH = 300;

/**
 * Takes alert groups into the database: several of them in one transaction, because one flush to the disk for all
 * requests that wait is what makes "acknowledged means stored" cheap.
 */
export function createIntake(
  sqlite: Sqlite,
  { record, steps, changes }: { record: Chain; steps: Steps; changes: Changes },
  { admit, dedupWindowMs, hasSource, chats, redact, route = () => EVERYWHERE }: IntakeOptions,
) {
  const sql = prepareIntake(sqlite);
  /** Incidents in which the body under way has ended an episode. */
  let ended = new Set<string>();

  function acceptAlert(group: AlertGroup, incoming: IncomingAlert, isLast: boolean): Accepted {
    const key = [group.source, incoming.fingerprint] as const;
    // Of a fingerprint never heard of there is nothing else to find.
    const newest = sql.newestEpisode.get(...key);
    const isNew = newest === undefined;
    const firing = isNew ? undefined : sql.firingEpisode.get(...key);
    const startsAt = incoming.startsAt?.getTime() ?? startOf(group, incoming, firing ?? newest);
    const same = isNew
      ? undefined
      : (sql.sameEpisode.get(...key, startsAt) ?? sql.renamedEpisode.get(...key, startsAt));
    const alert: Alert = { ...incoming, startsAt: new Date(startsAt) };
    const admission = admit(alert, { same: known(same), firing: known(firing) });
    switch (admission) {
      case "known":
        if (hasSource && alert.status === "firing" && same?.status === "resolved" && !firing) {
          steps.enqueue("ask_source", String(same.id), group.receivedAt);
        }
        return [
          alert.status === same?.status && alert.status === "firing" ? "repeated" : "known",
          (same as EpisodeRow).incident_id,
        ];
      case "renames":
        sql.addStart.run(...key, startsAt, (firing as EpisodeRow).id);
        return ["repeated", (firing as EpisodeRow).incident_id];
      case "resolves": {
        const episode = (same ?? firing) as EpisodeRow;
        resolve(episode, alert, group);
        if (same === undefined) sql.addStart.run(...key, startsAt, episode.id);
        return ["updated", episode.incident_id];
      }
      case "replaces":
        resolve(firing as EpisodeRow, { ...alert, endsAt: alert.startsAt }, group);
        return ["fresh", add(group, alert, isNew)];
      case "fresh":
        if (firing === undefined && route(alert.labels).isIgnored) return ["ignored", null];
        if (alert.status === "resolved" && !isLast) return null;
        return ["fresh", add(group, alert, isNew)];
    }
  }

  /** For a sender that leaves the start out: the episode it can only mean, else the time of receipt. */
  function startOf(
    group: AlertGroup,
    alert: IncomingAlert,
    latest: EpisodeRow | undefined,
  ): number {
    const meant = latest?.status === "firing" || alert.status === "resolved" ? latest : undefined;
    return meant?.starts_at ?? group.receivedAt.getTime();
  }

  function add(group: AlertGroup, alert: Alert, isNew: boolean): string {
    const incidentId = incidentFor(group, alert, isNew);
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
        alert: titleOf(alert),
        instance: placeOf(alert.labels) || null,
        fingerprint: alert.fingerprint,
        startsAt: alert.startsAt.toISOString(),
        trust: group.trust,
      },
    });
    if (alert.status === "firing") {
      direct(incidentId, alert, group);
      steps.enqueue("investigate", String(lastInsertRowid), group.receivedAt);
    }
    changes.touch(incidentId, { isUrgent: false });
    return incidentId;
  }

  /** The open incident of the group, else the one this very alert resolved in a moment ago, else a new one. */
  function incidentFor(group: AlertGroup, alert: Alert, isNew: boolean): string {
    const groupKey = group.groupKey ?? `fingerprint:${alert.fingerprint}`;
    const severity = severityOf(alert.labels);
    const open = sql.openIncident.get(group.source, groupKey);
    if (open !== undefined) {
      const worst = worse(open.severity, severity);
      sql.updateIncident.run(worst, group.truncatedAlerts, group.trust, group.trust, open.id);
      return open.id;
    }
    if (alert.status === "firing" && !isNew) {
      const since = group.receivedAt.getTime() - dedupWindowMs;
      const recent = sql.recentlyResolved.get(group.source, alert.fingerprint, groupKey, since);
      if (recent !== undefined) {
        sql.reopen.run(severity, group.truncatedAlerts, group.trust, recent.id);
        sql.setRoute.run("[]", recent.id);
        record.append({
          kind: "incident.reopened",
          actor: group.source,
          incidentId: recent.id,
          data: { alert: titleOf(alert) },
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
    // Before it is cut: half a secret is not known for one.
    const name = redact(nameOf(alert.labels)).slice(0, MAX_TITLE_LENGTH);
    const title = isDrill(group) ? `DRILL ${name}` : name;
    sql.addIncident.run(
      id,
      group.source,
      groupKey,
      isOver ? "resolved" : "open",
      title,
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
    record.append({
      kind: isOver ? "incident.missed" : "incident.opened",
      actor: group.source,
      incidentId: id,
      data: { title, severity, groupKey: groupKey.slice(0, MAX_TITLE_LENGTH) },
    });
    return id;
  }

  /**
   * An incident goes where each of its alerts that fire is to go: what was over before we heard of it goes to the
   * history, not to people's phones.
   */
  function direct(incidentId: string, { labels }: Alert, { source, receivedAt }: AlertGroup): void {
    const before = sql.routeOf.get(incidentId) ?? null;
    if (before === null) return;
    const earlier = JSON.parse(before) as string[];
    const to = source === "drill" ? rehearsedIn(labels) : route(labels).to;
    const all = to === null ? null : [...new Set([...earlier, ...to])];
    if (all?.length === earlier.length) return;
    sql.setRoute.run(all === null ? null : JSON.stringify(all), incidentId);
    for (const { channel, chat } of chats) {
      if (earlier.includes(channel) || !(all === null || all.includes(channel))) continue;
      sql.addCard.run(incidentId, channel, chat, receivedAt.getTime());
    }
  }

  /** A drill goes to the chats it does not do without, and to nobody outside. */
  function rehearsedIn(labels: Labels): string[] {
    return chats
      .map(({ channel }) => channel)
      .filter((channel) => !isWithout({ source: "drill", labels }, channel));
  }

  function resolve(episode: EpisodeRow, alert: Alert, { source, receivedAt }: AlertGroup): void {
    const at = receivedAt.getTime();
    const incidentId = episode.incident_id;
    ended.add(incidentId);
    sql.resolveEpisode.run(alert.endsAt?.getTime() ?? at, episode.id);
    record.append({
      kind: "alert.resolved",
      actor: source,
      incidentId,
      data: { alert: titleOf(alert), fingerprint: alert.fingerprint },
    });
    for (const request of sql.undecidedRequests.all(episode.id)) {
      sql.cancelRequest.run(at, request.id);
      record.append({
        kind: "request.cancelled",
        actor: source,
        incidentId,
        data: { request: request.id, why: ALERT_RESOLVED },
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

  /** A body of nothing new can still be the one that says that members are left out. */
  function noteTruncation(ids: Iterable<string>, { truncatedAlerts }: AlertGroup): void {
    if (truncatedAlerts === 0) return;
    for (const id of ids) {
      const isNews = sql.truncate.run(truncatedAlerts, id, truncatedAlerts).changes > 0;
      if (isNews) changes.touch(id, { isUrgent: false });
    }
  }

  function acceptGroup(group: AlertGroup): Acceptance {
    const incidents = new Set<string>();
    const stillFiring = new Set<string>();
    const count = { fresh: 0, updated: 0, known: 0, repeated: 0, ignored: 0 };
    ended = new Set();
    const acceptEach = (alerts: readonly IncomingAlert[], isLast: boolean) =>
      alerts.filter((alert) => {
        const accepted = acceptAlert(group, alert, isLast);
        if (accepted === null) return true;
        const [kind, incidentId] = accepted;
        count[kind] += 1;
        if (incidentId === null) return false;
        incidents.add(incidentId);
        if (kind === "repeated") stillFiring.add(incidentId);
        return false;
      });
    // What was over before we heard of it joins the incident of those that fire, so it comes after them.
    acceptEach(acceptEach(group.alerts, false), true);
    resolveIncidents(ended, group);
    noteTruncation(stillFiring, group);
    return {
      received: group.alerts.length,
      fresh: count.fresh,
      updated: count.updated,
      deduplicated: count.known + count.repeated + count.ignored,
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

function known(row: EpisodeRow | undefined) {
  return row === undefined ? null : { status: row.status, startsAt: new Date(row.starts_at) };
}

function titleOf({ labels }: Pick<Alert, "labels">): string {
  return nameOf(labels).slice(0, MAX_TITLE_LENGTH);
}
