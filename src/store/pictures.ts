import type { Sqlite } from "./open.ts";

interface Place {
  readonly incidentId: string;
  readonly channel: string;
  readonly chat: string;
}

/** Which picture stands under which card of each chat. */
export function createPictures(sqlite: Sqlite) {
  const query = {
    open: sqlite
      .prepare<[string, string], string>(
        `SELECT c.incident_id FROM incidents i JOIN cards c ON c.incident_id = i.id
         WHERE i.state <> 'resolved' AND c.channel = ? AND c.chat = ?`,
      )
      .pluck(),
    isBusy: sqlite
      .prepare<[string, string], number>(
        `SELECT EXISTS (SELECT 1 FROM cards WHERE channel = ? AND chat = ? AND is_stale
         AND (is_urgent OR is_replying OR message_id IS NULL))`,
      )
      .pluck(),
    card: sqlite.prepare<
      [string, string, string],
      { cardId: string | null; shown: string | null; pictureId: string | null }
    >(
      `SELECT c.message_id AS cardId, p.shown, p.message_id AS pictureId
       FROM cards c LEFT JOIN pictures p ON p.incident_id = c.incident_id AND p.channel = c.channel
         AND p.chat = c.chat AND p.card_id = c.message_id
       WHERE c.incident_id = ? AND c.channel = ? AND c.chat = ?`,
    ),
    begun: sqlite.prepare(
      `INSERT INTO pictures (incident_id, channel, chat, card_id, shown) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (incident_id, channel, chat) DO UPDATE SET
         message_id = CASE WHEN card_id = excluded.card_id THEN message_id END,
         card_id = excluded.card_id, shown = excluded.shown`,
    ),
    sent: sqlite.prepare(
      "UPDATE pictures SET message_id = ? WHERE incident_id = ? AND channel = ? AND chat = ?",
    ),
    shownBefore: sqlite.prepare(
      "UPDATE pictures SET shown = ? WHERE incident_id = ? AND channel = ? AND chat = ?",
    ),
    none: sqlite.prepare("DELETE FROM pictures WHERE incident_id = ? AND channel = ? AND chat = ?"),
  };

  return {
    /** The incidents that are not over and have a card in the chat, or are to get one. */
    open: (channel: string, chat: string): string[] => query.open.all(channel, chat),
    /** The card's message and the picture under it. */
    find({ incidentId, channel, chat }: Place) {
      const found = query.card.get(incidentId, channel, chat);
      if (found === undefined || found.cardId === null) return null;
      return { ...found, cardId: found.cardId };
    },
    /** Whether the chat has something to do that goes before any picture. */
    isBusy: (channel: string, chat: string): boolean => query.isBusy.get(channel, chat) === 1,
    begun({ incidentId, channel, chat, cardId, shown }: Place & { cardId: string; shown: string }) {
      query.begun.run(incidentId, channel, chat, cardId, shown);
    },
    sent({ incidentId, channel, chat, pictureId }: Place & { pictureId: string | null }) {
      query.sent.run(pictureId, incidentId, channel, chat);
    },
    /** It was certainly not sent: what stood there before still does. */
    unsent({ incidentId, channel, chat, shown }: Place & { shown: string | null }) {
      if (shown === null) query.none.run(incidentId, channel, chat);
      else query.shownBefore.run(shown, incidentId, channel, chat);
    },
  };
}
