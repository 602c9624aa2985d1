import type { EarnRule } from "./policy.ts";
import type { PastOutcome, TrackRecord } from "./track-record.ts";

const DAY_MS = 86_400_000;

/** @param outcomes the newest first */
export function trackRecordOf(
  outcomes: readonly PastOutcome[],
  /** As things are now; null for any host. */
  now: { readonly runbookHash: string; readonly host: string | null },
): TrackRecord {
  const of = (...kinds: readonly PastOutcome["what"][]) =>
    outcomes.filter(({ what }) => kinds.includes(what));
  const isWell = ({ what, runbookHash, host }: PastOutcome) =>
    what === "verified" && runbookHash === now.runbookHash && host === (now.host ?? host);
  const firstOther = outcomes.findIndex((outcome) => !isWell(outcome));
  const row = firstOther === -1 ? outcomes : outcomes.slice(0, firstOther);
  const refused = of("rejected", "taken_back");
  return {
    approved: outcomes.filter((outcome) => !refused.includes(outcome) && !outcome.isUnasked).length,
    verified: of("verified").length,
    stillFailing: of("still_failing").length,
    otherwise: of("inconclusive", "failed", "unknown", "undone").length,
    rejected: of("rejected").length,
    lastRejectedAt: of("rejected")[0]?.at ?? null,
    // What ran unasked, or what somebody else chose, neither earns nor costs anything.
    inARow: row.filter(({ isUnasked, isOwn }) => !isUnasked && isOwn).length,
  };
}

/** Why the record is not good enough for the rule, in words; null where it is. */
export function whyNotEarned(
  { inARow, lastRejectedAt }: TrackRecord,
  { verifiedInARow, noneRejectedInMs }: EarnRule,
  now: Date,
): string | null {
  if (inARow < verifiedInARow)
    return `${inARow} of ${verifiedInARow} approved and verified in a row`;
  if (lastRejectedAt !== null && lastRejectedAt.getTime() > now.getTime() - noneRejectedInMs) {
    const until = new Date(lastRejectedAt.getTime() + noneRejectedInMs);
    return `rejected ${lastRejectedAt.toISOString().slice(0, 10)}, which counts until ${until.toISOString().slice(0, 10)}`;
  }
  return null;
}

/** `10 approved and verified in a row, none rejected within 30 d`. */
export function ruleText({ verifiedInARow, noneRejectedInMs }: EarnRule): string {
  const days = noneRejectedInMs / DAY_MS;
  const within =
    days >= 1 ? `${Math.round(days)} d` : `${Math.round(noneRejectedInMs / 60_000)} min`;
  return `${verifiedInARow} approved and verified in a row, none rejected within ${within}`;
}
