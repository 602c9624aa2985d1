import type { Request, RequestState, Ruling } from "../approval/approval.ts";
import type { Execution } from "../execution/execution.ts";
import type { IncidentState } from "../incident/incident.ts";
import type { Risk } from "../remediation/proposal.ts";
import type { VerificationOutcome } from "../verification/verification.ts";

/** How a state looks: the tone picks colour and shape, the word is always there too. */
export type Tone = "wait" | "busy" | "good" | "bad" | "quiet";

export const requestWords: Record<RequestState, { word: string; tone: Tone }> = {
  pending: { word: "Waiting for a decision", tone: "wait" },
  approved: { word: "Approved, about to run", tone: "busy" },
  denied: { word: "Can't be approved", tone: "bad" },
  rejected: { word: "Rejected", tone: "quiet" },
  expired: { word: "Expired", tone: "quiet" },
  superseded: { word: "Replaced by another request", tone: "quiet" },
  cancelled: { word: "Cancelled", tone: "quiet" },
  executing: { word: "Running now", tone: "busy" },
  succeeded: { word: "Ran", tone: "good" },
  failed: { word: "Failed", tone: "bad" },
  unknown: { word: "Outcome unknown", tone: "bad" },
};

/** A request for leave to run unasked, once people have given it. */
export const grantWords = {
  holds: { word: "May run unasked", tone: "good" },
  ended: { word: "Asks again", tone: "quiet" },
} as const;

export const incidentWords: Record<IncidentState, { word: string; tone: Tone }> = {
  open: { word: "Open", tone: "wait" },
  acknowledged: { word: "Acknowledged", tone: "busy" },
  resolved: { word: "Resolved", tone: "good" },
};

export const verificationWords: Record<VerificationOutcome, { word: string; tone: Tone }> = {
  verified: { word: "It helped", tone: "good" },
  still_failing: { word: "It did not help", tone: "bad" },
  inconclusive: { word: "Not clear whether it helped", tone: "wait" },
};

export const riskWords: Record<Risk, string> = {
  low: "Low risk",
  medium: "Medium risk",
  high: "High risk",
};

export function executionWords(execution: Execution): { word: string; tone: Tone } {
  switch (execution.state) {
    case "claimed":
      return { word: "About to start", tone: "busy" };
    case "started":
      return { word: "Running", tone: "busy" };
    case "finished":
      return execution.exitCode === 0 || execution.exitCode === null
        ? { word: "Finished", tone: "good" }
        : { word: `Failed with exit code ${execution.exitCode}`, tone: "bad" };
    case "timed_out":
      return { word: "Stopped at its time limit", tone: "bad" };
    case "unknown":
      return { word: "Outcome unknown", tone: "bad" };
  }
}

/** Only these words travel in a URL after a form was sent; what they mean stands here and nowhere else. */
export const flashes = {
  signed_in: { text: "You are signed in.", tone: "good" },
  approved: { text: "Approved. It is about to run.", tone: "good" },
  approved_in_doubt: {
    text: "Approved. Not everything could be looked at just now: it is read again right before the run, which waits until that is possible.",
    tone: "wait",
  },
  rejected: { text: "Rejected. It will not run.", tone: "good" },
  counted: { text: "Your approval counts. Another person has to approve too.", tone: "good" },
  over: {
    text: "Not approved: what it was for is over. It is cancelled and will not run.",
    tone: "bad",
  },
  already_voted: { text: "You have decided on this before; nothing changed.", tone: "quiet" },
  already_decided: { text: "This was decided before you; nothing changed.", tone: "quiet" },
  expired: { text: "Too late: this request has expired and will not run.", tone: "bad" },
  must_type: {
    text: "This one has to be typed: enter the plan code below.",
    tone: "wait",
  },
  must_type_reason: {
    text: "This one has to be typed: enter the plan code and a reason below.",
    tone: "wait",
  },
  wrong_code: {
    text: "That is not the plan code of this request; nothing changed.",
    tone: "bad",
  },
  must_prove: {
    text: "This one takes a passkey of yours, too: approve it by the form below.",
    tone: "wait",
  },
  passkey_wrong: {
    text: "That passkey was not accepted for this plan; nothing was decided. Read it again.",
    tone: "bad",
  },
  not_allowed: { text: "You may not decide this; nothing changed.", tone: "bad" },
  not_found: {
    text: "There is no such request any more, or it has changed since; nothing was decided. Read it again.",
    tone: "bad",
  },
  edited: {
    text: "Replaced by your plan below. It needs votes of its own, and somebody else's.",
    tone: "good",
  },
  undo_asked: {
    text: "Asked for: what undoes it is below. Somebody else has to approve it.",
    tone: "good",
  },
  undo_duplicate: { text: "Somebody has asked for that already; nothing changed.", tone: "quiet" },
  revoked: { text: "Ended. Whoever used it has to sign in again.", tone: "good" },
  not_revoked: { text: "There is no such session any more.", tone: "quiet" },
  taken_back: { text: "Taken back: it asks again, and its record begins anew.", tone: "good" },
  take_back_not_found: { text: "It asked already; nothing changed.", tone: "quiet" },
  take_back_refused: { text: "That takes the role operator; nothing changed.", tone: "bad" },
  passkey_added: { text: "Added. From now on you can sign in with it.", tone: "good" },
  passkey_refused: { text: "That passkey was not accepted; nothing changed.", tone: "bad" },
  passkey_removed: {
    text: "Removed, and other sessions that began with a passkey are over.",
    tone: "good",
  },
  passkey_kept: { text: "That passkey was not removed; sign in anew first.", tone: "bad" },
  reviewed: { text: "Marked as looked at.", tone: "good" },
  already_reviewed: { text: "Somebody has looked at it before you.", tone: "quiet" },
  review_refused: { text: "You may not mark this run; nothing changed.", tone: "bad" },
  review_not_found: { text: "There is no such run to look at.", tone: "bad" },
} as const satisfies Record<string, { text: string; tone: Tone }>;

export type Flash = keyof typeof flashes;

export function parseFlash(word: string | undefined): Flash | null {
  return word !== undefined && Object.hasOwn(flashes, word) ? (word as Flash) : null;
}

export function flashOf(ruling: Ruling): Flash {
  if (ruling.outcome === "approved" && ruling.doubts !== undefined) return "approved_in_doubt";
  if (ruling.outcome !== "must_type") return ruling.outcome;
  return ruling.needsReason ? "must_type_reason" : "must_type";
}

export function incidentPath(id: string): string {
  return `/incidents/${encodeURIComponent(id)}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

export function isLive(request: Request): boolean {
  return ["pending", "approved", "executing", "unknown", "denied"].includes(request.state);
}

const STEPS: readonly (readonly [number, string])[] = [
  [86_400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

/** `4 min ago`, `in 12 min`: the words the page has before, or without, the script. */
export function relative(at: Date, now: Date): string {
  const seconds = Math.round((at.getTime() - now.getTime()) / 1000);
  const size = Math.abs(seconds);
  if (size < 5) return "now";
  const [step, unit] = STEPS.find(([length]) => size >= length) ?? [1, "s"];
  const amount = `${Math.floor(size / step)} ${unit}`;
  return seconds < 0 ? `${amount} ago` : `in ${amount}`;
}

export function exact(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

export function duration(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = Math.round((ms % 60_000) / 1000);
  return seconds === 0 ? `${minutes} min` : `${minutes} min ${seconds} s`;
}
