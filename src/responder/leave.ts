import type { Plan } from "../approval/approval.ts";
import { bindingOf } from "../approval/digest.ts";
import type { Policy } from "../remediation/policy.ts";
import type { Command } from "../remediation/proposal.ts";
import type { Action } from "../remediation/runbook.ts";

/** What leave to run an action unasked is given for, as it is now. */
export interface Leave {
  readonly runbook: Plan["runbook"];
  readonly action: Action;
  readonly target: Plan["target"];
  readonly policy: Policy;
}

/** What people approve in the place of a command: nothing runs, and the rule that was passed is part of it. */
export function leaveCommand({ action, policy }: Leave): Extract<Command, { kind: "grant" }> {
  return { kind: "grant", with: action.with, ...policy.approval.low.earned };
}

/** The very same for whoever asks for it, gives it, and right before a run looks whether it still holds. */
export function leaveBinding(leave: Leave): string {
  const { runbook, action, target, policy } = leave;
  return bindingOf({
    runbook: { id: runbook.id, sha256: runbook.sha256 },
    action: action.id,
    executor: action.executor,
    target: { name: target.name, host: target.host },
    command: leaveCommand(leave),
    policy: policy.hash,
  });
}
