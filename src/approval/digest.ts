import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Plan } from "./approval.ts";

/** SHA-256 over the plan's canonical JSON (RFC 8785), as 64 hex digits. */
export function digestOf(plan: Plan): string {
  return hashOf(plan);
}

/** The same over what leave to run unasked is given for: another runbook, target, rule or policy is another thing. */
export function bindingOf({
  runbook,
  action,
  executor,
  target,
  command,
  policy,
}: Pick<Plan, "runbook" | "action" | "executor" | "target" | "command" | "policy">): string {
  return hashOf({ runbook, action, executor, target, command, policy });
}

function hashOf(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error("what is not JSON has no digest");
  return createHash("sha256").update(text).digest("hex");
}

/** What people see on the card and type: enough to tell plans apart, useless to forge one. */
export function planCodeOf(digest: string): string {
  return digest.slice(0, 8);
}
