import type { Policy } from "./policy.ts";
import type { Runbook } from "./runbook.ts";

/** What a file may say already and this version does not act on: nobody should rely on it unknowingly. */
export function inertKeys(runbooks: readonly Runbook[], policy: Policy | null): string[] {
  const ofRunbooks = runbooks.flatMap(({ id, evidence }) => {
    const keys = [...(evidence.some(({ logql }) => logql !== undefined) ? ["logql"] : [])];
    return keys.length === 0
      ? []
      : [`runbooks/${id}.md: this version does not act on ${keys.join(", ")} yet`];
  });
  if (policy === null) return ofRunbooks;
  const { alerts, limits } = policy;
  const ofPolicy = [
    ...(alerts.ignore.length > 0 ? ["alerts.ignore"] : []),
    ...(alerts.route.length > 0 ? ["alerts.route"] : []),
    // A plan has one target, so a higher number allows nothing more.
    ...(limits.targetsPerPlan > 1 ? ["limits.targets_per_plan above 1"] : []),
  ];
  return ofPolicy.length === 0
    ? ofRunbooks
    : [...ofRunbooks, `policy.yaml: this version does not act on ${ofPolicy.join(", ")} yet`];
}
