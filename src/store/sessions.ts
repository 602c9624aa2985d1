import { createHash } from "node:crypto";
import { newToken } from "./ids.ts";
import type { Sqlite } from "./open.ts";
import type { Chain } from "./record.ts";

const LINK_LIFE_MS = 10 * 60_000;
const SESSION_LIFE_MS = 12 * 3_600_000;

/** One-time links and sessions of the console. Only hashes are stored: who reads the file can't sign in with it. */
export function createSessions(sqlite: Sqlite, record: Chain, now: () => Date) {
  const addLink = sqlite.prepare<[string, string, number]>(
    "INSERT INTO sign_in_links (token_hash, person, expires_at) VALUES (?, ?, ?)",
  );
  const findLink = sqlite
    .prepare<[string, number], string>(
      "SELECT person FROM sign_in_links WHERE token_hash = ? AND used_at IS NULL AND expires_at > ?",
    )
    .pluck();
  const useLink = sqlite
    .prepare<[number, string, number], string>(
      `UPDATE sign_in_links SET used_at = ? WHERE token_hash = ? AND used_at IS NULL AND expires_at > ? RETURNING person`,
    )
    .pluck();
  const anyUsed = sqlite.prepare("SELECT 1 FROM sign_in_links WHERE used_at IS NOT NULL LIMIT 1");
  const addSession = sqlite.prepare<[string, string, string, number, number]>(
    "INSERT INTO sessions (secret_hash, person, csrf, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
  );
  const findSession = sqlite.prepare<[string, number], { person: string; csrf: string }>(
    "SELECT person, csrf FROM sessions WHERE secret_hash = ? AND expires_at > ?",
  );
  const removeSession = sqlite.prepare<[string]>("DELETE FROM sessions WHERE secret_hash = ?");
  const removeOld = sqlite.prepare<[number]>("DELETE FROM sessions WHERE expires_at <= ?");

  return {
    /** A link's token, valid for ten minutes and one use. */
    createLink(person: string): string {
      const token = newToken();
      sqlite
        .transaction(() => {
          addLink.run(hash(token), person, now().getTime() + LINK_LIFE_MS);
          record.append({ kind: "person.invited", actor: person, incidentId: null, data: {} });
        })
        .immediate();
      return token;
    },
    hasAnyoneSignedIn: () => anyUsed.get() !== undefined,
    /** Whom the link would sign in; changes nothing. */
    peekLink: (token: string): string | null => findLink.get(hash(token), now().getTime()) ?? null,
    consumeLink(token: string): { secret: string; person: string } | null {
      return sqlite
        .transaction(() => {
          const at = now().getTime();
          const person = useLink.get(at, hash(token), at);
          if (person === undefined) return null;
          const secret = newToken() + newToken();
          removeOld.run(at);
          addSession.run(hash(secret), person, newToken(), at, at + SESSION_LIFE_MS);
          record.append({ kind: "person.signed_in", actor: person, incidentId: null, data: {} });
          return { secret, person };
        })
        .immediate();
    },
    findSession: (secret: string) => findSession.get(hash(secret), now().getTime()) ?? null,
    endSession(secret: string): void {
      removeSession.run(hash(secret));
    },
  };
}

function hash(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
