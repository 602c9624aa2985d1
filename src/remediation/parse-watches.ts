import { promqlFlaw } from "../evidence/promql.ts";
import type { Watch } from "./watch.ts";
import { WatchFile } from "./watch.ts";
import type { Problem } from "./yaml.ts";
import { parseYaml } from "./yaml.ts";

export type ParsedWatches =
  | { readonly ok: true; readonly watches: readonly Watch[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export function parseWatches(file: string, bytes: Uint8Array): ParsedWatches {
  const parsed = parseYaml(file, new TextDecoder().decode(bytes), WatchFile);
  if (!parsed.ok) return parsed;
  const { watches } = parsed.value;
  const problems = watches.flatMap(({ name, promql }, at): Problem[] => {
    const flawed = (key: string, message: string) => ({
      ...{ file, line: parsed.lineOf(["watches", at, key]) },
      message: `watches[${at}].${key} ${message}`,
    });
    const flaw = promqlFlaw(promql);
    const isSecond = watches.findIndex((other) => other.name === name) !== at;
    return [
      ...(flaw === null ? [] : [flawed("promql", `is ${flaw}`)]),
      ...(isSecond ? [flawed("name", `${name} is there twice`)] : []),
    ];
  });
  return problems.length === 0 ? { ok: true, watches } : { ok: false, problems };
}
