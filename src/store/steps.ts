import type { Sqlite } from "./open.ts";
import { relaxed } from "./relaxed.ts";

export type StepKind =
  | "ask_source"
  | "investigate"
  | "opine"
  | "propose"
  | "execute"
  | "verify"
  | "earn"
  | "silence"
  | "remind"
  | "escalate"
  | "page"
  | "tell"
  | "expire";

export interface Step {
  readonly id: number;
  readonly kind: StepKind;
  readonly subject: string;
  readonly attempts: number;
  readonly generation: number;
}

const MOST_CRASHES = 3;
/** Longer than anything takes that looks at an alert. */
const APART_MS = 10_000;
const MINUTE_MS = 60_000;
const LONGEST_ASIDE_MS = 24 * 60 * MINUTE_MS;

/** With the alert that it is about, where it is about one. */
export interface SetAside {
  readonly crashes: number;
  readonly dueAt: Date;
  readonly kind: StepKind;
  readonly subject: string;
  readonly alertname: string | null;
  readonly incidentId: string | null;
}

/** Power that failed three times is no poison: a minute at first, then four times as long each time, up to a day. */
function pauseAfter(crashes: number, place: number): number {
  if (crashes >= MOST_CRASHES) {
    return Math.min(MINUTE_MS * 4 ** (crashes - MOST_CRASHES), LONGEST_ASIDE_MS);
  }
  return crashes === 1 ? 0 : place * APART_MS;
}

/**
 * The queue: a table, so that the state change and the work it causes are one commit. A subject has one step of a
 * kind; enqueuing it again while it runs makes it run once more afterwards.
 */
export function createSteps(sqlite: Sqlite, clock: () => Date) {
  const put = sqlite.prepare<[string, string, number]>(
    `INSERT INTO steps (kind, subject, due_at, attempts, generation, is_leased) VALUES (?, ?, ?, 0, 1, 0)
     ON CONFLICT (kind, subject) DO UPDATE SET generation = generation + 1, attempts = 0,
       due_at = CASE WHEN crashes < ${MOST_CRASHES} THEN excluded.due_at ELSE due_at END`,
  );
  const leased = sqlite.prepare<[], { id: number; crashes: number }>(
    "SELECT id, crashes FROM steps WHERE is_leased = 1 AND holder IS NULL ORDER BY id",
  );
  const crashed = sqlite.prepare<[number, number]>(
    "UPDATE steps SET is_leased = 0, crashes = crashes + 1, due_at = max(due_at, ?) WHERE id = ?",
  );
  const giveBack = sqlite.prepare<[]>(
    "UPDATE steps SET is_leased = 0 WHERE is_leased = 1 AND holder IS NULL",
  );
  const setAside = sqlite.prepare<[], Omit<SetAside, "dueAt"> & { dueAt: number }>(
    `SELECT s.crashes AS crashes, s.due_at AS dueAt, s.kind AS kind, s.subject AS subject, a.labels ->> 'alertname' AS alertname, a.incident_id AS incidentId
     FROM steps s LEFT JOIN alerts a ON s.kind IN ('ask_source', 'investigate', 'propose') AND a.id = s.subject
     WHERE s.crashes >= ${MOST_CRASHES} ORDER BY s.id LIMIT 20`,
  );
  const due = sqlite.prepare<[string, number, number], { id: number; dueAt: number }>(
    `SELECT id, due_at AS dueAt FROM steps WHERE kind = ? AND is_leased = 0 AND due_at <= ?
     ORDER BY due_at, id LIMIT ?`,
  );
  const take = sqlite.prepare<[number], Step>(
    `UPDATE steps SET is_leased = 1, attempts = attempts + 1 WHERE id = ? AND is_leased = 0
     RETURNING id, kind, subject, attempts, generation`,
  );
  const takeRun = sqlite.prepare<{ holder: string; now: number; targets: string | null }, Step>(
    `UPDATE steps SET is_leased = 1, attempts = attempts + 1, holder = @holder WHERE id = (
       SELECT id FROM steps WHERE kind = 'execute' AND is_leased = 0 AND due_at <= @now AND (@targets IS NULL OR
         subject IN (SELECT id FROM requests WHERE target IN (SELECT value FROM json_each(@targets))))
       ORDER BY due_at, id LIMIT 1)
     RETURNING id, kind, subject, attempts, generation`,
  );
  const heldBy = sqlite
    .prepare<[string], string>(
      "SELECT subject FROM steps WHERE kind = 'execute' AND is_leased = 1 AND holder = ?",
    )
    .pluck();
  const holders = sqlite
    .prepare<[], string>(
      "SELECT DISTINCT holder FROM steps WHERE kind = 'execute' AND is_leased = 1 AND holder IS NOT NULL",
    )
    .pluck();
  const letGo = sqlite.prepare<[string]>(
    "UPDATE steps SET is_leased = 0, holder = NULL WHERE kind = 'execute' AND is_leased = 1 AND holder = ?",
  );
  const remove = sqlite.prepare<[number, number]>(
    "DELETE FROM steps WHERE id = ? AND generation = ?",
  );
  const release = sqlite.prepare<[number]>(
    "UPDATE steps SET is_leased = 0, holder = NULL WHERE id = ?",
  );
  // What was enqueued while it ran is due when that said, not when this one wants to come back.
  const postpone = sqlite.prepare<[number, number, string, number]>(
    `UPDATE steps SET is_leased = 0, holder = NULL, crashes = 0, due_at = CASE WHEN generation = ? THEN ? ELSE due_at END, last_error = ? WHERE id = ?`,
  );
  const nextDue = sqlite
    .prepare<[string], number | null>(
      "SELECT min(due_at) FROM steps WHERE kind = ? AND is_leased = 0",
    )
    .pluck();
  const depth = sqlite.prepare<[], { kind: string; depth: number }>(
    "SELECT kind, count(*) AS depth FROM steps GROUP BY kind",
  );

  const takeAll = sqlite.transaction((ids: readonly number[]) =>
    ids.map((id) => take.get(id)).filter((step) => step !== undefined),
  );

  /** The longest due of these kinds. Each kind is asked alone: that is one look at the index, however long the queue. */
  function leaseSome(kinds: readonly StepKind[], now: Date, most: number): Step[] {
    const ids = kinds
      .flatMap((kind) => due.all(kind, now.getTime(), most))
      .sort((a, b) => a.dueAt - b.dueAt || a.id - b.id)
      .slice(0, most)
      .map(({ id }) => id);
    return ids.length === 0 ? [] : relaxed(sqlite, () => takeAll(ids));
  }

  const removeAll = sqlite.transaction((steps: readonly Step[]) => {
    for (const { id, generation } of steps) {
      if (remove.run(id, generation).changes === 0) release.run(id);
    }
  });

  /** One write for all of them. */
  function finishAll(steps: readonly Step[]): void {
    relaxed(sqlite, () => removeAll(steps));
  }

  return {
    /** Only inside the transaction of the change that makes it due. */
    enqueue(kind: StepKind, subject: string, dueAt: Date): void {
      put.run(kind, subject, dueAt.getTime());
    },
    lease: (kinds: readonly StepKind[], now: Date): Step | null =>
      leaseSome(kinds, now, 1)[0] ?? null,
    leaseSome,
    /** The longest due run for an executor of its own, of these targets only; null for all of them. */
    leaseRun(holder: string, targets: readonly string[] | null, now: Date): Step | null {
      const of = targets === null ? null : JSON.stringify(targets);
      const wanted = { holder, now: now.getTime(), targets: of };
      return relaxed(sqlite, () => takeRun.get(wanted) ?? null);
    },
    /** The requests that it is at work on. */
    heldBy: (holder: string): string[] => heldBy.all(holder),
    holders: (): string[] => holders.all(),
    letGo(holder: string): void {
      letGo.run(holder);
    },
    finish: (step: Step): void => finishAll([step]),
    finishAll,
    postpone(step: Step, dueAt: Date, why: string): void {
      postpone.run(step.generation, dueAt.getTime(), why, step.id);
    },
    nextDue(kinds: readonly StepKind[]): Date | null {
      const times = kinds.map((kind) => nextDue.get(kind)).filter((at) => at != null);
      return times.length === 0 ? null : new Date(Math.min(...times));
    },
    /**
     * At start: whoever held a lease is gone, the lock on the database says so. Executors have locks of their own. What
     * was under way when the program fell over may be why: after the second time in a row the suspects come one after
     * the other, so that the innocent get done, and after the third it is set aside for longer each time (T75).
     */
    releaseAll(): void {
      const at = clock().getTime();
      sqlite.transaction(() => {
        for (const [i, { id, crashes }] of leased.all().entries()) {
          crashed.run(at + pauseAfter(crashes + 1, i), id);
        }
      })();
    },
    /** Before the program ends as it was told to: what did not end in time has not made it fall over. */
    giveBackAll(): void {
      giveBack.run();
    },
    /** What waits because the program fell over each time it was under way. */
    setAside: (): SetAside[] =>
      setAside.all().map(({ dueAt, ...step }) => ({ ...step, dueAt: new Date(dueAt) })),
    depths: () => depth.all(),
  };
}

export type Steps = ReturnType<typeof createSteps>;
