import type { Sqlite } from "./open.ts";

interface Place {
  readonly channel: string;
  readonly chat: string;
}

/** More than a platform delivers again after a crash. */
const HANDLED = 200;

/** What must outlive the process about a chat itself, whatever it shows. */
export function createChats(sqlite: Sqlite) {
  const query = prepare(sqlite);

  function recall({ channel, chat }: Place): { movedTo: string | null; heardAt: Date | null } {
    const row = query.find.get(channel, chat);
    return {
      movedTo: row?.movedTo ?? null,
      heardAt: row?.heardAt == null ? null : new Date(row.heardAt),
    };
  }

  function heard({ channel, chat, at }: Place & { readonly at: Date }): void {
    query.add.run(channel, chat);
    query.heard.run(at.getTime(), channel, chat);
  }

  /** The messages of the old chat are not those of the new one: what is open is posted anew. */
  function moved({ channel, chat, to }: Place & { readonly to: string }): void {
    sqlite
      .transaction(() => {
        query.add.run(channel, chat);
        if (query.move.run(to, channel, chat, to).changes === 0) return;
        query.forgetMessages.run(channel, chat);
        query.forgetDigest.run(channel, chat);
      })
      .immediate();
  }

  /** At start: the setting was changed to where the chat had moved, and its cards go along. */
  function adopt({ channel, chat }: Place): void {
    sqlite
      .transaction(() => {
        for (const before of query.movedHere.all(channel, idOf(chat))) {
          if (before === chat) continue;
          for (const rename of query.rename) rename.run(chat, channel, before);
          query.remove.run(channel, before);
        }
      })
      .immediate();
  }

  function isHandled({ channel, chat, update }: Place & { readonly update: number }): boolean {
    return handledOf(channel, chat).includes(update);
  }

  function handled({ channel, chat, update }: Place & { readonly update: number }): void {
    query.add.run(channel, chat);
    const newest = [...handledOf(channel, chat), update].slice(-HANDLED);
    query.handled.run(JSON.stringify(newest), channel, chat);
  }

  function handledOf(channel: string, chat: string): number[] {
    return JSON.parse(query.find.get(channel, chat)?.handled ?? "[]") as number[];
  }

  return { recall, heard, moved, adopt, isHandled, handled };
}

/** Of `id:topic`. */
function idOf(chat: string): string {
  return chat.split(":")[0] ?? chat;
}

function prepare(sqlite: Sqlite) {
  const ofChat = "WHERE channel = ? AND chat = ?";
  return {
    find: sqlite.prepare<
      [string, string],
      { movedTo: string | null; heardAt: number | null; handled: string }
    >(`SELECT moved_to AS movedTo, heard_at AS heardAt, handled FROM chats ${ofChat}`),
    add: sqlite.prepare<[string, string]>(
      "INSERT INTO chats (channel, chat, handled) VALUES (?, ?, '[]') ON CONFLICT DO NOTHING",
    ),
    heard: sqlite.prepare<[number, string, string]>(`UPDATE chats SET heard_at = ? ${ofChat}`),
    handled: sqlite.prepare<[string, string, string]>(`UPDATE chats SET handled = ? ${ofChat}`),
    move: sqlite.prepare<[string, string, string, string]>(
      `UPDATE chats SET moved_to = ? ${ofChat} AND moved_to IS NOT ?`,
    ),
    forgetMessages: sqlite.prepare<[string, string]>(
      `UPDATE cards SET message_id = NULL, shown_hash = NULL, is_replying = 0,
         is_stale = (SELECT state <> 'resolved' FROM incidents WHERE id = incident_id)
       ${ofChat} AND message_id IS NOT NULL`,
    ),
    forgetDigest: sqlite.prepare<[string, string]>(
      `UPDATE digests SET message_id = NULL, shown_hash = NULL ${ofChat} AND NOT is_done`,
    ),
    movedHere: sqlite
      .prepare<[string, string], string>(
        "SELECT chat FROM chats WHERE channel = ? AND moved_to = ?",
      )
      .pluck(),
    // What the new name has of its own is never better than what is known of the old one.
    rename: ["cards", "buttons", "digests", "pictures"].map((table) =>
      sqlite.prepare<[string, string, string]>(`UPDATE OR REPLACE ${table} SET chat = ? ${ofChat}`),
    ),
    remove: sqlite.prepare<[string, string]>(`DELETE FROM chats ${ofChat}`),
  };
}
