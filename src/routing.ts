import type { Labels } from "./incident/alert.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import { ignoreRuleFor, routeOf } from "./remediation/policy.ts";
import type { Route } from "./store/intake.ts";

/**
 * Where the policy sends an alert. What it sends nowhere that is there, and everything while it can't be read, goes to
 * every chat: an alert that nobody sees is worse than one too many (P12).
 */
export function createRouting(
  catalogue: Pick<Catalogue, "read">,
  /** The channels that are set up. */
  channels: readonly string[],
): (labels: Labels) => Route {
  return (labels) => {
    const { policy } = catalogue.read();
    if (policy === null) return { isIgnored: false, to: null };
    const isIgnored = ignoreRuleFor(policy, labels)?.deadmanMs === null;
    const there = [...channels, "console", ...policy.outgoing.map(({ name }) => name)];
    const to = routeOf(policy, labels)?.filter((name) => there.includes(name)) ?? [];
    return { isIgnored, to: to.length === 0 ? null : to };
  };
}
