import type { Channel, Person, PlannedRequest, Ruling } from "../approval/approval.ts";
import type { RefusalReason } from "./channel.ts";
import type { Desk } from "./desk.ts";
import { asTyped, autohealingText, editText, rulingText } from "./wording.ts";

/** What a button's token stands for. Nothing of it travels through the chat. */
export type TokenMeaning =
  | {
      readonly verb: "approve" | "reject";
      readonly requestId: string;
      readonly planCode: string;
    }
  | { readonly verb: "confirm"; readonly person: string; readonly expiresAt: Date }
  /** The token is real, and no longer for this message: renewed, or of a card that was posted again. */
  | {
      readonly verb: "old";
      readonly liveMessageId: string | null;
      /** Nothing that counts stands on the message that was pressed: it is a copy left over. */
      readonly isStray: boolean;
    };

/**
 * Null for a token nobody gave out, one of another chat, and one that was used up. A confirmation is used up
 * only by the person it was offered to.
 */
export type UseToken = (
  token: string,
  where: {
    readonly channel: Channel;
    readonly chat: string;
    readonly messageId: string;
    readonly person: string;
  },
) => Promise<TokenMeaning | null>;

type Choice = Extract<TokenMeaning, { requestId: string }>;

const PLAIN = { isAlert: false, refusal: null } as const;

export interface Press {
  readonly data: string;
  readonly channel: Channel;
  readonly chat: string;
  readonly messageId: string;
  readonly person: Person;
  readonly now: Date;
}

export interface PressAnswer {
  readonly text: string;
  /** Needs to be read, so it is shown as more than a passing line. */
  readonly isAlert: boolean;
  readonly refusal: RefusalReason | null;
  /** The pressed message is a copy left over: its buttons may go, and it may point to the card that counts. */
  readonly stray?: { readonly liveMessageId: string | null };
  /** Where one touch does not do: what a channel with forms asks for in one. */
  readonly mustType?: Extract<Ruling, { outcome: "must_type" }>;
  /** What a form is to show the values of. */
  readonly mayEdit?: PlannedRequest;
}

/** The second step of what one touch may not decide, as a form sends it. */
export interface TypedPress extends Press {
  readonly planCode: string;
  readonly reason: string | null;
}

/** The values that a form came back with. */
export interface EditPress extends Press {
  readonly params: Readonly<Record<string, string>>;
}

export interface TypedAnswer extends PressAnswer {
  /** What was typed is to be mended; otherwise the form is done. */
  readonly isWrong: boolean;
}

/** What a button does, and which token it takes: whoever may approve may first change what is approved. */
const PREFIXES = { a: "approve", r: "reject", c: "confirm", e: "approve" } as const;

export function buttonData(verb: "approve" | "reject" | "confirm" | "edit", token: string): string {
  return `${verb[0]}:${token}`;
}

/** What a press comes to, on every channel: the data is hostile text until its token is found. */
export function createPresses({ desk, useToken }: { desk: Desk; useToken: UseToken }) {
  async function press(attempt: Press): Promise<PressAnswer> {
    const { channel, person } = attempt;
    const meaning = await meaningOf(attempt);
    if (meaning === null) return unknownToken(channel);
    if (meaning.verb === "old") return oldButton(meaning, channel);
    if (meaning.verb === "confirm") return await confirm(meaning, attempt);
    if (attempt.data.startsWith("e:")) return await openEdit(meaning, attempt);
    const ruling = await desk.decide({
      planCode: meaning.planCode,
      requestId: meaning.requestId,
      decision: meaning.verb,
      person,
      channel,
      reason: null,
      via: "tap",
    });
    const answer = {
      text: rulingText(ruling, channel),
      isAlert: !isPlain(ruling) || isDoubtful(ruling),
      refusal: null,
    };
    return ruling.outcome === "must_type" ? { ...answer, mustType: ruling } : answer;
  }

  /** Everything is looked at anew: the form says nothing but what a person typed. */
  async function typed(attempt: TypedPress): Promise<TypedAnswer> {
    const { channel, person, planCode, reason } = attempt;
    const meaning = await meaningOf(attempt);
    if (meaning?.verb === "old") return { ...oldButton(meaning, channel), isWrong: true };
    if (meaning?.verb !== "approve") return { ...unknownToken(channel), isWrong: true };
    if (planCode !== meaning.planCode) {
      const text = "That is not the plan code of this card.";
      return { text, isAlert: true, refusal: "wrong_code", isWrong: true };
    }
    const ruling = await desk.decide({
      planCode,
      requestId: meaning.requestId,
      decision: "approve",
      person,
      channel,
      reason,
      via: "typed",
    });
    const isDone = isPlain(ruling) || ruling.outcome === "counted";
    return { text: rulingText(ruling, channel), isAlert: !isDone, refusal: null, isWrong: !isDone };
  }

  async function openEdit(
    { requestId, planCode }: Choice,
    { person, channel }: Press,
  ): Promise<PressAnswer> {
    const answer = await desk.editable({ requestId, planCode, person, channel });
    if (answer.outcome === "editable")
      return { text: editHint(planCode, channel), ...PLAIN, mayEdit: answer.request };
    return { text: editText(answer, channel), isAlert: true, refusal: null };
  }

  async function edited(attempt: EditPress): Promise<TypedAnswer> {
    const { channel, person, params } = attempt;
    const meaning = await meaningOf(attempt);
    if (meaning?.verb === "old") return { ...oldButton(meaning, channel), isWrong: true };
    if (meaning?.verb !== "approve") return { ...unknownToken(channel), isWrong: true };
    const { requestId, planCode } = meaning;
    const answer = await desk.edit({ requestId, planCode, params, person, channel });
    const isWrong = answer.outcome !== "edited";
    return { text: editText(answer, channel), isAlert: isWrong, refusal: null, isWrong };
  }

  async function meaningOf({
    data,
    channel,
    chat,
    messageId,
    person,
  }: Press): Promise<TokenMeaning | null> {
    const named = /^(?<prefix>[arce]):(?<token>[A-Za-z0-9_-]{22})$/.exec(data)?.groups;
    const verb = PREFIXES[(named?.prefix ?? "") as keyof typeof PREFIXES];
    if (!named?.token || !verb) return null;
    const where = { channel, chat, messageId, person: person.name };
    const meaning = await useToken(named.token, where);
    return meaning?.verb === verb || meaning?.verb === "old" ? meaning : null;
  }

  async function confirm(
    meaning: Extract<TokenMeaning, { verb: "confirm" }>,
    { person, channel, now }: Press,
  ): Promise<PressAnswer> {
    if (meaning.person !== person.name)
      return {
        text: "Only the person who asked can confirm this.",
        isAlert: true,
        refusal: "other_person",
      };
    // Roles are read anew: whoever lost one since asking can't confirm.
    if (!person.roles.includes("operator"))
      return { text: "This takes the role operator.", isAlert: true, refusal: null };
    if (now >= meaning.expiresAt)
      return { text: "Too late: send the command again.", isAlert: true, refusal: null };
    const { autohealing } = await desk.setAutohealing({
      isOn: true,
      person,
      channel,
      forMs: null,
      all: false,
    });
    return { text: autohealingText(autohealing), isAlert: false, refusal: null };
  }

  return { press, typed, edited };
}

function editHint(planCode: string, channel: Channel): string {
  return `The form could not be opened. Send: ${asTyped(`/edit ${planCode} <name>=<value>`, channel)}`;
}

/** An approval that waits for what nobody can say now has to be read. */
function isDoubtful(ruling: Ruling): boolean {
  return ruling.outcome === "approved" && ruling.doubts !== undefined;
}

function isPlain({ outcome }: Ruling): boolean {
  return outcome === "approved" || outcome === "rejected";
}

function oldButton(
  { liveMessageId, isStray }: Extract<TokenMeaning, { verb: "old" }>,
  channel: Channel,
): PressAnswer {
  return {
    text: isStray
      ? `This button is old and nothing was decided: this is a copy. Press on the newer card of this alert; ${asTyped("/pending", channel)} lists what is waiting.`
      : "This button is old and nothing was decided: the card has new ones, or will in a moment. Press again then.",
    isAlert: true,
    refusal: "old_button",
    ...(isStray ? { stray: { liveMessageId } } : {}),
  };
}

function unknownToken(channel: Channel): PressAnswer {
  return {
    text: `This button is not valid here or any more. ${asTyped("/pending", channel)} lists what is waiting.`,
    isAlert: true,
    refusal: "unknown_token",
  };
}
