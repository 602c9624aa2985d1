import type { Passkey } from "../console/passkey.ts";
import type { Sqlite } from "./open.ts";
import type { Chain } from "./record.ts";

const MOST_A_PERSON = 20;

export type NewPasskey = Omit<Passkey, "createdAt" | "usedAt">;

export function createPasskeys(sqlite: Sqlite, record: Chain, now: () => Date) {
  const insert = sqlite.prepare<
    [string, string, string, string, string, number, string, number, string]
  >(
    `INSERT INTO passkeys (id, person, name, site, public_key, counter, transports, created_at)
     SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM passkeys WHERE person = ?) < ${MOST_A_PERSON}
     ON CONFLICT DO NOTHING`,
  );
  const byId = sqlite.prepare<[string], Row>("SELECT * FROM passkeys WHERE id = ?");
  const ofPerson = sqlite.prepare<[string], Row>(
    "SELECT * FROM passkeys WHERE person = ? ORDER BY created_at DESC, rowid DESC",
  );
  // Devices that don't count say 0 each time. One that counts never says the same twice, unless there is a copy of it.
  const use = sqlite.prepare<[number, number, string, number, number]>(
    "UPDATE passkeys SET counter = ?, used_at = ? WHERE id = ? AND (counter < ? OR (counter = 0 AND ? = 0))",
  );
  const remove = sqlite
    .prepare<[string, string], string>(
      "DELETE FROM passkeys WHERE id = ? AND person = ? RETURNING name",
    )
    .pluck();

  return {
    /** @returns false where it is known already, or the person has more than enough */
    add(one: NewPasskey): boolean {
      const { id, person, name, site } = one;
      return sqlite
        .transaction(() => {
          const { publicKey, counter } = one;
          const transports = JSON.stringify(one.transports);
          const at = now().getTime();
          const row = [id, person, name, site, publicKey, counter, transports, at, person] as const;
          if (insert.run(...row).changes === 0) return false;
          const data = { passkey: id, name, site };
          record.append({ kind: "passkey.added", actor: person, incidentId: null, data });
          return true;
        })
        .immediate();
    },
    find(id: string): Passkey | null {
      const row = byId.get(id);
      return row === undefined ? null : passkeyOf(row);
    },
    /** The newest first. */
    list: (person: string): Passkey[] => ofPerson.all(person).map(passkeyOf),
    /** @returns false where the counter does not rise: then there is a copy of the device */
    used: (id: string, counter: number): boolean =>
      use.run(counter, now().getTime(), id, counter, counter).changes > 0,
    /** @returns false where this person has none such */
    remove(id: string, person: string): boolean {
      return sqlite
        .transaction(() => {
          const name = remove.get(id, person);
          if (name === undefined) return false;
          const data = { passkey: id, name };
          record.append({ kind: "passkey.removed", actor: person, incidentId: null, data });
          return true;
        })
        .immediate();
    },
  };
}

interface Row {
  id: string;
  person: string;
  name: string;
  site: string;
  public_key: string;
  counter: number;
  transports: string;
  created_at: number;
  used_at: number | null;
}

function passkeyOf(row: Row): Passkey {
  const {
    public_key: publicKey,
    transports,
    created_at: createdAt,
    used_at: usedAt,
    ...rest
  } = row;
  return {
    ...rest,
    publicKey,
    transports: JSON.parse(transports) as string[],
    createdAt: new Date(createdAt),
    usedAt: usedAt === null ? null : new Date(usedAt),
  };
}
