import type { PlannedRequest, Request, Vote } from "../approval/approval.ts";
import { runAnywayOf } from "../approval/approval.ts";
import type { Execution } from "../execution/execution.ts";
import { undoOf } from "../execution/execution.ts";
import type { VerificationOutcome } from "../verification/verification.ts";
import type { CardContext, IncidentView, Line } from "./card.ts";
import { requestStateOf } from "./card-state.ts";
import { clean, cut, duration, oneLine, timeOfDay } from "./text.ts";

const OUTPUT_SHOWN = 400;

const VERIFIED: Record<VerificationOutcome, string> = {
  verified: "✅ Verified",
  still_failing: "❌ Still failing",
  inconclusive: "❓ Inconclusive",
};

/** Who decided, when, and what came of it. */
export function outcomeLines(view: IncidentView, request: Request, context: CardContext): Line[] {
  const zone = context.timeZone ?? "UTC";
  if (request.state === "denied") {
    return request.rehearsed === undefined
      ? [note("⛔ It will not run. To change that, mend this:")]
      : [];
  }
  return [
    ...runnerLines(request, context),
    ...decisionLines(request, zone),
    ...endLines(view, request, context),
    ...executionLines(view, request),
    ...undoLines(view, request, context.now),
  ];
}

function runnerLines({ state, proposal }: PlannedRequest, { isUnserved }: CardContext): Line[] {
  const { name } = proposal.target;
  if (!["pending", "approved"].includes(state) || !isUnserved?.(name)) return [];
  return [note(`🚧 No executor is there for ${oneLine(name, 120)}: nothing can run on it now.`)];
}

function decisionLines(request: PlannedRequest, zone: string): Line[] {
  if (request.state === "pending") return [];
  const byPolicy = request.isApprovedByPolicy
    ? [note("Ran unasked: the policy lets it, and auto-healing was on.")]
    : [];
  return [
    ...byPolicy,
    ...request.votes.slice(0, 5).map((vote) => note(voteText(request, vote, zone))),
  ];
}

function voteText(request: PlannedRequest, vote: Vote, zone: string): string {
  const verb = vote.decision === "approve" ? "✅ Approved" : "❌ Rejected";
  const alone =
    vote.decision === "approve" && vote.person === request.requester
      ? " (own request, solo mode)"
      : "";
  const reason = vote.reason ? `: ${oneLine(vote.reason, 200)}` : "";
  return `${verb} by ${oneLine(vote.person, 60)} at ${timeOfDay(vote.at, zone)} in ${vote.channel}${alone}${reason}`;
}

function endLines(view: IncidentView, request: PlannedRequest, context: CardContext): Line[] {
  const why = request.endReason ? ` ${oneLine(request.endReason, 240)}` : "";
  switch (requestStateOf(view, request, context.now)) {
    case "rejected":
      return [note(`⛔ Rejected: it will not run.${why}`)];
    case "expired":
      return [note(`⌛ Expired undecided: it will not run.${why}`)];
    case "superseded":
      return [note(`♻️ Superseded by another proposal.${why}`)];
    case "cancelled":
      return [note(`🚫 Cancelled: it will not run.${why}`), ...anywayLines(view, request)];
    case "granted":
      return [note("🤝 From now on it may run unasked, until a run does not help.")];
    case "taken_back":
      return [note(`🙋 It asks again:${why}`)];
    case "executing":
      return [
        note(request.state === "approved" ? "⏳ Approved, about to run." : "⏳ Running now."),
      ];
    case "unknown":
      return [
        note("❓ It was cut short and nobody can say whether it took effect. It is not repeated;"),
        note("until a person has marked it in the console, this action on this target only asks."),
      ];
    default:
      return request.state === "failed" && why ? [note(why.trim())] : [];
  }
}

function anywayLines({ incident }: IncidentView, request: PlannedRequest): Line[] {
  const command = runAnywayOf(request, incident.state === "resolved" ? null : incident.id);
  if (command === null) return [];
  return [
    {
      kind: "fact",
      label: "To ask for it all the same",
      value: command,
      isCode: true,
      isTyped: true,
    },
  ];
}

function executionLines(view: IncidentView, request: PlannedRequest): Line[] {
  const execution = view.executions.find(({ requestId }) => requestId === request.id);
  if (!execution) return [];
  const verification = view.verifications.find(({ executionId }) => executionId === execution.id);
  const isWell = request.state === "succeeded";
  const output = clean(execution.output ?? "");
  return [
    ...(execution.finishedAt ? [note(finishText(execution, isWell))] : []),
    ...(output && !isWell ? [outputLine(output)] : []),
    ...(verification
      ? [note(`${VERIFIED[verification.outcome]}: ${oneLine(verification.detail, 240)}`)]
      : isWell
        ? [note("⏳ Checking whether it helped.")]
        : []),
  ];
}

/** Where it did not help, the way back stands on the card; elsewhere `/incident` and the console have it. */
function undoLines(view: IncidentView, request: PlannedRequest, now: Date): Line[] {
  const execution = view.executions.find(({ requestId }) => requestId === request.id);
  if (execution === undefined || undoOf(execution, view.requests, now) === null) return [];
  if (requestStateOf(view, request, now) === "verified") return [];
  return [{ kind: "fact", label: "To undo it", value: `/undo ${execution.id}`, isCode: true }];
}

function finishText(execution: Execution, isWell: boolean): string {
  const { startedAt, claimedAt, finishedAt, exitCode, state } = execution;
  const took = duration((finishedAt ?? claimedAt).getTime() - (startedAt ?? claimedAt).getTime());
  const code = exitCode === null ? "" : `, exit code ${exitCode}`;
  if (state === "timed_out") return `❌ Timed out after ${took}`;
  return isWell ? `✅ Succeeded in ${took}${code}` : `❌ Ended after ${took}${code}`;
}

function outputLine(output: string): Line {
  const text = output.length > OUTPUT_SHOWN ? `…${tail(output, OUTPUT_SHOWN)}` : output;
  return { kind: "output", text, isCuttable: true };
}

function tail(text: string, max: number): string {
  return cut(text.slice(-max).replace(/^[\udc00-\udfff]/, ""), max);
}

function note(text: string): Line {
  return { kind: "text", text };
}
