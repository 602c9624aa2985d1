import type { PlannedRequest } from "../approval/approval.ts";
import { calledText } from "../approval/approval.ts";
import type { IncidentView } from "./card.ts";
import { requestStateOf } from "./card-state.ts";
import { oneLine } from "./text.ts";

export interface Announcement {
  /** Names the event for good, so that it is announced once. */
  readonly key: string;
  readonly text: string;
  /** Whether it may give way in a storm. */
  readonly isOptional: boolean;
}

/** What has happened to an incident that must ring a phone: an edit of the card does not. */
export function announcementsOf(view: IncidentView, now: Date): Announcement[] {
  const { incident } = view;
  const planned = view.requests.filter((request) => request.state !== "denied");
  const results = planned.flatMap((request) => {
    const text = resultText(view, request, now);
    return text === null ? [] : [{ key: `result:${request.id}:${text[0]}`, text: text[1] }];
  });
  const calls = planned.flatMap((request) =>
    requestStateOf(view, request, now) === "pending" ? callsOf(request) : [],
  );
  const resolved =
    incident.state === "resolved"
      ? [
          {
            key: `resolved:${incident.resolvedAt?.getTime() ?? 0}`,
            text: `✅ Alert Resolved: ${oneLine(incident.title, 100)}`,
            isOptional: true,
          },
        ]
      : [];
  return [...[...results, ...calls].map((each) => ({ ...each, isOptional: false })), ...resolved];
}

/** The steps of the ladder for silence; the last one is the expiry among the results. */
function callsOf(request: PlannedRequest) {
  const { approvers, calls } = request;
  const { remindedAt, escalated, pagedAt } = calls;
  const call = (step: string, words: string, to: string) => ({
    key: `${step}:${request.id}`,
    text: `${words}: ${what(request)} needs a decision (${oneLine(to, 80)})`,
  });
  return [
    ...(remindedAt === null ? [] : [call("reminder", "⏰ Still waiting", approvers)]),
    ...(escalated === null ? [] : [call("escalation", "🔔 Escalated", calledText(escalated))]),
    ...(pagedAt === null ? [] : [call("page", "📟 Paged", "whoever is on call")]),
  ];
}

function resultText(
  view: IncidentView,
  request: PlannedRequest,
  now: Date,
): [key: string, text: string] | null {
  const state = requestStateOf(view, request, now);
  switch (state) {
    case "pending":
      // It has been said that it is needed again and again; the card asks, and the ladder calls.
      if (request.reasons.some(({ rule }) => rule === "flapping")) return null;
      return [state, `⚠️ Action Approval Required: ${what(request)}, ${request.risk} risk`];
    case "verified":
      return [state, `✅ ${what(request)}: done and verified`];
    case "still_failing":
      return [state, `❌ ${what(request)}: done, but the alert still fires`];
    case "inconclusive":
      return [state, `❓ ${what(request)}: done, whether it helped is not certain`];
    case "failed":
      return [state, `❌ ${what(request)}: failed`];
    case "unknown":
      return [state, `❓ ${what(request)}: cut short, nobody can say whether it took effect`];
    case "expired":
      return [state, `⌛ ${what(request)}: nobody decided in time, it will not run`];
    default:
      return null;
  }
}

function what({ proposal, plan }: PlannedRequest): string {
  return `${oneLine(proposal.actionTitle, 80)} on ${oneLine(plan.target.name, 60)}`;
}
