import type { Policy } from "./remediation/policy.ts";

type Entry = Policy["targets"][number];

/** EXECUTOR_TARGETS: names, or `label=value`; null is everything. */
export function servesTarget(
  wanted: readonly string[] | null,
  { name, labels }: Pick<Entry, "name" | "labels">,
): boolean {
  if (wanted === null) return true;
  return wanted.some((each) => {
    const at = each.indexOf("=");
    return at < 0 ? each === name : labels[each.slice(0, at)] === each.slice(at + 1);
  });
}
