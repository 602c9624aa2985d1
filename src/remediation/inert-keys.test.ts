import { expect, it } from "vitest";
import { inertKeys } from "./inert-keys.ts";
import { builtInPolicy } from "./policy.ts";

const policy = builtInPolicy({ adminIds: { telegram: [], slack: [] }, dataDir: "/data" });

it("says nothing of a policy that has no key without effect", () => {
  expect(inertKeys(policy)).toEqual([]);
});

it("names what a plan, which has one target, can't make use of", () => {
  const limits = { ...policy.limits, targetsPerPlan: 40 };

  expect(inertKeys({ ...policy, limits })).toEqual([
    "policy.yaml: this version does not act on limits.targets_per_plan above 1 yet",
  ]);
});
