import type { AskedFor } from "./asked-for.ts";
import type { Changes } from "./changes.ts";
import type { Sqlite } from "./open.ts";
import type { Chain } from "./record.ts";
import type { Steps } from "./steps.ts";

const SHADOW = "shadow_since";

/** Whether fixes may run unasked. A fresh installation is off. */
export interface Autohealing {
  readonly isOn: boolean;
  /** Off until then, on afterwards; null where the state has no end. */
  readonly offUntil: Date | null;
}

interface Stored {
  isOn: boolean;
  offUntil: number | null;
}

interface Tools {
  readonly record: Chain;
  readonly steps: Steps;
  readonly changes: Changes;
  readonly askedFor: AskedFor;
}

/** The kill switch: one row, read again before every automatic run. */
export function createSwitches(
  sqlite: Sqlite,
  { record, steps, changes, askedFor }: Tools,
  now: () => Date,
) {
  const read = sqlite
    .prepare<[string], string>("SELECT value FROM switches WHERE name = ?")
    .pluck();
  const save = sqlite.prepare<[string, string]>(
    "INSERT INTO switches (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
  );
  const live = sqlite.prepare<
    [],
    { id: string; incident_id: string; episode_id: number | null; state: string; isUnasked: number }
  >(
    `SELECT id, incident_id, episode_id, state, is_approved_by_policy AS isUnasked FROM requests WHERE state IN ('pending', 'approved', 'executing') AND state <> 'executing'`,
  );
  const end = sqlite.prepare<[string, number, string, string]>(
    "UPDATE requests SET state = ?, ended_at = ?, end_reason = ? WHERE id = ? AND state IN ('pending', 'approved')",
  );

  function stored(): Stored {
    const value = read.get("autohealing");
    return value === undefined ? { isOn: false, offUntil: null } : (JSON.parse(value) as Stored);
  }

  function autohealing(): Autohealing {
    const { isOn, offUntil } = stored();
    const isPaused = offUntil !== null && offUntil > now().getTime();
    return { isOn: isOn && !isPaused, offUntil: isOn && isPaused ? new Date(offUntil) : null };
  }

  function enable(person: string): void {
    write(() => {
      save.run("autohealing", JSON.stringify({ isOn: true, offUntil: null } satisfies Stored));
      record.append({ kind: "autohealing.enabled", actor: person, incidentId: null, data: {} });
    });
  }

  /**
   * Off at once. What the policy approved and has not started is asked again; `all` also cancels what people approved
   * or have pending. A duration never shortens a disable without an end.
   * @returns how many requests it ended
   */
  function disable(person: string, { forMs, all }: { forMs: number | null; all: boolean }): number {
    return write(() => {
      const before = stored();
      const until = forMs === null ? null : Math.max(now().getTime() + forMs, before.offUntil ?? 0);
      const next: Stored =
        until === null || !before.isOn
          ? { isOn: false, offUntil: null }
          : { isOn: true, offUntil: until };
      save.run("autohealing", JSON.stringify(next));
      record.append({
        kind: "autohealing.disabled",
        actor: person,
        incidentId: null,
        data: { until: next.offUntil === null ? null : new Date(next.offUntil).toISOString(), all },
      });
      return live.all().filter((request) => stop(request, person, all)).length;
    });
  }

  function stop(
    request: ReturnType<typeof live.all>[number],
    person: string,
    all: boolean,
  ): boolean {
    const isUnasked = request.isUnasked === 1 && request.state === "approved";
    if (!all && !isUnasked) return false;
    const state = all ? "cancelled" : "superseded";
    const why = `${person} disabled auto-healing`;
    end.run(state, now().getTime(), why, request.id);
    record.append({
      kind: `request.${state}`,
      actor: person,
      incidentId: request.incident_id,
      data: { request: request.id, why },
    });
    if (!all && request.episode_id !== null) {
      steps.enqueue("propose", String(request.episode_id), now());
    }
    askedFor.endIfOver(request.incident_id);
    changes.touch(request.incident_id, { isUrgent: true });
    return true;
  }

  /** Whether reports come by themselves, and since when. */
  function reports(): { isOn: boolean; since: Date } {
    const value = read.get("reports");
    const { isOn, since } = value === undefined ? { isOn: false, since: 0 } : JSON.parse(value);
    return { isOn, since: new Date(since) };
  }

  function setReports(isOn: boolean, person: string): void {
    write(() => {
      const before = reports();
      const since = before.isOn === isOn ? before.since : now();
      save.run("reports", JSON.stringify({ isOn, since: since.getTime() }));
      const kind = isOn ? "reports.enabled" : "reports.disabled";
      record.append({ kind, actor: person, incidentId: null, data: {} });
    });
  }

  function maintenanceUntil(target: string): Date | null {
    const value = read.get(maintenanceOf(target));
    const until = value === undefined ? 0 : Number(value);
    return until > now().getTime() ? new Date(until) : null;
  }

  /** No action on this target before then; null ends it. */
  function maintain(target: string, until: Date | null, person: string): void {
    write(() => {
      save.run(maintenanceOf(target), String(until?.getTime() ?? 0));
      record.append({
        kind: until === null ? "maintenance.ended" : "maintenance.begun",
        actor: person,
        incidentId: null,
        data: { target, until: until?.toISOString() ?? null },
      });
    });
  }

  /** Since when shadow mode has been on, or its last report; null while it is off. */
  function shadowSince(): Date | null {
    const value = read.get(SHADOW) ?? "";
    return value === "" ? null : new Date(value);
  }

  function setShadowSince(at: Date | null): void {
    save.run(SHADOW, at?.toISOString() ?? "");
  }

  function write<T>(change: () => T): T {
    return changes.commit(() => sqlite.transaction(change).immediate());
  }

  return {
    shadowSince,
    setShadowSince,
    autohealing,
    enable,
    disable,
    reports,
    setReports,
    maintenanceUntil,
    maintain,
  };
}

function maintenanceOf(target: string): string {
  return `maintenance:${target}`;
}
