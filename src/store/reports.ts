import type { Sqlite } from "./open.ts";

const KEPT_MS = 100 * 86_400_000;

interface SentReport {
  readonly name: string;
  readonly channel: string;
  readonly chat: string;
}

/** Which reports each chat was sent: noted before it is sent, so that none comes twice, also after a crash. */
export function createSentReports(sqlite: Sqlite, now: () => Date) {
  const add = sqlite.prepare<[string, string, string, number]>(
    "INSERT INTO sent_reports (name, channel, chat, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const remove = sqlite.prepare<[string, string, string]>(
    "DELETE FROM sent_reports WHERE name = ? AND channel = ? AND chat = ?",
  );
  const begunOf = sqlite.prepare<[string], Omit<SentReport, "name">>(
    "SELECT channel, chat FROM sent_reports WHERE name = ?",
  );
  const forget = sqlite.prepare<[number]>("DELETE FROM sent_reports WHERE at < ?");

  /** Whether it is to be sent: not where that was begun before. */
  function begin({ name, channel, chat }: SentReport): boolean {
    const at = now().getTime();
    forget.run(at - KEPT_MS);
    return add.run(name, channel, chat, at).changes > 0;
  }

  /** It certainly did not arrive. */
  function unsent({ name, channel, chat }: SentReport): void {
    remove.run(name, channel, chat);
  }

  return {
    /** Where it was begun. */
    begun: (name: string) => begunOf.all(name),
    begin,
    unsent,
  };
}
