import type { Changes } from "./changes.ts";
import { newToken } from "./ids.ts";
import type { Sqlite } from "./open.ts";

interface Place {
  readonly incidentId: string;
  readonly channel: string;
  readonly chat: string;
}

interface Shown extends Place {
  readonly version: number;
  readonly hash: string;
  readonly state: string;
}

export interface StaleRow {
  readonly incidentId: string;
  readonly messageId: string | null;
  readonly hash: string | null;
  readonly state: string | null;
  readonly isUrgent: boolean;
  readonly isReposted: boolean;
}

type TokenMeaning =
  | { readonly verb: "approve" | "reject"; readonly requestId: string; readonly planCode: string }
  | { readonly verb: "confirm"; readonly person: string; readonly expiresAt: Date };

interface ButtonRow {
  verb: "approve" | "reject" | "confirm";
  subject: string;
  person: string | null;
  expires_at: number | null;
}

/** What each chat shows, and what its buttons stand for. */
export function createCards(
  sqlite: Sqlite,
  { changes }: { changes: Changes },
  chats: readonly { channel: string; chat: string }[],
  now: () => Date,
) {
  const query = prepare(sqlite);

  /** At start: a chat that was configured since gets a card of everything that is still open. */
  function addMissing(): void {
    for (const { channel, chat } of chats) query.addMissing.run(channel, chat, now().getTime());
  }

  function stale(channel: string, chat: string, limit: number): StaleRow[] {
    return query.stale.all(channel, chat, limit).map((row) => ({
      ...row,
      isUrgent: row.isUrgent === 1,
      isReposted: row.isReposted === 1,
    }));
  }

  function posted(card: Shown & { readonly messageId: string }): void {
    const { messageId, incidentId, channel, chat, version, hash, state } = card;
    const at = now().getTime();
    query.posted.run(
      version,
      messageId,
      hash,
      state,
      version,
      version,
      at,
      incidentId,
      channel,
      chat,
    );
  }

  function shown({ incidentId, channel, chat, version, hash, state }: Shown): void {
    const at = now().getTime();
    query.shown.run(version, hash, state, version, version, at, incidentId, channel, chat);
  }

  function lost({ incidentId, channel, chat }: Place): void {
    query.lost.run(incidentId, channel, chat);
  }

  /** One pair of tokens for each request and chat, the same each time it is asked for. */
  function tokensFor(
    wanted: Place & { readonly requestIds: readonly string[] },
  ): Record<string, { approve: string; reject: string }> {
    const { channel, chat } = wanted;
    // Nothing is written, and so nothing flushed, for buttons that exist.
    const tokenFor = (subject: string, verb: "approve" | "reject") =>
      query.existingToken.get(channel, chat, subject, verb) ??
      (query.addToken.get(newToken(), channel, chat, verb, subject) as string);
    return sqlite.transaction(() =>
      Object.fromEntries(
        wanted.requestIds.map((id) => [
          id,
          { approve: tokenFor(id, "approve"), reject: tokenFor(id, "reject") },
        ]),
      ),
    )();
  }

  function offerConfirm(offer: {
    readonly what: string;
    readonly person: string;
    readonly channel: string;
    readonly chat: string;
    readonly expiresAt: Date;
  }): string {
    const token = newToken();
    const { what, person, channel, chat, expiresAt } = offer;
    query.addConfirm.run(token, channel, chat, what, person, expiresAt.getTime());
    return token;
  }

  /** A token means something only in the chat and on the message it was made for; a confirmation only once. */
  function useToken(
    token: string,
    where: {
      readonly channel: string;
      readonly chat: string;
      readonly messageId: string;
      readonly person: string;
    },
  ): TokenMeaning | null {
    const button = query.findToken.get(token, where.channel, where.chat);
    if (button === undefined) return null;
    if (button.verb === "confirm") {
      const person = button.person ?? "";
      // Somebody else's press must not use it up.
      const isTheirs = person === where.person;
      if (isTheirs && query.spend.run(now().getTime(), token).changes === 0) return null;
      return { verb: "confirm", person, expiresAt: new Date(button.expires_at ?? 0) };
    }
    const planCode = query.planCodeOnMessage.get(
      where.channel,
      where.chat,
      where.messageId,
      button.subject,
    );
    if (planCode == null) return null;
    return { verb: button.verb, requestId: button.subject, planCode };
  }

  return { addMissing, stale, posted, shown, lost, tokensFor, offerConfirm, useToken, touch };

  /** Policy, switch or clock changed what a card says, not the incident itself. */
  function touch(incidentIds: readonly string[]): void {
    changes.commit(() =>
      sqlite
        .transaction(() => {
          for (const id of incidentIds) changes.touch(id, { isUrgent: false });
        })
        .immediate(),
    );
  }
}

function prepare(sqlite: Sqlite) {
  const ofPlace = "incident_id = ? AND channel = ? AND chat = ?";
  // What changed while the message was on its way keeps the card stale.
  const settled = `(is_stale, is_urgent) = (
    SELECT version > ?, is_urgent AND version > ? FROM incidents WHERE id = incident_id)`;
  return {
    addMissing: sqlite.prepare<[string, string, number]>(
      `INSERT INTO cards (incident_id, channel, chat, shown_version, is_stale, is_urgent, is_reposted, at)
       SELECT id, ?, ?, 0, 1, 0, 0, ? FROM incidents WHERE state <> 'resolved' ON CONFLICT DO NOTHING`,
    ),
    stale: sqlite.prepare<
      [string, string, number],
      Omit<StaleRow, "isUrgent" | "isReposted"> & { isUrgent: number; isReposted: number }
    >(
      `SELECT incident_id AS incidentId, message_id AS messageId, shown_hash AS hash, shown_state AS state,
              is_urgent AS isUrgent, is_reposted AS isReposted
       FROM cards WHERE channel = ? AND chat = ? AND is_stale
       ORDER BY is_urgent DESC, message_id IS NOT NULL, at LIMIT ?`,
    ),
    posted: sqlite.prepare(
      `UPDATE cards SET shown_version = ?, message_id = ?, shown_hash = ?, shown_state = ?, ${settled}, at = ? WHERE ${ofPlace}`,
    ),
    shown: sqlite.prepare(
      `UPDATE cards SET shown_version = ?, shown_hash = ?, shown_state = ?, ${settled}, at = ? WHERE ${ofPlace}`,
    ),
    lost: sqlite.prepare<[string, string, string]>(
      `UPDATE cards SET message_id = NULL, shown_hash = NULL, is_stale = 1, is_reposted = 1 WHERE ${ofPlace}`,
    ),
    existingToken: sqlite
      .prepare<[string, string, string, string], string>(
        `SELECT token FROM buttons WHERE channel = ? AND chat = ? AND subject = ? AND verb = ? AND person IS NULL`,
      )
      .pluck(),
    addToken: sqlite
      .prepare<[string, string, string, string, string], string>(
        `INSERT INTO buttons (token, channel, chat, verb, subject) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (channel, chat, subject, verb) WHERE person IS NULL DO UPDATE SET verb = excluded.verb RETURNING token`,
      )
      .pluck(),
    addConfirm: sqlite.prepare<[string, string, string, string, string, number]>(
      "INSERT INTO buttons (token, channel, chat, verb, subject, person, expires_at) VALUES (?, ?, ?, 'confirm', ?, ?, ?)",
    ),
    findToken: sqlite.prepare<[string, string, string], ButtonRow>(
      "SELECT verb, subject, person, expires_at FROM buttons WHERE token = ? AND channel = ? AND chat = ? AND used_at IS NULL",
    ),
    spend: sqlite.prepare<[number, string]>(
      "UPDATE buttons SET used_at = ? WHERE token = ? AND used_at IS NULL",
    ),
    planCodeOnMessage: sqlite
      .prepare<[string, string, string, string], string | null>(
        `SELECT r.plan_code FROM cards c JOIN requests r ON r.incident_id = c.incident_id
         WHERE c.channel = ? AND c.chat = ? AND c.message_id = ? AND r.id = ?`,
      )
      .pluck(),
  };
}
