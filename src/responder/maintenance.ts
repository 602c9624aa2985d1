import type { PlannedRequest } from "../approval/approval.ts";
import type { Alert, Labels } from "../incident/alert.ts";
import {
  lastOf,
  maintenanceOf,
  maintenanceOfAlert,
  targetsOf,
} from "../remediation/maintenance.ts";
import type { Policy } from "../remediation/policy.ts";
import type { Ports } from "./ports.ts";

type Needs = Pick<Ports, "store" | "catalogue" | "now">;

/** Nobody is called about what can't be approved: until then its target, or its alert, is under maintenance. */
export async function quietUntil(
  { store, catalogue, now }: Needs,
  { episodeId, plan }: PlannedRequest,
): Promise<Date | null> {
  const target = plan.target.name;
  const { policy } = catalogue.read();
  const episode = episodeId === null ? null : await store.episode(episodeId);
  const about = { target, labels: episode?.labels ?? null };
  const window = policy && maintenanceOf(policy, about, now());
  return lastOf([window?.until, await store.maintenanceUntil(target)]);
}

/** The same for alerts: until the first of those that fire is under maintenance no more. */
export async function alertsQuietUntil(
  needs: Needs,
  alerts: readonly Alert[],
): Promise<Date | null> {
  const { policy } = needs.catalogue.read();
  if (policy === null) return null;
  const firing = alerts.filter(({ status }) => status === "firing");
  const ends = await Promise.all(
    firing.map(({ labels }) => alertQuietUntil(needs, policy, labels)),
  );
  const known = ends.filter((end) => end !== null);
  if (known.length < firing.length || firing.length === 0) return null;
  return new Date(Math.min(...known.map(Number)));
}

async function alertQuietUntil(
  { store, now }: Needs,
  policy: Policy,
  labels: Labels,
): Promise<Date | null> {
  const window = maintenanceOfAlert(policy, labels, now());
  const commanded = await Promise.all(targetsOf(policy, labels).map(store.maintenanceUntil));
  return lastOf([window?.until, ...commanded]);
}
