import type { Policy } from "./policy.ts";
import type { Runbook } from "./runbook.ts";

/** What a file may say already and this version does not act on: nobody should rely on it unknowingly. */
export function inertKeys(runbooks: readonly Runbook[], policy: Policy | null): string[] {
  const ofRunbooks = runbooks.flatMap(({ id, actions, evidence }) => {
    const keys = [
      ...(actions.some(({ silenceMs }) => silenceMs !== null) ? ["silence"] : []),
      ...(actions.some(({ rollback }) => rollback !== null) ? ["rollback"] : []),
      ...(evidence.some(({ logql }) => logql !== undefined) ? ["logql"] : []),
    ];
    return keys.length === 0
      ? []
      : [`runbooks/${id}.md: this version does not act on ${keys.join(", ")} yet`];
  });
  if (policy === null) return ofRunbooks;
  const { alerts } = policy;
  const ofPolicy = [
    ...(alerts.ignore.length > 0 ? ["alerts.ignore"] : []),
    ...(alerts.route.length > 0 ? ["alerts.route"] : []),
  ];
  return ofPolicy.length === 0
    ? ofRunbooks
    : [...ofRunbooks, `policy.yaml: this version does not act on ${ofPolicy.join(", ")} yet`];
}
