import type { Sqlite } from "./open.ts";

export type StepKind = "investigate" | "propose" | "execute" | "verify" | "expire";

export interface Step {
  readonly id: number;
  readonly kind: StepKind;
  readonly subject: string;
  readonly attempts: number;
  readonly generation: number;
}

/**
 * The queue: a table, so that the state change and the work it causes are one commit. A subject has one step of a
 * kind; enqueuing it again while it runs makes it run once more afterwards.
 */
export function createSteps(sqlite: Sqlite) {
  const put = sqlite.prepare<[string, string, number]>(
    `INSERT INTO steps (kind, subject, due_at, attempts, generation, is_leased) VALUES (?, ?, ?, 0, 1, 0)
     ON CONFLICT (kind, subject) DO UPDATE SET due_at = excluded.due_at, generation = generation + 1, attempts = 0`,
  );
  const lease = sqlite.prepare<[string, number], Step>(
    `UPDATE steps SET is_leased = 1, attempts = attempts + 1
     WHERE id = (SELECT id FROM steps WHERE kind IN (SELECT value FROM json_each(?)) AND is_leased = 0 AND due_at <= ?
                 ORDER BY due_at, id LIMIT 1)
     RETURNING id, kind, subject, attempts, generation`,
  );
  const remove = sqlite.prepare<[number, number]>(
    "DELETE FROM steps WHERE id = ? AND generation = ?",
  );
  const release = sqlite.prepare<[number]>("UPDATE steps SET is_leased = 0 WHERE id = ?");
  const postpone = sqlite.prepare<[number, string, number]>(
    "UPDATE steps SET is_leased = 0, due_at = ?, last_error = ? WHERE id = ?",
  );
  const nextDue = sqlite
    .prepare<[string], number | null>(
      "SELECT min(due_at) FROM steps WHERE is_leased = 0 AND kind IN (SELECT value FROM json_each(?))",
    )
    .pluck();
  const depth = sqlite.prepare<[], { kind: string; depth: number }>(
    "SELECT kind, count(*) AS depth FROM steps GROUP BY kind",
  );

  return {
    /** Only inside the transaction of the change that makes it due. */
    enqueue(kind: StepKind, subject: string, dueAt: Date): void {
      put.run(kind, subject, dueAt.getTime());
    },
    lease: (kinds: readonly StepKind[], now: Date): Step | null =>
      lease.get(JSON.stringify(kinds), now.getTime()) ?? null,
    finish(step: Step): void {
      if (remove.run(step.id, step.generation).changes === 0) release.run(step.id);
    },
    postpone(step: Step, dueAt: Date, why: string): void {
      postpone.run(dueAt.getTime(), why, step.id);
    },
    nextDue(kinds: readonly StepKind[]): Date | null {
      const due = nextDue.get(JSON.stringify(kinds));
      return due == null ? null : new Date(due);
    },
    /** At start: whoever held a lease is gone, the lock on the database says so. */
    releaseAll(): void {
      sqlite.exec("UPDATE steps SET is_leased = 0 WHERE is_leased = 1");
    },
    depths: () => depth.all(),
  };
}

export type Steps = ReturnType<typeof createSteps>;
