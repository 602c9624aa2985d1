import { promqlFlaw } from "../evidence/promql.ts";
import type { Kpi } from "./kpi.ts";
import { KpiFile } from "./kpi.ts";
import type { Path, Problem } from "./yaml.ts";
import { parseYaml } from "./yaml.ts";

export type ParsedKpis =
  | { readonly ok: true; readonly kpis: readonly Kpi[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export function parseKpis(file: string, bytes: Uint8Array): ParsedKpis {
  const parsed = parseYaml(file, new TextDecoder().decode(bytes), KpiFile);
  if (!parsed.ok) return parsed;
  const { kpis } = parsed.value;
  const problems = kpis.flatMap((kpi, at) =>
    flawsOf(kpi, kpis.slice(0, at)).map(({ key, message }) => {
      const path: Path = ["kpis", at, key];
      return { file, line: parsed.lineOf(path), message: `kpis[${at}].${key} ${message}` };
    }),
  );
  return problems.length === 0 ? { ok: true, kpis } : { ok: false, problems };
}

function flawsOf({ id, title, promql }: Kpi, earlier: readonly Kpi[]) {
  const flaw = promql.includes("{{")
    ? "takes no placeholders: it is asked the same whatever the alert is about"
    : promqlFlaw(promql);
  return [
    ...(earlier.some((one) => one.id === id) ? [{ key: "id", message: "is there twice" }] : []),
    ...(earlier.some((one) => one.title === title)
      ? [{ key: "title", message: "is there twice" }]
      : []),
    ...(flaw === null ? [] : [{ key: "promql", message: flaw }]),
  ];
}
