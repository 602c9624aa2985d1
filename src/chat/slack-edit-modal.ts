import type { types } from "@slack/bolt";
import type { PlannedRequest } from "../approval/approval.ts";
import { commandText } from "./command-text.ts";
import { SLACK_LIMITS } from "./slack-blocks.ts";
import type { SentForm } from "./slack-modal.ts";
import { elsewhere, plain, planBlocks } from "./slack-modal.ts";
import { cut, inert } from "./text.ts";

/** The form's `callback_id`. */
export const EDIT_MODAL = "edit";

const PARAM = "param.";
const MOST_VALUES = 32;
/** As in the console. */
const LONGEST_VALUE = 256;

/** The plan's values, to be changed before anybody approves it; the patterns are the desk's to check. */
export function editModal(form: {
  readonly request: PlannedRequest;
  /** Comes back with the form, and with it what was typed. */
  readonly token: string;
  readonly consoleUrl: string;
}): types.ModalView {
  const { request, token, consoleUrl } = form;
  const values = Object.entries(request.proposal.params);
  const command = commandText(request.plan.command);
  const title = plain("✏️ Edit");
  const base = { type: "modal", callback_id: EDIT_MODAL, private_metadata: token, title } as const;
  const isLong = values.some(([name, value]) => name.length > 200 || value.length > LONGEST_VALUE);
  if (isLong || values.length > MOST_VALUES || command.length > SLACK_LIMITS.text) {
    const link = { url: consoleUrl, text: "open the console to edit it." };
    const blocks = elsewhere("This plan is too long to be changed here: ", link);
    return { ...base, close: plain("Close"), blocks };
  }
  return {
    ...base,
    submit: plain("Replace"),
    close: plain("Cancel"),
    blocks: [
      ...planBlocks(request, command),
      ...values.map(([name, value]) => field(name, value)),
      { type: "context", elements: [plain(HINT)] },
    ],
  };
}

const HINT =
  "This makes a new request, by you, in the place of this one. Votes for this one do not count for it, and somebody else approves it.";

function field(name: string, value: string): types.InputBlock {
  return {
    type: "input",
    block_id: `${PARAM}${name}`,
    label: plain(inert(name)),
    element: {
      type: "plain_text_input",
      action_id: `${PARAM}${name}`,
      initial_value: value,
      max_length: LONGEST_VALUE,
    },
  };
}

export interface TypedEdit {
  readonly token: string;
  readonly params: Readonly<Record<string, string>>;
}

export function typedEdit({ private_metadata: token = "", state }: SentForm): TypedEdit {
  const typed = Object.entries(state.values).flatMap(([id, fields]) =>
    id.startsWith(PARAM)
      ? [[id.slice(PARAM.length), fields[id]?.value?.trim() ?? ""] as const]
      : [],
  );
  return { token, params: Object.fromEntries(typed.slice(0, MOST_VALUES)) };
}

/** For the answer that keeps the form open, at its first field: what is wrong may be any of them. */
export function editError({ state }: SentForm, text: string): Record<string, string> {
  const [first = `${PARAM}none`] = Object.keys(state.values).filter((id) => id.startsWith(PARAM));
  return { [first]: cut(text.replaceAll("`", ""), 300) };
}
