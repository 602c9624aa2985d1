import { PRESSING } from "./cards.ts";
import type { Sqlite } from "./open.ts";

interface Place {
  readonly channel: string;
  readonly chat: string;
}

interface DigestRow {
  id: number;
  messageId: string | null;
  openedAt: number;
  endedAt: number | null;
  hash: string | null;
  shownAt: number | null;
  isReposted: number;
}

/** The card that stands for a storm: which there is in a chat, what it stands for, and what of it is shown. */
export function createDigests(sqlite: Sqlite, now: () => Date) {
  const query = prepare(sqlite);

  /** How many incidents came lately, or wait for their first card; and the digest that is not done with. */
  function weather({ channel, chat, since }: Place & { readonly since: Date }) {
    const row = query.current.get(channel, chat);
    const came = query.came.get({ channel, chat, since: since.getTime() }) ?? 0;
    return {
      came,
      waiting: query.waiting.get(channel, chat) ?? 0,
      digest:
        row === undefined
          ? null
          : {
              ...row,
              openedAt: new Date(row.openedAt),
              endedAt: row.endedAt === null ? null : new Date(row.endedAt),
              shownAt: row.shownAt === null ? null : new Date(row.shownAt),
              isReposted: row.isReposted === 1,
            },
    };
  }

  function begin({ channel, chat }: Place): void {
    query.open.run(channel, chat, now().getTime());
  }

  /** Takes what needs no card of its own into the open digest; what is in one already stays in it. */
  function gather({ channel, chat }: Place): void {
    query.gather.run({ channel, chat });
  }

  function end(id: number): void {
    query.end.run(now().getTime(), id);
  }

  function summary(id: number) {
    const total = { count: 0, open: 0, own: 0 };
    const kinds = query.kinds.all(id);
    for (const { count, open, own } of kinds) {
      total.count += count;
      total.open += open;
      total.own += own;
    }
    return { ...total, kinds: kinds.map(({ title, count, open }) => ({ title, count, open })) };
  }

  function shown(digest: {
    readonly id: number;
    readonly messageId: string | null;
    readonly hash: string;
    readonly isDone: boolean;
  }): void {
    const { id, messageId, hash, isDone } = digest;
    query.shown.run(messageId, hash, now().getTime(), isDone ? 1 : 0, id);
  }

  function lost(id: number): void {
    query.lost.run(id);
  }

  return { weather, begin, gather, end, summary, shown, lost };
}

function prepare(sqlite: Sqlite) {
  return {
    current: sqlite.prepare<[string, string], DigestRow>(
      `SELECT id, message_id AS messageId, opened_at AS openedAt, ended_at AS endedAt, shown_hash AS hash,
              shown_at AS shownAt, is_reposted AS isReposted
       FROM digests WHERE channel = ? AND chat = ? AND NOT is_done`,
    ),
    came: sqlite
      .prepare<{ channel: string; chat: string; since: number }, number>(
        `SELECT count(*) FROM incidents i JOIN cards c ON c.incident_id = i.id
         WHERE i.opened_at > @since AND c.channel = @channel AND c.chat = @chat`,
      )
      .pluck(),
    waiting: sqlite
      .prepare<[string, string], number>(
        `SELECT count(*) FROM cards c JOIN incidents i ON i.id = c.incident_id
         WHERE c.channel = ? AND c.chat = ? AND c.is_stale AND c.message_id IS NULL AND i.state <> 'resolved'
         AND NOT ${PRESSING}`,
      )
      .pluck(),
    open: sqlite.prepare<[string, string, number]>(
      "INSERT INTO digests (channel, chat, opened_at, is_reposted, is_done) VALUES (?, ?, ?, 0, 0) ON CONFLICT DO NOTHING",
    ),
    gather: sqlite.prepare<{ channel: string; chat: string }>(
      `UPDATE cards AS c SET is_stale = 0, is_urgent = 0, shown_version = i.version,
              digest_id = coalesce(c.digest_id, d.id)
       FROM incidents i LEFT JOIN digests d
         ON d.channel = @channel AND d.chat = @chat AND NOT d.is_done AND d.ended_at IS NULL
       WHERE i.id = c.incident_id AND c.channel = @channel AND c.chat = @chat AND c.is_stale
       AND c.message_id IS NULL AND NOT c.is_reposted
       AND (c.digest_id IS NOT NULL OR (d.id IS NOT NULL AND i.state <> 'resolved')) AND NOT ${PRESSING}`,
    ),
    end: sqlite.prepare<[number, number]>(
      "UPDATE digests SET ended_at = ? WHERE id = ? AND ended_at IS NULL",
    ),
    kinds: sqlite.prepare<[number], { title: string; count: number; open: number; own: number }>(
      `SELECT i.title, count(*) AS count, sum(i.state <> 'resolved') AS open,
              sum(c.message_id IS NOT NULL) AS own
       FROM cards c JOIN incidents i ON i.id = c.incident_id
       WHERE c.digest_id = ? GROUP BY i.title ORDER BY count(*) DESC, i.title`,
    ),
    shown: sqlite.prepare<[string | null, string, number, number, number]>(
      "UPDATE digests SET message_id = ?, shown_hash = ?, shown_at = ?, is_done = ? WHERE id = ?",
    ),
    lost: sqlite.prepare<[number]>(
      "UPDATE digests SET message_id = NULL, shown_hash = NULL, is_reposted = 1 WHERE id = ?",
    ),
  };
}
