import type { types } from "@slack/bolt";
import type { PlannedRequest } from "../approval/approval.ts";
import { commandText } from "./command-text.ts";
import { SLACK_LIMITS } from "./slack-blocks.ts";
import { bold, code, paragraph, preformatted, richText } from "./slack-rich-text.ts";
import { cut, inert, oneLine } from "./text.ts";

/** Both the form's `callback_id` and the prefix of nothing else. */
export const APPROVE_MODAL = "approve";

const PLAN_CODE = "plan_code";
const REASON = "reason";
const REASONS_SHOWN = 5;
const LONGEST_REASON = 500;

export interface ApproveForm {
  readonly request: PlannedRequest;
  /** Comes back with the form; nothing else of the decision travels through Slack. */
  readonly token: string;
  readonly needsReason: boolean;
  readonly consoleUrl: string;
}

/** What one tap may not decide: the plan once more, its code to type and a reason. */
export function approveModal(form: ApproveForm): types.ModalView {
  const { request, token, needsReason, consoleUrl } = form;
  const command = commandText(request.plan.command);
  const base = { type: "modal", callback_id: APPROVE_MODAL, private_metadata: token } as const;
  const title = plain(request.risk === "high" ? "🔴 Approve high risk" : "Approve");
  if (command.length > SLACK_LIMITS.text)
    return { ...base, title, close: plain("Close"), blocks: tooLong(command.length, consoleUrl) };
  return {
    ...base,
    title,
    submit: plain("Approve"),
    close: plain("Cancel"),
    blocks: [
      ...planBlocks(request, command),
      {
        type: "input",
        block_id: PLAN_CODE,
        label: plain("Plan code, as shown above"),
        element: { type: "plain_text_input", action_id: PLAN_CODE, max_length: 40 },
      },
      {
        type: "input",
        block_id: REASON,
        optional: !needsReason,
        label: plain("Reason"),
        element: {
          type: "plain_text_input",
          action_id: REASON,
          multiline: true,
          max_length: LONGEST_REASON,
        },
      },
    ],
  };
}

/** A form that was sent; all of it is hostile text until the token is found. */
export interface SentForm {
  readonly private_metadata?: string;
  readonly state: {
    readonly values: Readonly<
      Record<string, Readonly<Record<string, { readonly value?: string | null }>>>
    >;
  };
}

export interface TypedApproval {
  readonly token: string;
  readonly planCode: string;
  readonly reason: string | null;
}

export function typedApproval(view: SentForm): TypedApproval {
  const typed = (id: string) => view.state.values[id]?.[id]?.value ?? "";
  return {
    token: view.private_metadata ?? "",
    planCode: typed(PLAN_CODE).replaceAll("\u2060", "").trim().toLowerCase(),
    reason: oneLine(typed(REASON), LONGEST_REASON) || null,
  };
}

/** For the answer that keeps the form open: what is wrong, at the field it is about. */
export function planCodeError(text: string): Record<string, string> {
  return { [PLAN_CODE]: cut(text.replaceAll("`", ""), 150) };
}

/** What would run, as the card shows it. */
export function planBlocks(
  { plan, planCode, proposal, risk, reasons }: PlannedRequest,
  command: string,
): types.KnownBlock[] {
  const host = plan.target.host === plan.target.name ? "" : ` (${plan.target.host})`;
  const target = oneLine(`${plan.target.name}${host} via ${plan.executor}`, 300);
  const shown = reasons.slice(0, REASONS_SHOWN).map(({ text }) => `• ${oneLine(text, 240)}`);
  return richText([
    paragraph([bold(oneLine(proposal.actionTitle, 120))]),
    preformatted(command),
    paragraph([
      bold("Target: "),
      ...code(target),
      bold("\nPlan code: "),
      ...code(planCode),
      bold(`\nRisk Level: ${risk.toUpperCase()}`),
      { type: "text", text: inert(["", ...shown].join("\n")) || "\u2060" },
    ]),
  ]);
}

function tooLong(length: number, consoleUrl: string): types.KnownBlock[] {
  return elsewhere(`The command has ${length} characters and is too long to show here in full: `, {
    url: consoleUrl,
    text: "open the console to read and approve it.",
  });
}

export function elsewhere(
  why: string,
  link: { readonly url: string; readonly text: string },
): types.KnownBlock[] {
  return richText([
    paragraph([
      { type: "text", text: why },
      { type: "link", ...link },
    ]),
  ]);
}

export function plain(text: string): types.PlainTextElement {
  return { type: "plain_text", text, emoji: true };
}
