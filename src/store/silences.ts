import type { Silence } from "../evidence/silence.ts";
import type { Changes } from "./changes.ts";
import { newId } from "./ids.ts";
import type { Sqlite } from "./open.ts";
import type { Chain } from "./record.ts";
import type { Steps } from "./steps.ts";

type Row = {
  id: string;
  incident_id: string;
  request_id: string | null;
  episode_ids: string;
  person: string | null;
  ends_at: number;
  lift_at: number;
  failure: string | null;
  ended_at: number | null;
};

/** The first look comes soon: a run may be over within seconds. */
const FIRST_LOOK_MS = 30_000;

/** The silences' part of the store: each is written down before Alertmanager is asked for it, with the step that ends it. */
export function createSilences(
  sqlite: Sqlite,
  { record, steps, changes }: { record: Chain; steps: Steps; changes: Changes },
  now: () => Date,
) {
  const add = sqlite.prepare(
    `INSERT INTO silences (id, incident_id, request_id, episode_ids, person, began_at, ends_at, lift_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const byId = sqlite.prepare<[string], Row>("SELECT * FROM silences WHERE id = ?");
  const ofIncident = sqlite.prepare<[string], Row>(
    "SELECT * FROM silences WHERE incident_id = ? AND ended_at IS NULL ORDER BY began_at",
  );
  const fail = sqlite.prepare<[string, number, string]>(
    "UPDATE silences SET failure = ?, lift_at = ? WHERE id = ? AND ended_at IS NULL",
  );
  const lift = sqlite.prepare<[number, string, number]>(
    "UPDATE silences SET lift_at = ? WHERE id = ? AND ended_at IS NULL AND lift_at > ?",
  );
  const end = sqlite.prepare<[number, string]>(
    "UPDATE silences SET ended_at = ? WHERE id = ? AND ended_at IS NULL",
  );

  function begin(
    wanted: Pick<Silence, "incidentId" | "requestId" | "episodeIds" | "person" | "endsAt">,
  ) {
    return write(() => {
      const { incidentId, requestId, episodeIds, person, endsAt } = wanted;
      const id = newId("sil");
      const at = now().getTime();
      const until = endsAt.getTime();
      add.run(id, incidentId, requestId, JSON.stringify(episodeIds), person, at, until, until);
      append("silence.begun", person, incidentId, {
        silence: id,
        request: requestId,
        alerts: episodeIds.length,
        until: endsAt.toISOString(),
      });
      steps.enqueue("silence", id, new Date(Math.min(at + FIRST_LOOK_MS, until)));
      changes.touch(incidentId, { isUrgent: person !== null });
      return id;
    });
  }

  /** Alertmanager did not take it, or not all of it: what it may have taken is to be lifted again. */
  function failed(id: string, why: string): void {
    write(() => {
      const silence = find(id);
      if (silence === null || fail.run(why, now().getTime(), id).changes === 0) return;
      append("silence.failed", null, silence.incidentId, { silence: id, why });
      steps.enqueue("silence", id, now());
      changes.touch(silence.incidentId, { isUrgent: false });
    });
  }

  /** What covered a run is not needed any longer. Only inside the transaction of the change that says so. */
  function endOfRun(incidentId: string, requestId: string): void {
    for (const silence of ofIncident.all(incidentId)) {
      if (silence.request_id === requestId) liftOne(silence, null);
    }
  }

  /** @returns how many there were to lift */
  function liftAll(incidentId: string, person: string): number {
    return write(
      () => ofIncident.all(incidentId).filter((silence) => liftOne(silence, person)).length,
    );
  }

  function liftOne({ id, incident_id: incidentId }: Row, person: string | null): boolean {
    const at = now();
    if (lift.run(at.getTime(), id, at.getTime()).changes === 0) return false;
    append("silence.lifted", person, incidentId, { silence: id });
    steps.enqueue("silence", id, at);
    changes.touch(incidentId, { isUrgent: person !== null });
    return true;
  }

  function ended(id: string): void {
    write(() => {
      const silence = find(id);
      if (silence === null || end.run(now().getTime(), id).changes === 0) return;
      append("silence.ended", null, silence.incidentId, { silence: id });
      changes.touch(silence.incidentId, { isUrgent: false });
    });
  }

  function find(id: string): Silence | null {
    const row = byId.get(id);
    return row === undefined ? null : toSilence(row);
  }

  function append(
    kind: string,
    actor: string | null,
    incidentId: string,
    data: Record<string, unknown>,
  ): void {
    record.append({ kind, actor: actor ?? "countersign", incidentId, data });
  }

  function write<T>(change: () => T): T {
    return changes.commit(() => sqlite.transaction(change).immediate());
  }

  return {
    forAll: { begin, failed, liftAll, ended, find },
    endOfRun,
    /** Those of an incident that are not over. */
    liveOf: (incidentId: string): Silence[] => ofIncident.all(incidentId).map(toSilence),
  };
}

export type Silences = ReturnType<typeof createSilences>;

function toSilence(row: Row): Silence {
  return {
    id: row.id,
    incidentId: row.incident_id,
    requestId: row.request_id,
    episodeIds: JSON.parse(row.episode_ids) as number[],
    person: row.person,
    endsAt: new Date(row.ends_at),
    liftAt: new Date(row.lift_at),
    failure: row.failure,
    endedAt: row.ended_at === null ? null : new Date(row.ended_at),
  };
}
