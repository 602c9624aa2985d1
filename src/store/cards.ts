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
  readonly isReplying?: boolean;
}

export interface StaleRow {
  readonly incidentId: string;
  readonly messageId: string | null;
  readonly hash: string | null;
  readonly state: string | null;
  readonly isUrgent: boolean;
  readonly isReplying: boolean;
  readonly isReposted: boolean;
  readonly isCritical: boolean;
  readonly isPressing: boolean;
  readonly isOver: boolean;
  readonly isInvestigating: boolean;
}

type Flags = Extract<
  { [K in keyof StaleRow]: StaleRow[K] extends boolean ? K : never }[keyof StaleRow],
  string
>;

type TokenMeaning =
  | { readonly verb: "approve" | "reject"; readonly requestId: string; readonly planCode: string }
  | { readonly verb: "confirm"; readonly person: string; readonly expiresAt: Date }
  | { readonly verb: "old"; readonly liveMessageId: string | null; readonly isStray: boolean };

interface ButtonRow {
  verb: "approve" | "reject" | "confirm";
  subject: string;
  person: string | null;
  expires_at: number | null;
  used_at: number | null;
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
    for (const { channel, chat } of chats)
      query.addMissing.run(channel, chat, now().getTime(), channel);
  }

  /** Of each lane the first few. What a card shows is loaded for the one whose turn it is. */
  function stale(channel: string, chat: string, limit: number): StaleRow[] {
    const at = now().getTime();
    return query.stale.all({ channel, chat, limit, at }).map((row) => ({
      ...row,
      isUrgent: row.isUrgent === 1,
      isReplying: row.isReplying === 1,
      isReposted: row.isReposted === 1,
      isCritical: row.isCritical === 1,
      isPressing: row.isPressing === 1,
      isOver: row.isOver === 1,
      isInvestigating: row.isInvestigating === 1,
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

  function shown({ isReplying = false, ...card }: Shown): void {
    query.shown.run({ ...card, isReplying: isReplying ? 1 : 0, at: now().getTime() });
  }

  function lost({ incidentId, channel, chat }: Place): void {
    query.lost.run(incidentId, channel, chat);
  }

  /** Presses may have been lost: every card that waits for a decision gets new buttons, in its turn. How many. */
  function renewButtons(channel: string, chat: string): number {
    return query.renew.run(channel, chat).changes;
  }

  /** One pair of tokens for each request and chat, the same each time until they are renewed. */
  function tokensFor(
    wanted: Place & { readonly requestIds: readonly string[]; readonly isRenewed?: boolean },
  ): Record<string, { approve: string; reject: string }> {
    const { channel, chat, isRenewed = false } = wanted;
    const at = now().getTime();
    // Nothing is written, and so nothing flushed, for buttons that exist.
    const tokenFor = (subject: string, verb: "approve" | "reject") =>
      query.existingToken.get(channel, chat, subject, verb) ??
      (query.addToken.get(newToken(), channel, chat, verb, subject) as string);
    return sqlite.transaction(() => {
      if (isRenewed) for (const id of wanted.requestIds) query.retire.run(at, channel, chat, id);
      return Object.fromEntries(
        wanted.requestIds.map((id) => [
          id,
          { approve: tokenFor(id, "approve"), reject: tokenFor(id, "reject") },
        ]),
      );
    })();
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

  /**
   * A token means something only in the chat and on the message it was made for; a confirmation only once. On another
   * message, or once it was renewed, it only says where the card is that counts.
   */
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
    return button.verb === "confirm"
      ? useConfirm(token, button, where.person)
      : useChoice(button, where);
  }

  function useConfirm(token: string, button: ButtonRow, by: string): TokenMeaning | null {
    if (button.used_at !== null) return null;
    const person = button.person ?? "";
    // Somebody else's press must not use it up.
    const isTheirs = person === by;
    if (isTheirs && query.spend.run(now().getTime(), token).changes === 0) return null;
    return { verb: "confirm", person, expiresAt: new Date(button.expires_at ?? 0) };
  }

  function useChoice(
    { verb, subject, used_at: usedAt }: ButtonRow,
    { channel, chat, messageId }: { channel: string; chat: string; messageId: string },
  ): TokenMeaning | null {
    const live = query.cardOfRequest.get(channel, chat, subject);
    if (live?.planCode == null || verb === "confirm") return null;
    if (live.messageId === messageId && usedAt === null)
      return { verb, requestId: subject, planCode: live.planCode };
    const isThere = query.isOnMessage.get(channel, chat, messageId, channel, chat, messageId);
    return { verb: "old", liveMessageId: live.messageId, isStray: isThere === 0 };
  }

  /** The incident whose card this message is. */
  function incidentOn(channel: string, chat: string, messageId: string): string | null {
    return query.incidentOn.get(channel, chat, messageId) ?? null;
  }

  /** Where the cards of an incident are; the id is null until its message is posted. */
  function messagesOf(incidentId: string) {
    return query.messagesOf.all(incidentId);
  }

  return {
    addMissing,
    messagesOf,
    stale,
    posted,
    shown,
    lost,
    renewButtons,
    tokensFor,
    offerConfirm,
    useToken,
    incidentOn,
    touch,
  };

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

/** What needs a card of its own also in a storm: people must see it, or decide it. */
export const PRESSING = `(i.severity IS 'critical' OR EXISTS (SELECT 1 FROM requests r
  WHERE r.incident_id = i.id AND r.state IN ('pending', 'approved', 'executing', 'unknown', 'failed')))`;

function prepare(sqlite: Sqlite) {
  const ofPlace = "incident_id = ? AND channel = ? AND chat = ?";
  // What changed while the message was on its way keeps the card stale.
  const settled = `(is_stale, is_urgent) = (
    SELECT version > ?, is_urgent AND version > ? FROM incidents WHERE id = incident_id)`;
  const staleColumns = `c.incident_id AS incidentId, c.message_id AS messageId, c.shown_hash AS hash,
    c.shown_state AS state, c.is_urgent AS isUrgent, c.is_replying AS isReplying, c.is_reposted AS isReposted,
    i.state = 'resolved' AS isOver, i.severity IS 'critical' AS isCritical, c.message_id IS NULL AND ${PRESSING} AS isPressing,
    c.message_id IS NULL AND EXISTS (SELECT 1 FROM alerts a JOIN steps s
      ON s.kind IN ('investigate', 'propose') AND s.subject = CAST(a.id AS TEXT)
      WHERE a.incident_id = c.incident_id AND (s.is_leased OR s.due_at <= @at)) AS isInvestigating`;
  return {
    addMissing: sqlite.prepare<[string, string, number, string]>(
      `INSERT INTO cards (incident_id, channel, chat, shown_version, is_stale, is_urgent, is_reposted, at)
       SELECT id, ?, ?, 0, 1, 0, 0, ? FROM incidents WHERE state <> 'resolved'
         AND (route IS NULL OR EXISTS (SELECT 1 FROM json_each(route) WHERE value = ?)) ON CONFLICT DO NOTHING`,
    ),
    stale: sqlite.prepare<
      { channel: string; chat: string; limit: number; at: number },
      Omit<StaleRow, Flags> & Record<Flags, number>
    >(
      ["is_urgent", "is_replying", "message_id IS NULL", "1"]
        .map((lane, index, lanes) => {
          const earlier = lanes.slice(0, index).map((each) => ` AND NOT (${each})`);
          return `SELECT * FROM (SELECT ${staleColumns} FROM cards c JOIN incidents i ON i.id = c.incident_id
            WHERE channel = @channel AND chat = @chat AND is_stale AND ${lane}${earlier.join("")}
            ORDER BY isPressing AND isCritical DESC, isPressing DESC, c.at LIMIT @limit)`;
        })
        .join(" UNION ALL "),
    ),
    posted: sqlite.prepare(
      `UPDATE cards SET shown_version = ?, message_id = ?, shown_hash = ?, shown_state = ?, ${settled}, at = ? WHERE ${ofPlace}`,
    ),
    shown: sqlite.prepare(
      `UPDATE cards SET shown_version = @version, shown_hash = @hash, shown_state = @state, is_replying = @isReplying, at = @at,
       (is_stale, is_urgent) = (
         SELECT version > @version OR @isReplying, is_urgent AND version > @version FROM incidents WHERE id = incident_id)
       WHERE incident_id = @incidentId AND channel = @channel AND chat = @chat`,
    ),
    lost: sqlite.prepare<[string, string, string]>(
      `UPDATE cards SET message_id = NULL, shown_hash = NULL, is_stale = 1, is_replying = 0, is_reposted = 1 WHERE ${ofPlace}`,
    ),
    existingToken: sqlite
      .prepare<[string, string, string, string], string>(
        `SELECT token FROM buttons
         WHERE channel = ? AND chat = ? AND subject = ? AND verb = ? AND person IS NULL AND used_at IS NULL`,
      )
      .pluck(),
    addToken: sqlite
      .prepare<[string, string, string, string, string], string>(
        `INSERT INTO buttons (token, channel, chat, verb, subject) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (channel, chat, subject, verb) WHERE person IS NULL AND used_at IS NULL DO UPDATE SET verb = excluded.verb RETURNING token`,
      )
      .pluck(),
    addConfirm: sqlite.prepare<[string, string, string, string, string, number]>(
      "INSERT INTO buttons (token, channel, chat, verb, subject, person, expires_at) VALUES (?, ?, ?, 'confirm', ?, ?, ?)",
    ),
    findToken: sqlite.prepare<[string, string, string], ButtonRow>(
      "SELECT verb, subject, person, expires_at, used_at FROM buttons WHERE token = ? AND channel = ? AND chat = ?",
    ),
    spend: sqlite.prepare<[number, string]>(
      "UPDATE buttons SET used_at = ? WHERE token = ? AND used_at IS NULL",
    ),
    retire: sqlite.prepare<[number, string, string, string]>(
      "UPDATE buttons SET used_at = ? WHERE channel = ? AND chat = ? AND subject = ? AND person IS NULL AND used_at IS NULL",
    ),
    // Without its hash no card looks up to date, and so it is edited.
    renew: sqlite.prepare<[string, string]>(
      `UPDATE cards SET is_stale = 1, shown_hash = NULL WHERE channel = ? AND chat = ? AND message_id IS NOT NULL
       AND incident_id IN (SELECT incident_id FROM requests
         WHERE state IN ('pending', 'approved', 'executing') AND state = 'pending')`,
    ),
    cardOfRequest: sqlite.prepare<
      [string, string, string],
      { messageId: string | null; planCode: string | null }
    >(
      `SELECT c.message_id AS messageId, r.plan_code AS planCode
       FROM requests r JOIN cards c ON c.incident_id = r.incident_id
       WHERE c.channel = ? AND c.chat = ? AND r.id = ?`,
    ),
    messagesOf: sqlite.prepare<[string], { channel: string; messageId: string | null }>(
      "SELECT channel, message_id AS messageId FROM cards WHERE incident_id = ?",
    ),
    isOnMessage: sqlite
      .prepare<[string, string, string, string, string, string], number>(
        `SELECT EXISTS (SELECT 1 FROM cards WHERE channel = ? AND chat = ? AND message_id = ?)
             OR EXISTS (SELECT 1 FROM digests WHERE channel = ? AND chat = ? AND message_id = ?)`,
      )
      .pluck(),
    incidentOn: sqlite
      .prepare<[string, string, string], string>(
        "SELECT incident_id FROM cards WHERE channel = ? AND chat = ? AND message_id = ?",
      )
      .pluck(),
  };
}
