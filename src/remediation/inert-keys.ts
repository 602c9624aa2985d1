import type { Policy } from "./policy.ts";

/** What a file may say already and this version does not act on: nobody should rely on it unknowingly. */
export function inertKeys(policy: Policy | null): string[] {
  if (policy === null) return [];
  const { limits } = policy;
  const ofPolicy = [
    // A plan has one target, so a higher number allows nothing more.
    ...(limits.targetsPerPlan > 1 ? ["limits.targets_per_plan above 1"] : []),
  ];
  return ofPolicy.length === 0
    ? []
    : [`policy.yaml: this version does not act on ${ofPolicy.join(", ")} yet`];
}
