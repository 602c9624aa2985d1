import type { types, ViewResponseAction, ViewSubmitAction } from "@slack/bolt";
import type { Person } from "../approval/approval.ts";
import type { Reply } from "./command.ts";
import type { PressAnswer, TypedAnswer } from "./press.ts";
import type { Reception, Sender } from "./reception.ts";
import { inTime } from "./reception.ts";
import type { SlackDeps } from "./slack.ts";
import type { SlackCards } from "./slack-api.ts";
import { slackRejection } from "./slack-api.ts";
import { editError, editModal, typedEdit } from "./slack-edit-modal.ts";
import type { OpenForm } from "./slack-forms.ts";
import { createForms } from "./slack-forms.ts";
import { approveModal, planCodeError, typedApproval } from "./slack-modal.ts";
import type { SlackOrigin } from "./slack-refusal.ts";
import { originOf } from "./slack-refusal.ts";

/** Slack takes an answer for three seconds; what takes longer is whispered afterwards. */
export const ANSWER_WITHIN_MS = 2000;

export type Ack<Response> = (response?: Response) => Promise<void>;

interface Sent {
  readonly ack: Ack<ViewResponseAction>;
  readonly body: ViewSubmitAction;
}

interface Filled {
  readonly form: OpenForm;
  readonly sender: Sender;
  readonly person: Person;
}

/** What a touch can't do: forms are opened for a press, and what comes back in them is ruled on like one. */
export function createSlackFormInbox(
  { log, publicUrl, now = () => new Date() }: Pick<SlackDeps, "log" | "publicUrl" | "now">,
  given: {
    readonly reception: Reception;
    readonly cards: SlackCards;
    readonly fromHere: (origin: SlackOrigin) => Sender | null;
    readonly whisper: (reply: Reply, userId: string) => void;
  },
) {
  const { reception, cards, fromHere, whisper } = given;
  const forms = createForms(now);

  /** Whether one stands open now: otherwise the answer says what to send instead. */
  async function openFor(answer: PressAnswer, form: OpenForm, triggerId: string): Promise<boolean> {
    const viewWith = viewOf(answer);
    if (viewWith === null) return false;
    const token = forms.keep(form);
    try {
      await cards.openForm(triggerId, viewWith(token));
      return true;
    } catch (error) {
      log.warn({ reason: slackRejection(error).message }, "a form could not be opened");
      forms.done(token);
      return false;
    }
  }

  function viewOf({ mustType, mayEdit }: PressAnswer): ((token: string) => types.ModalView) | null {
    const request = mustType?.request ?? mayEdit;
    if (request === undefined) return null;
    const consoleUrl = `${publicUrl}/incidents/${request.incidentId}`;
    if (mustType === undefined) return (token) => editModal({ request, token, consoleUrl });
    const { needsReason } = mustType;
    return (token) => approveModal({ request, token, needsReason, consoleUrl });
  }

  async function onApproval({ ack, body }: Sent): Promise<void> {
    const { token, ...typed } = typedApproval(body.view);
    const acting = take(body, token, ({ form, person, sender }) =>
      reception.typed({ ...form, ...typed, person }, sender),
    );
    await closeWith({ ack, body }, acting, planCodeError);
  }

  async function onEdit({ ack, body }: Sent): Promise<void> {
    const { token, params } = typedEdit(body.view);
    const acting = take(body, token, ({ form, person, sender }) =>
      reception.edited({ ...form, params, person }, sender),
    );
    await closeWith({ ack, body }, acting, (text) => editError(body.view, text));
  }

  /** Whoever sends it is looked at anew, and so is the token it came back with. */
  async function take(
    body: ViewSubmitAction,
    token: string,
    act: (filled: Filled) => Promise<TypedAnswer>,
  ): Promise<{ text: string; isWrong: boolean }> {
    const sender = fromHere(originOf(body));
    const person = sender && (await reception.admit(sender));
    if (sender === null || person === null)
      return { text: "You have no role here.", isWrong: true };
    const form = forms.find(token, sender.account ?? "");
    if (form === null) {
      reception.refuse("unknown_token", sender);
      const text = "This form is not valid any more: press the button on the card again.";
      return { text, isWrong: true };
    }
    const ruled = await act({ form, sender, person });
    if (!ruled.isWrong) forms.done(token);
    return ruled;
  }

  async function closeWith(
    { ack, body }: Sent,
    acting: Promise<{ text: string; isWrong: boolean }>,
    errorsOf: (text: string) => Record<string, string>,
  ): Promise<void> {
    const ruled = await inTime(acting, ANSWER_WITHIN_MS);
    if (ruled?.isWrong)
      return await ack({ response_action: "errors", errors: errorsOf(ruled.text) });
    await ack();
    whisper(ruled ?? (await acting), originOf(body).userId);
  }

  return { openFor, onApproval, onEdit };
}
