import type { Labels } from "../incident/alert.ts";
import type { Policy } from "./policy.ts";
import { resolveTarget } from "./policy.ts";
import type { Target } from "./proposal.ts";
import type { Action, Runbook } from "./runbook.ts";
import type { Filled } from "./template.ts";
import { fill, flawOf, shown } from "./template.ts";

/** What the action says it is about: its own target, else the alert's instance. */
export function targetName(
  action: Action,
  params: Readonly<Record<string, string>>,
  labels: Labels,
): string | null {
  return action.target === undefined ? instanceOf(labels) : fill(action.target, { params });
}

/** The machine that an alert says it is about, without its port. */
export function instanceOf(labels: Labels): string | null {
  const instance = Object.hasOwn(labels, "instance") ? (labels.instance ?? "") : "";
  return instance === "" ? null : withoutPort(instance);
}

/** `[::1]:9100` and `web-01:9100` have a port; `fe80::1` has none. */
function withoutPort(instance: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\](?::\d+)?|([^:]*):\d+)$/.exec(instance) ?? [];
  return bracketed ?? plain ?? instance;
}

/** The inventory entry of that name, if this action of this runbook may touch it. */
export function findTarget(
  runbook: Runbook,
  action: Action,
  name: string | null,
  policy: Policy | null,
): Filled<Target> {
  const refuse = (rule: string, text: string) => ({ ok: false as const, reason: { rule, text } });
  if (policy === null) {
    return refuse("no_policy", "policy.yaml can't be read or is wrong, so no target is known.");
  }
  if (name === null) {
    const why = 'The alert has no label "instance", and the action names no other target.';
    return refuse("missing_label", why);
  }
  const flaw = flawOf(name, ".+");
  if (flaw !== null) return refuse("unfit_target", `The target is "${shown(name)}": ${flaw}.`);

  const found = resolveTarget(policy, name, action.executor);
  if (!found.ok) return found;
  const { aliases: _, labels, reservedFor, ...target } = found.target;
  if (reservedFor !== null && reservedFor !== runbook.id) {
    const why = `"${target.name}" is kept for the runbook ${reservedFor}.`;
    return refuse("reserved_target", `${why} Add the target you mean to policy.yaml.`);
  }
  if (mayTouch(action, target.name, labels)) return { ok: true, value: target };
  const where = `targets of action ${action.id} in runbooks/${runbook.id}.md`;
  return refuse("target_not_allowed", `${target.name} is not among the ${where}: add it there.`);
}

function mayTouch({ targets }: Action, name: string, labels: Labels): boolean {
  if (targets === "all") return true;
  if (Array.isArray(targets)) return targets.includes(name);
  const wanted = Object.entries(targets.labels);
  const has = ([key, value]: [string, string]) =>
    Object.hasOwn(labels, key) && labels[key] === value;
  return wanted.length > 0 && wanted.every(has);
}
