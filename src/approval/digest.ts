import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Plan } from "./approval.ts";

/** SHA-256 over the plan's canonical JSON (RFC 8785), as 64 hex digits. */
export function digestOf(plan: Plan): string {
  const text = canonicalize(plan);
  if (text === undefined) throw new Error("a plan that is not JSON has no digest");
  return createHash("sha256").update(text).digest("hex");
}

/** What people see on the card and type: enough to tell plans apart, useless to forge one. */
export function planCodeOf(digest: string): string {
  return digest.slice(0, 8);
}
