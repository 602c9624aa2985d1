import type { Channel, PlannedRequest, Ruling } from "../approval/approval.ts";
import type { Reason } from "../remediation/proposal.ts";
import type { Autohealing, EditAnswer } from "./desk.ts";
import { dateTime, oneLine, plural } from "./text.ts";

/** Telegram shows an answer to a press only up to this length; the others show more. */
const SHORT_ANSWER = 200;

/** A command as a person sends it there, to be copied: Slack has one command for all of ours. */
export function asTyped(command: `/${string}`, channel: Channel): string {
  return `\`${typedIn(command, channel)}\``;
}

export function typedIn(command: string, channel: Channel): string {
  return channel === "slack" ? command.replace(/^\//, "/countersign ") : command;
}

/** The answer to one click or typed decision, short enough for every channel. */
export function rulingText(ruling: Ruling, channel: Channel): string {
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
      return `Send: ${asTyped(`/approve ${ruling.request.planCode} <reason>`, channel)}${ruling.needsReason ? "" : " (the reason may be left out)"}`;
    case "must_prove":
      return "This takes a passkey of yours: approve it on the incident's page in the console.";
    case "not_allowed":
      return oneLine(`You can't decide this: ${ruling.why}`, SHORT_ANSWER);
    case "not_found":
      return noRequest(channel);
  }
}

/** The answer to `/edit`, and to the console's form. */
export function editText(answer: EditAnswer, channel: Channel): string {
  switch (answer.outcome) {
    case "edited": {
      const { risk, reasons, incidentId } = answer.request;
      const who = answer.isSolo
        ? aloneText(answer.request, channel)
        : "Somebody else has to approve it: nobody approves what they edited.";
      return [
        `✏️ Replaced by ${nameOf(answer.request)}, ${risk.toUpperCase()} risk. Votes for the old plan do not count.`,
        ...reasonLines(reasons),
        who,
        `The card is \`${incidentId}\``,
      ].join("\n");
    }
    case "refused":
      return ["⛔ Nothing has changed:", ...reasonLines(answer.reasons)].join("\n");
    case "already_decided":
      return oneLine(`Nothing has changed: it is ${stateText(answer.request)}`, SHORT_ANSWER);
    case "expired":
      return "Too late: this request has expired, and nothing has changed.";
    case "not_allowed":
      return oneLine(`You can't edit this: ${answer.why}`, SHORT_ANSWER);
    case "not_found":
      return noRequest(channel);
  }
}

/** To whoever asked for it, where nobody else can decide. */
export function aloneText(
  { planCode, risk }: Pick<PlannedRequest, "planCode" | "risk">,
  channel: Channel,
): string {
  const reason = risk === "high" ? " <reason>" : "";
  return `You alone can approve here, so it takes the typed code: ${asTyped(`/approve ${planCode}${reason}`, channel)}`;
}

function noRequest(channel: Channel): string {
  return `No request has this plan code now. ${asTyped("/pending", channel)} lists what is waiting.`;
}

export function reasonLines(reasons: readonly Reason[]): string[] {
  return reasons.slice(0, 8).map(({ text }) => `• ${oneLine(text, 300)}`);
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
