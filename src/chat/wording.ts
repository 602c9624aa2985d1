import type { PlannedRequest, Ruling } from "../approval/approval.ts";
import type { Autohealing } from "./desk.ts";
import { dateTime, oneLine, plural } from "./text.ts";

/** Telegram shows an answer to a press only up to this length; the others show more. */
const SHORT_ANSWER = 200;

/** The answer to one click or typed decision, short enough for every channel. */
export function rulingText(ruling: Ruling): string {
  switch (ruling.outcome) {
    case "approved":
      return oneLine(
        [`✅ Approved: ${nameOf(ruling.request)}`, ...(ruling.doubts ?? [])].join(". "),
        SHORT_ANSWER,
      );
    case "rejected":
      return oneLine(`❌ Rejected: ${nameOf(ruling.request)} will not run.`, SHORT_ANSWER);
    case "counted":
      return oneLine(
        [
          `✅ Counted: ${plural(ruling.missing, "more approval")} needed for ${nameOf(ruling.request)}`,
          ...(ruling.doubts ?? []),
        ].join(". "),
        SHORT_ANSWER,
      );
    case "over":
      return oneLine(`🚫 Not approved but cancelled: ${ruling.why}.`, SHORT_ANSWER);
    case "already_voted":
      return "You have approved this already; somebody else has to approve it too.";
    case "already_decided":
      return oneLine(`Decided already: ${stateText(ruling.request)}`, SHORT_ANSWER);
    case "expired":
      return "Too late: this request has expired, and it will not run.";
    case "must_type":
      return `Send: /approve ${ruling.request.planCode} <reason>${ruling.needsReason ? "" : " (the reason may be left out)"}`;
    case "not_allowed":
      return oneLine(`You can't decide this: ${ruling.why}`, SHORT_ANSWER);
    case "not_found":
      return "No request has this plan code now. /pending lists what is waiting.";
  }
}

function nameOf({ proposal, plan, planCode }: PlannedRequest): string {
  return `${oneLine(proposal.actionTitle, 60)} on ${oneLine(plan.target.name, 40)} (${planCode})`;
}

function stateText(request: PlannedRequest): string {
  const last = request.votes.at(-1);
  const by = last ? ` (${last.decision} by ${oneLine(last.person, 40)})` : "";
  return `${request.state}${by}.${request.endReason ? ` ${request.endReason}` : ""}`;
}

export function autohealingText({ isOn, offUntil }: Autohealing, timeZone = "UTC"): string {
  if (isOn) return "Auto-healing is on: low risk runs by itself.";
  const end = offUntil ? ` until ${dateTime(offUntil, timeZone)}` : "";
  return `Auto-healing is off${end}: every fix asks.`;
}
