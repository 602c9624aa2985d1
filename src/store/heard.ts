import type { Labels } from "../incident/alert.ts";
import type { Sqlite } from "./open.ts";

/** An alert that fires as long as all is well, and when it last came. */
export interface Heard {
  readonly name: string;
  readonly labels: Labels;
  readonly at: Date;
}

/** Kept, so that one that stops while the program is away is missed all the same. */
export function createHeard(sqlite: Sqlite) {
  const save = sqlite.prepare<[string, string]>(
    "INSERT INTO switches (name, value) VALUES ('heard:' || ?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
  );
  const all = sqlite.prepare<[], { name: string; value: string }>(
    "SELECT name, value FROM switches WHERE name > 'heard:' AND name < 'heard;' ORDER BY name",
  );

  return {
    note: ({ name, labels, at }: Heard) => void save.run(name, JSON.stringify({ labels, at })),
    list: (): Heard[] =>
      all.all().map(({ name, value }) => {
        const { labels, at } = JSON.parse(value) as { labels: Labels; at: string };
        return { name: name.slice("heard:".length), labels, at: new Date(at) };
      }),
  };
}
