import { createHash } from "node:crypto";
import type { SignInWay } from "../approval/approval.ts";
import { newToken } from "./ids.ts";
import type { Sqlite } from "./open.ts";
import type { Chain } from "./record.ts";

/** Of the secret's hash: enough to tell sessions apart, and nothing to sign in with. */
const ID_DIGITS = 16;
const MOST_AGENT = 300;
const LINK_LIFE_MS = 10 * 60_000;
const SESSION_LIFE_MS = 12 * 3_600_000;

/** One-time links and sessions of the console. Only hashes are stored: who reads the file can't sign in with it. */
export function createSessions(sqlite: Sqlite, record: Chain, now: () => Date) {
  const addLink = sqlite.prepare<[string, string, LinkWay, number]>(
    "INSERT INTO sign_in_links (token_hash, person, way, expires_at) VALUES (?, ?, ?, ?)",
  );
  const findLink = sqlite
    .prepare<[string, number], string>(
      "SELECT person FROM sign_in_links WHERE token_hash = ? AND used_at IS NULL AND expires_at > ?",
    )
    .pluck();
  const useLink = sqlite.prepare<[number, string, number], { person: string; way: LinkWay }>(
    `UPDATE sign_in_links SET used_at = ? WHERE token_hash = ? AND used_at IS NULL AND expires_at > ? RETURNING person, way`,
  );
  const anyUsed = sqlite.prepare("SELECT 1 FROM sign_in_links WHERE used_at IS NOT NULL LIMIT 1");
  const addSession = sqlite.prepare<
    [string, string, string, number, number, string | null, SignInWay]
  >(
    "INSERT INTO sessions (secret_hash, person, csrf, created_at, expires_at, agent, way) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const live = sqlite.prepare<[number], SessionRow>(
    `SELECT substr(secret_hash, 1, ${ID_DIGITS}) AS id, person, agent, way, created_at, expires_at
     FROM sessions WHERE expires_at > ? ORDER BY created_at DESC, rowid DESC`,
  );
  const revoke = sqlite
    .prepare<[string], string>(
      `DELETE FROM sessions WHERE substr(secret_hash, 1, ${ID_DIGITS}) = ? RETURNING person`,
    )
    .pluck();
  const findSession = sqlite.prepare<[string, number], FoundSession>(
    "SELECT person, csrf, way, created_at FROM sessions WHERE secret_hash = ? AND expires_at > ?",
  );
  const removeSession = sqlite.prepare<[string]>("DELETE FROM sessions WHERE secret_hash = ?");
  const removeOld = sqlite.prepare<[number]>("DELETE FROM sessions WHERE expires_at <= ?");

  /** @returns the secret that the browser keeps */
  function add(person: string, way: SignInWay, agent: string | null): string {
    const at = now().getTime();
    const secret = newToken() + newToken();
    const name = agent?.slice(0, MOST_AGENT) ?? null;
    removeOld.run(at);
    addSession.run(hash(secret), person, newToken(), at, at + SESSION_LIFE_MS, name, way);
    record.append({ kind: "person.signed_in", actor: person, incidentId: null, data: { way } });
    return secret;
  }

  return {
    /** A link's token, valid for ten minutes and one use. */
    createLink(person: string, way: LinkWay = "link"): string {
      const token = newToken();
      sqlite
        .transaction(() => {
          addLink.run(hash(token), person, way, now().getTime() + LINK_LIFE_MS);
          record.append({
            kind: "person.invited",
            actor: person,
            incidentId: null,
            data: { way },
          });
        })
        .immediate();
      return token;
    },
    hasAnyoneSignedIn: () => anyUsed.get() !== undefined,
    /** Whom the link would sign in; changes nothing. */
    peekLink: (token: string): string | null => findLink.get(hash(token), now().getTime()) ?? null,
    consumeLink(
      token: string,
      agent: string | null = null,
    ): { secret: string; person: string } | null {
      return sqlite
        .transaction(() => {
          const at = now().getTime();
          const used = useLink.get(at, hash(token), at);
          if (used === undefined) return null;
          return { secret: add(used.person, used.way, agent), person: used.person };
        })
        .immediate();
    },
    /** For somebody who has shown a passkey. @returns the secret that the browser keeps */
    begin: (person: string, agent: string | null): string =>
      sqlite.transaction(() => add(person, "passkey", agent)).immediate(),
    findSession(secret: string) {
      const found = findSession.get(hash(secret), now().getTime());
      if (found === undefined) return null;
      const { created_at: createdAt, ...session } = found;
      return { ...session, createdAt: new Date(createdAt) };
    },
    /** Those that are not over, the newest first. */
    list: () =>
      live.all(now().getTime()).map(({ created_at: createdAt, expires_at: expiresAt, ...row }) => ({
        ...row,
        createdAt: new Date(createdAt),
        expiresAt: new Date(expiresAt),
      })),
    /** The session's id as `list` gives it. */
    idOf: (secret: string) => hash(secret).slice(0, ID_DIGITS),
    /** Ends sessions of any browser, at once. @returns how many there were */
    revoke(ids: readonly string[], by: string): number {
      return sqlite
        .transaction(() => {
          const ended = ids.flatMap((id) => revoke.get(id) ?? []);
          for (const person of ended) {
            const data = { person };
            record.append({ kind: "session.revoked", actor: by, incidentId: null, data });
          }
          return ended.length;
        })
        .immediate();
    },
    endSession(secret: string): void {
      removeSession.run(hash(secret));
    },
  };
}

type LinkWay = Exclude<SignInWay, "passkey">;

interface FoundSession {
  person: string;
  csrf: string;
  way: SignInWay;
  created_at: number;
}

interface SessionRow {
  id: string;
  person: string;
  agent: string | null;
  way: SignInWay;
  created_at: number;
  expires_at: number;
}

function hash(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
