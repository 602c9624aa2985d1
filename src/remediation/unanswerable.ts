import type { Policy } from "./policy.ts";
import { isSolo, peopleWho } from "./policy.ts";
import type { Runbook } from "./runbook.ts";

/** Actions that name approvers of their own, too few of whom there are: nobody could ever let them run. */
export function unanswerable(
  { id, actions }: Runbook,
  policy: Policy,
): readonly { readonly runbookId: string; readonly message: string }[] {
  return actions.flatMap(({ id: actionId, approvers, risk }) => {
    if (approvers === undefined) return [];
    const people = peopleWho(policy, approvers).length;
    const rule = risk === "high" ? policy.approval.high : policy.approval.medium;
    const quorum = risk === "high" && isSolo(policy) ? 1 : rule.quorum;
    if (people >= quorum) return [];
    const message = `nobody could approve ${actionId}: policy.yaml lists ${people} people for approvers: ${approvers}, and it takes ${quorum}`;
    return [{ runbookId: id, message }];
  });
}
