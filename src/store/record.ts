import { hash as digest, randomBytes } from "node:crypto";
import canonicalize from "canonicalize";
import type { Sqlite } from "./open.ts";

/** What happened, as it is chained: mutable things never stand in it. */
export interface RecordEvent {
  /** `{entity}.{verb}`. */
  readonly kind: string;
  /** A person's name, `policy`, `alertmanager` or `countersign`; for a refused attempt `channel:account`. */
  readonly actor: string;
  readonly incidentId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface RecordCheck {
  readonly entries: number;
  readonly head: string | null;
  /** The first entry that does not fit its place in the chain, or null. */
  readonly firstBroken: number | null;
}

interface Row {
  seq: number;
  at: number;
  kind: string;
  incident_id: string | null;
  event: string;
  hash: string;
}

/**
 * The append-only record: `hash(n) = SHA-256(hash(n-1) + canonical JSON of event n)`, RFC 8785. `append` only works
 * inside the transaction of the state change it records: no record, no change.
 */
export function createRecord(sqlite: Sqlite, now: () => Date) {
  const insert = sqlite.prepare<[number, number, string, string | null, string, string]>(
    "INSERT INTO record (seq, at, kind, incident_id, event, hash) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const last = sqlite.prepare<[], Pick<Row, "seq" | "hash">>(
    "SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1",
  );

  function append({ kind, actor, incidentId, data }: RecordEvent): void {
    if (!sqlite.inTransaction) throw new Error(`record of ${kind} outside its transaction`);
    const before = last.get();
    const seq = (before?.seq ?? 0) + 1;
    const at = now().getTime();
    const event = canonical({ seq, at, kind, actor, incident: incidentId, data });
    insert.run(seq, at, kind, incidentId, event, link(before?.hash ?? "", event));
  }

  /** The first entry holds the installation's random id, so that two records can't be swapped. */
  function begin(): void {
    sqlite
      .transaction(() => {
        if (last.get() !== undefined) return;
        const installation = randomBytes(16).toString("hex");
        append({
          kind: "record.begun",
          actor: "countersign",
          incidentId: null,
          data: { installation },
        });
      })
      .immediate();
  }

  return { append, begin, verify: () => verifyRecord(sqlite) };
}

export type Chain = ReturnType<typeof createRecord>;

/** Recomputes the whole chain. Reads only; safe beside a running program. */
function verifyRecord(sqlite: Sqlite): RecordCheck {
  const rows = sqlite.prepare<[], Row>("SELECT * FROM record ORDER BY seq").iterate();
  let hash = "";
  let entries = 0;
  for (const row of rows) {
    entries += 1;
    if (row.seq !== entries || row.hash !== link(hash, row.event) || !sitsInItsColumns(row)) {
      return { entries, head: null, firstBroken: row.seq === entries ? row.seq : entries };
    }
    hash = row.hash;
  }
  return { entries, head: entries === 0 ? null : hash, firstBroken: null };
}

/** The columns beside the event serve searches; an entry whose columns say something else is broken too. */
function sitsInItsColumns(row: Row): boolean {
  const event = parsed(row.event);
  return (
    event !== null &&
    event.seq === row.seq &&
    event.at === row.at &&
    event.kind === row.kind &&
    event.incident === row.incident_id
  );
}

function parsed(event: string): ChainedEvent | null {
  try {
    return JSON.parse(event) as ChainedEvent | null;
  } catch {
    // Somebody wrote it by hand, with a hash that fits.
    return null;
  }
}

interface ChainedEvent {
  seq: number;
  at: number;
  kind: string;
  incident: string | null;
}

function link(before: string, event: string): string {
  return digest("sha256", before + event, "hex");
}

function canonical(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error("an event that is not JSON can't be recorded");
  return text;
}
