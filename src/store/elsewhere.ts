import type { Changes } from "./changes.ts";
import type { Sqlite } from "./open.ts";

interface Entry {
  seq: number;
  at: number;
  kind: string;
  incidentId: string | null;
  event: string;
}

/** Small, so that whoever was away for long is not held up. */
const SLICE = 1_000;

/**
 * What other processes write. SQLite counts their commits, and whatever changes a state writes its record: both are
 * cheap to look at many times a second.
 */
export function createElsewhere(
  sqlite: Sqlite,
  changes: Changes,
  /** Time does not go back between two processes either. */
  notBefore: (at: number) => void,
) {
  const since = sqlite.prepare<[number], Entry>(
    `SELECT seq, at, kind, incident_id AS incidentId, event FROM record WHERE seq > ? ORDER BY seq LIMIT ${SLICE}`,
  );
  let seen = sqlite.prepare<[], number | null>("SELECT max(seq) FROM record").pluck().get() ?? 0;
  let version = -1;

  return {
    /**
     * Tells those who listen to changes what has happened since the last look.
     * @returns how the runs ended that ended in between, wherever they ran
     */
    look(): string[] {
      const current = sqlite.pragma("data_version", { simple: true }) as number;
      if (current === version) return [];
      const entries = since.all(seen);
      if (entries.length < SLICE) version = current;
      const last = entries.at(-1);
      if (last === undefined) return [];
      seen = last.seq;
      notBefore(last.at);
      changes.tell(new Set(entries.flatMap(({ incidentId }) => incidentId ?? [])));
      return entries.flatMap((entry) => outcomeOf(entry) ?? []);
    },
  };
}

function outcomeOf({ kind, event }: Entry): string | null {
  if (!/^execution\.(?:finished|timed_out|unknown)$/.test(kind)) return null;
  return (JSON.parse(event) as { data: { outcome?: string } }).data.outcome ?? null;
}
