import { hash as digest, randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import canonicalize from "canonicalize";
import type { Sqlite } from "./open.ts";

/** Small enough that a running program answers between two of them. */
const SLICE = 2_000;

/** What happened, as it is chained: mutable things never stand in it. */
export interface RecordEvent {
  /** `{entity}.{verb}`. */
  readonly kind: string;
  /** A person's name, `policy`, `alertmanager` or `countersign`; for a refused attempt `channel:account`. */
  readonly actor: string;
  readonly incidentId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A place in the chain, noted where a forger of the database can't reach it. */
export interface Anchor {
  readonly seq: number;
  /** The entry's hash; its first 12 digits or more are enough. */
  readonly hash: string;
}

export interface NotedAnchor extends Anchor {
  readonly at: string;
}

export interface RecordCheck {
  readonly entries: number;
  readonly head: string | null;
  /** The first entry that does not fit its place in the chain, or null. */
  readonly firstBroken: number | null;
  /** Anchors that the chain does not lead through: what they saw was cut off or written anew. */
  readonly missed: readonly Anchor[];
}

export interface VerifyOptions {
  readonly anchors?: readonly Anchor[];
  readonly onProgress?: (entries: number) => void;
}

export interface ExportedEntry {
  readonly seq: number;
  readonly hash: string;
  readonly event: string;
  /** There only where the event holds something that looks like a secret and was written before it was recognised. */
  readonly isWithheld?: true;
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
 * inside the transaction of the state change it records: no record, no change. Secrets are taken out before an event
 * is chained, so that what is chained can be shown to anybody.
 */
export function createRecord(sqlite: Sqlite, now: () => Date, redact: (text: string) => string) {
  const insert = sqlite.prepare<[number, number, string, string | null, string, string]>(
    "INSERT INTO record (seq, at, kind, incident_id, event, hash) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const last = sqlite.prepare<[], Pick<Row, "seq" | "at" | "hash">>(
    "SELECT seq, at, hash FROM record ORDER BY seq DESC LIMIT 1",
  );
  const slice = sqlite.prepare<[number, number], Row>(
    "SELECT * FROM record WHERE seq > ? ORDER BY seq LIMIT ?",
  );
  const firstSince = sqlite
    .prepare<[number], number | null>("SELECT min(seq) FROM record WHERE at >= ?")
    .pluck();
  const before = sqlite
    .prepare<[number], string>("SELECT hash FROM record WHERE seq < ? ORDER BY seq DESC LIMIT 1")
    .pluck();
  const readAnchor = sqlite
    .prepare<[string], string>("SELECT value FROM switches WHERE name = ?")
    .pluck();
  const saveAnchor = sqlite.prepare<[string, string]>(
    "INSERT INTO switches (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
  );

  function append({ kind, actor, incidentId, data }: RecordEvent): void {
    if (!sqlite.inTransaction) throw new Error(`record of ${kind} outside its transaction`);
    const previous = last.get();
    const seq = (previous?.seq ?? 0) + 1;
    // Another process may have written, whose clock was ahead.
    const at = Math.max(now().getTime(), previous?.at ?? 0);
    const clean = withoutSecrets(data, redact);
    const event = canonical({ seq, at, kind, actor, incident: incidentId, data: clean });
    insert.run(seq, at, kind, incidentId, event, link(previous?.hash ?? "", event));
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

  /** From this entry on, a slice at a time: a running program is not held up, and sees entries that come meanwhile. */
  async function* rows(from: number): AsyncGenerator<Row[]> {
    for (let seq = from - 1; ; ) {
      const found = slice.all(seq, SLICE);
      if (found.length === 0) return;
      yield found;
      seq = found.at(-1)?.seq ?? seq;
      await nextTurn();
    }
  }

  /** Recomputes the whole chain. Reads only; safe beside a running program. */
  async function verify({ anchors = [], onProgress }: VerifyOptions = {}): Promise<RecordCheck> {
    const open = new Set(anchors);
    const walk = { hash: "", entries: 0 };
    for await (const found of rows(Number.MIN_SAFE_INTEGER)) {
      for (const row of found) {
        walk.entries += 1;
        if (!follows(row, walk)) {
          return { entries: walk.entries, head: null, firstBroken: walk.entries, missed: [] };
        }
        walk.hash = row.hash;
        for (const anchor of open) if (isAt(anchor, row)) open.delete(anchor);
      }
      onProgress?.(walk.entries);
    }
    const { entries, hash } = walk;
    return { entries, head: entries === 0 ? null : hash, firstBroken: null, missed: [...open] };
  }

  /** Where an export begins, and the hash it continues from. */
  function exportFrom(since: Date | null): { from: number; before: string } {
    const from = since === null ? 1 : (firstSince.get(since.getTime()) ?? head().seq + 1);
    return { from, before: before.get(from) ?? "" };
  }

  /** From where `exportFrom` says. */
  async function* entriesFrom(start: { from: number; before: string }) {
    let hash = start.before;
    for await (const found of rows(start.from)) {
      yield found.map((row) => {
        const isIntact = row.hash === link(hash, row.event);
        hash = row.hash;
        return exported(row, isIntact);
      });
    }
  }

  /**
   * What was written before something was known to be a secret is withheld now: its hash stays, its text does not. Never
   * for an entry that does not fit: nobody could see that any more.
   */
  function exported({ seq, hash, event }: Row, isIntact: boolean): ExportedEntry {
    const clean = redactedEvent(event, redact);
    if (clean === event) return { seq, hash, event };
    return isIntact ? { seq, hash, event: clean, isWithheld: true } : { seq, hash, event: clean };
  }

  function head(): Anchor {
    const { seq, hash } = last.get() ?? { seq: 0, hash: "" };
    return { seq, hash };
  }

  function anchorNamed(name: "anchor" | "anchor_told"): NotedAnchor | null {
    const stored = readAnchor.get(name);
    return stored === undefined ? null : (JSON.parse(stored) as NotedAnchor);
  }

  function note(name: "anchor" | "anchor_told", { seq, hash }: Anchor): void {
    saveAnchor.run(name, JSON.stringify({ seq, hash, at: now().toISOString() }));
  }

  return {
    append,
    begin,
    verify,
    exportFrom,
    entriesFrom,
    head,
    /** It stands outside the database now. */
    anchored: (anchor: Anchor) => note("anchor", anchor),
    /** In every chat, too. */
    told: (anchor: Anchor) => note("anchor_told", anchor),
    lastAnchor: () => anchorNamed("anchor"),
    lastToldAnchor: () => anchorNamed("anchor_told"),
  };
}

export type Chain = ReturnType<typeof createRecord>;

/** No later process may believe that it is earlier than this. */
export function lastRecordedAt(sqlite: Sqlite): number {
  return (
    sqlite.prepare<[], number>("SELECT at FROM record ORDER BY seq DESC LIMIT 1").pluck().get() ?? 0
  );
}

function follows(row: Row, before: { hash: string; entries: number }): boolean {
  return (
    row.seq === before.entries && row.hash === link(before.hash, row.event) && sitsInItsColumns(row)
  );
}

function isAt(anchor: Anchor, { seq, hash }: Row): boolean {
  return anchor.seq === seq && hash.startsWith(anchor.hash.toLowerCase());
}

/** Texts only, each by itself: what the keys are called and how they are nested stays as it is. */
function withoutSecrets(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, redact));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withoutSecrets(inner, redact)]),
  );
}

/** The very same text where there is nothing to take out. */
function redactedEvent(event: string, redact: (text: string) => string): string {
  const whole = parsed(event);
  if (whole === null) return redact(event);
  const clean = canonical({ ...whole, data: withoutSecrets(whole.data, redact) });
  return clean === canonical(whole) ? event : clean;
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
  data?: unknown;
}

function link(before: string, event: string): string {
  return digest("sha256", before + event, "hex");
}

function canonical(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error("an event that is not JSON can't be recorded");
  return text;
}
