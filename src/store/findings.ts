import type { Diagnosis } from "../diagnosis/diagnosis.ts";
import type { EvidenceItem } from "../evidence/evidence.ts";
import type { Changes } from "./changes.ts";
import { pack, unpack } from "./measurements.ts";
import type { Sqlite } from "./open.ts";
import { relaxed } from "./relaxed.ts";
import type { Steps } from "./steps.ts";

const GATHER_MS = 1_000;

/** What an investigation found: stored with the next step in one transaction. Ids are made here, E1, E2, …, an incident. */
export function createFindings(
  sqlite: Sqlite,
  { steps, changes }: { steps: Steps; changes: Changes },
  now: () => Date,
  isRead: boolean,
) {
  const known = sqlite
    .prepare<[string], number>("SELECT count(*) FROM evidence WHERE incident_id = ?")
    .pluck();
  const add = sqlite.prepare(
    `INSERT INTO evidence (incident_id, id, episode_id, kind, title, text, status, collected_at, measurements) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const hasAny = sqlite.prepare<[string, number]>(
    `SELECT 1 FROM evidence e JOIN alerts a ON a.id = e.episode_id
     WHERE e.incident_id = ? AND e.episode_id = ? AND e.collected_at >= a.received_at LIMIT 1`,
  );
  const replace = sqlite.prepare<
    [string, string, number, string | null, string, number, string, string]
  >(
    `UPDATE evidence SET text = ?, status = ?, collected_at = ?, measurements = ?
     WHERE incident_id = ? AND episode_id = ? AND kind = ? AND title = ?`,
  );
  const ofEpisode = sqlite.prepare<
    [string, number],
    Omit<EvidenceItem, "collectedAt" | "measurements"> & {
      collectedAt: number;
      measurements: string | null;
    }
  >(
    `SELECT id, kind, title, text, status, collected_at AS collectedAt, measurements FROM evidence
     WHERE incident_id = ? AND episode_id = ? ORDER BY rowid`,
  );
  const diagnose = sqlite.prepare<[string, string]>(
    "INSERT INTO diagnoses (incident_id, diagnosis) VALUES (?, ?) ON CONFLICT (incident_id) DO UPDATE SET diagnosis = excluded.diagnosis",
  );

  function save(
    episode: { id: number; incidentId: string },
    items: readonly Omit<EvidenceItem, "id">[],
    diagnosisOf: (items: readonly EvidenceItem[]) => Diagnosis,
  ): void {
    relaxed(sqlite, () =>
      changes.commit(() =>
        sqlite
          .transaction(() => {
            const { incidentId } = episode;
            // A step that runs again after a crash must not collect twice.
            if (hasAny.get(incidentId, episode.id) === undefined) {
              const before = known.get(incidentId) ?? 0;
              const numbered = items.map((item, i) => ({ ...item, id: `E${before + i + 1}` }));
              for (const item of numbered) {
                const { id, kind, title, text, status, collectedAt, measurements } = item;
                add.run(
                  incidentId,
                  id,
                  episode.id,
                  kind,
                  title,
                  text,
                  status,
                  collectedAt.getTime(),
                  pack(measurements),
                );
              }
              diagnose.run(incidentId, JSON.stringify(diagnosisOf(numbered)));
            }
            steps.enqueue("propose", String(episode.id), now());
            // A group's alerts come together: one reading of all of them.
            if (isRead)
              steps.enqueue("opine", episode.incidentId, new Date(now().getTime() + GATHER_MS));
            changes.touch(incidentId, { isUrgent: false });
          })
          .immediate(),
      ),
    );
  }

  function of({ id, incidentId }: { id: number; incidentId: string }): EvidenceItem[] {
    return ofEpisode.all(incidentId, id).map(({ measurements, ...row }) => ({
      ...row,
      collectedAt: new Date(row.collectedAt),
      measurements: unpack(measurements),
    }));
  }

  /** What is known already keeps its id; what is new to it is left out. */
  function refresh(
    episode: { id: number; incidentId: string },
    items: readonly Omit<EvidenceItem, "id">[],
    diagnosisOf: (items: readonly EvidenceItem[]) => Diagnosis,
  ): void {
    const { id, incidentId } = episode;
    const change = () => {
      for (const { kind, title, text, status, collectedAt, measurements } of items) {
        const at = collectedAt.getTime();
        replace.run(text, status, at, pack(measurements), incidentId, id, kind, title);
      }
      diagnose.run(incidentId, JSON.stringify(diagnosisOf(of(episode))));
      changes.touch(incidentId, { isUrgent: false });
    };
    relaxed(sqlite, () => changes.commit(() => sqlite.transaction(change).immediate()));
  }

  /** What a model asked for, as one more fact: its id is made here, like all. */
  function addOne(
    episode: { id: number; incidentId: string },
    item: Omit<EvidenceItem, "id">,
  ): EvidenceItem {
    const { incidentId } = episode;
    const write = () => {
      const id = `E${(known.get(incidentId) ?? 0) + 1}`;
      const { kind, title, text, status, collectedAt, measurements } = item;
      const at = collectedAt.getTime();
      add.run(incidentId, id, episode.id, kind, title, text, status, at, pack(measurements));
      changes.touch(incidentId, { isUrgent: false });
      return { ...item, id };
    };
    return relaxed(sqlite, () => changes.commit(() => sqlite.transaction(write).immediate()));
  }

  return { save, of, refresh, addOne };
}
