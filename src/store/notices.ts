import type { Sqlite } from "./open.ts";

/** What everybody has to be told and belongs to no incident. */
export interface Notice {
  readonly id: number;
  readonly at: Date;
  readonly text: string;
}

interface Row {
  id: number;
  at: number;
  text: string;
}

export function createNotices(sqlite: Sqlite, now: () => Date) {
  const add = sqlite.prepare<[number, string]>(
    "INSERT INTO notices (at, text, is_told) VALUES (?, ?, 0)",
  );
  const tell = sqlite.prepare<[number]>("UPDATE notices SET is_told = 1 WHERE id = ?");
  const untold = sqlite.prepare<[], Row>(
    "SELECT id, at, text FROM notices WHERE is_told = 0 ORDER BY id",
  );
  const since = sqlite.prepare<[number], Row>(
    "SELECT id, at, text FROM notices WHERE at > ? ORDER BY id DESC LIMIT 5",
  );

  return {
    /** Only inside the transaction of what is to be told. */
    say: (text: string): void => void add.run(now().getTime(), text),
    untold: (): Notice[] => untold.all().map(toNotice),
    told: (id: number): void => void tell.run(id),
    since: (date: Date): Notice[] => since.all(date.getTime()).map(toNotice),
  };
}

export type Notices = ReturnType<typeof createNotices>;

function toNotice({ id, at, text }: Row): Notice {
  return { id, at: new Date(at), text };
}
