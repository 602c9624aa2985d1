import { setTimeout as sleep } from "node:timers/promises";
import type {
  BlockAction,
  MessageShortcut,
  RespondArguments,
  SlashCommand,
  ViewResponseAction,
  ViewSubmitAction,
} from "@slack/bolt";
import type { Person } from "../approval/approval.ts";
import type { RefusalReason } from "./channel.ts";
import type { Reply } from "./command.ts";
import { parseCommand } from "./command.ts";
import type { Outbox } from "./outbox.ts";
import { createPace, SLACK_CHANNEL } from "./pace.ts";
import type { PressAnswer } from "./press.ts";
import { createPresses } from "./press.ts";
import { silenceLine } from "./silence-line.ts";
import type { SlackDeps } from "./slack.ts";
import type { SlackCards } from "./slack-api.ts";
import { slackRejection } from "./slack-api.ts";
import { slackReply } from "./slack-blocks.ts";
import { createForms } from "./slack-forms.ts";
import { approveModal, planCodeError, typedApproval } from "./slack-modal.ts";
import type { SlackHome, SlackOrigin } from "./slack-refusal.ts";
import { originOf, slackAccount, slackRefusalOf } from "./slack-refusal.ts";

/** Slack takes an answer for three seconds; what takes longer is whispered afterwards. */
const ANSWER_WITHIN_MS = 2000;
const NO_ROLE =
  "You have no role here. /countersign whoami shows the id an owner needs to add you.";
const FAILED = "That did not work, and nothing has changed. Try again.";

type Ack<Response> = (response?: Response) => Promise<void>;

/** What comes in: presses, forms, commands and shortcuts, each refused unless a person of the channel sent it. */
export function createSlackInbox(
  deps: SlackDeps,
  given: { home: () => SlackHome; cards: SlackCards; outbox: Outbox },
) {
  const { registry, log, observe, publicUrl } = deps;
  const { home, cards, outbox } = given;
  const now = deps.now ?? (() => new Date());
  const presses = createPresses({ desk: deps.desk, useToken: deps.useToken });
  const forms = createForms(now);
  const names = registry.list.map(({ name }) => name).join("|");
  const slashNames = new RegExp(`(^|[\\s\`(])/(?=(?:${names})\\b)`, "gm");

  /** Slack has one command for all of ours. */
  function inSlackWords(text: string): string {
    return text.replace(slashNames, "$1/countersign ");
  }

  async function onPress({ ack, body }: { ack: Ack<void>; body: BlockAction }): Promise<void> {
    // At once: a press that waits longer than three seconds looks broken, whatever comes of it.
    await ack();
    const [action] = body.actions;
    // A link opens in the browser and asks nothing of us.
    if (action?.type !== "button" || action.value === undefined) return;
    const origin = originOf(body);
    const person = await admit(origin);
    if (person === null) return;
    const messageId = body.message?.ts ?? String(body.container.message_ts ?? "");
    const attempt = { data: action.value, messageId, person };
    const answer = await settle(
      presses.press({ ...attempt, channel: "slack", chat: home().channel, now: now() }),
      "a press failed",
    );
    if (answer.refusal) refuse(answer.refusal, origin);
    if (answer.stray) retire(messageId);
    const form = { data: action.value, messageId, account: slackAccount(origin) };
    if (answer.mustType && (await openForm(answer.mustType, form, body.trigger_id))) return;
    whisper({ text: inSlackWords(answer.text) }, origin.userId);
  }

  /** Behind the answer's back: nobody waits for it, and the next press tries again. */
  function retire(messageId: string): void {
    cards
      .retire(messageId)
      .catch((error: unknown) =>
        log.warn(
          { messageId, reason: slackRejection(error).message },
          "an old copy keeps its buttons",
        ),
      );
  }

  async function openForm(
    { request, needsReason }: NonNullable<PressAnswer["mustType"]>,
    form: { data: string; messageId: string; account: string },
    triggerId: string,
  ): Promise<boolean> {
    const token = forms.keep(form);
    const consoleUrl = `${publicUrl}/incidents/${request.incidentId}`;
    try {
      await cards.openForm(triggerId, approveModal({ request, token, needsReason, consoleUrl }));
      return true;
    } catch (error) {
      log.warn({ reason: slackRejection(error).message }, "a form could not be opened");
      forms.done(token);
      return false;
    }
  }

  async function onForm({
    ack,
    body,
  }: {
    ack: Ack<ViewResponseAction>;
    body: ViewSubmitAction;
  }): Promise<void> {
    const origin = originOf(body);
    const deciding = decideTyped(origin, body.view);
    const answer = await inTime(deciding);
    if (answer === null) {
      await ack();
      whisper({ text: inSlackWords((await deciding).text) }, origin.userId);
    } else if (answer.isWrong) {
      const errors = planCodeError(inSlackWords(answer.text));
      await ack({ response_action: "errors", errors });
    } else {
      await ack();
      whisper({ text: inSlackWords(answer.text) }, origin.userId);
    }
  }

  async function decideTyped(
    origin: SlackOrigin,
    view: ViewSubmitAction["view"],
  ): Promise<{ text: string; isWrong: boolean }> {
    const person = await admit(origin, { isSilent: true });
    if (person === null) return { text: "You have no role here.", isWrong: true };
    const { token, planCode, reason } = typedApproval(view);
    const form = forms.find(token, slackAccount(origin));
    if (form === null) {
      refuse("unknown_token", origin);
      return {
        text: "This form is not valid any more: press Approve on the card again.",
        isWrong: true,
      };
    }
    const { data, messageId } = form;
    const place = { channel: "slack", chat: home().channel } as const;
    const typed = { data, messageId, person, planCode, reason, now: now() };
    const answer = await presses.typed({ ...place, ...typed }).catch((error: unknown) => {
      log.error({ err: error }, "a form failed");
      return { text: FAILED, isWrong: true, refusal: null };
    });
    if (answer.refusal) refuse(answer.refusal, origin);
    if (!answer.isWrong) forms.done(token);
    return answer;
  }

  async function onCommand({
    ack,
    command,
  }: {
    ack: Ack<string | RespondArguments>;
    command: SlashCommand;
  }): Promise<void> {
    const origin: SlackOrigin = {
      teamId: command.team_id,
      enterpriseId: command.enterprise_id ?? null,
      userId: command.user_id,
      userTeamId: null,
      channel: command.channel_id,
      isBot: command.bot_id !== undefined,
    };
    const reason = slackRefusalOf(origin, home());
    if (reason !== null) {
      refuse(reason, origin);
      return await ack({ response_type: "ephemeral", text: "Not here." });
    }
    const answering = replyTo(command.text.trim() || "help", origin);
    const reply = await inTime(answering);
    if (reply !== null) {
      return await ack({ response_type: "ephemeral", ...slackReply(reply) });
    }
    await ack();
    whisper(await answering, origin.userId);
  }

  async function replyTo(text: string, origin: SlackOrigin): Promise<Reply> {
    const person = await deps.resolvePerson(slackAccount(origin));
    const asking = {
      person,
      roles: person?.roles ?? [],
      channel: "slack",
      chatId: home().channel,
      accountId: slackAccount(origin),
      now: now(),
    } as const;
    const reply = await registry.handle(asking, text).catch((error: unknown): Reply => {
      log.error({ err: error }, "a command failed");
      return { text: "That did not work; the reason is in the program's log." };
    });
    if (reply === null) return { text: "That is no command. `/countersign help` lists them." };
    if (reply.isPrivate) refuse(person ? "no_role" : "unlisted", origin);
    // A card is shown as it is: a path in its command is not one of our commands.
    const isCard = ["incident", "runbook"].includes(parseCommand(text, null)?.name ?? "");
    return isCard ? reply : { ...reply, text: inSlackWords(reply.text) };
  }

  async function onShortcut({
    ack,
    shortcut,
  }: {
    ack: Ack<void>;
    shortcut: MessageShortcut;
  }): Promise<void> {
    await ack();
    const origin = originOf(shortcut);
    const person = await admit(origin);
    if (person === null) return;
    const { message_ts: messageId, message } = shortcut;
    const thread = typeof message.thread_ts === "string" ? message.thread_ts : messageId;
    const incidentId = (await deps.incidentOn(messageId)) ?? (await deps.incidentOn(thread));
    if (incidentId === null) {
      whisper({ text: "This message is no card: nothing is known about it." }, origin.userId);
    } else if (shortcut.callback_id === "silence_this") {
      whisper(await silenceReply(incidentId, person), origin.userId);
    } else {
      whisper(await replyTo(`incident ${incidentId}`, origin), origin.userId);
    }
  }

  async function silenceReply(incidentId: string, person: Person): Promise<Reply> {
    const link = `${publicUrl}/incidents/${incidentId}`;
    const lookup = await deps.desk.incident(incidentId);
    const line = lookup.outcome === "found" ? silenceLine(lookup.view, person.name) : null;
    if (line === null) {
      return { text: `Its labels can't be written into one command; they stand in ${link}` };
    }
    return {
      text: `Countersign silences nothing itself. This does, for two hours:\n\`${line}\`\n${link}`,
    };
  }

  /** The person who may go on; null for everybody else, which is counted and told to them alone. */
  async function admit(
    origin: SlackOrigin,
    { isSilent = false }: { isSilent?: boolean } = {},
  ): Promise<Person | null> {
    const reason = slackRefusalOf(origin, home());
    if (reason !== null) {
      refuse(reason, origin);
      return null;
    }
    const person = await deps.resolvePerson(slackAccount(origin));
    if (person !== null && person.roles.length > 0) return person;
    refuse("unlisted", origin);
    if (!isSilent) whisper({ text: NO_ROLE }, origin.userId);
    return null;
  }

  async function settle(answer: Promise<PressAnswer>, what: string): Promise<PressAnswer> {
    return await answer.catch((error: unknown) => {
      log.error({ err: error }, what);
      return { text: FAILED, isAlert: true, refusal: null };
    });
  }

  /** Through our own channel, never to an address that came with a request. */
  function whisper(reply: Reply, userId: string): void {
    outbox.push(`person ${userId}`, {
      pace: createPace({ ...SLACK_CHANNEL, ...deps.limits }),
      send: () => cards.whisper(reply, userId),
    });
  }

  function refuse(reason: RefusalReason, { channel, userId, ...origin }: SlackOrigin): void {
    if (reason === "other_chat") {
      log.warn({ chat: channel }, "refused: this channel is not SLACK_CHANNEL");
    }
    const team = origin.userTeamId ?? origin.teamId ?? "none";
    observe.refused({
      reason,
      channel: "slack",
      chat: channel ?? home().channel,
      accountId: userId === "" ? null : `${team}:${userId}`,
    });
  }

  return { onPress, onForm, onCommand, onShortcut };
}

/** Null where it takes longer than Slack waits. */
async function inTime<T>(answer: Promise<T>): Promise<T | null> {
  const done = new AbortController();
  const late = sleep(ANSWER_WITHIN_MS, null, { signal: done.signal }).catch(() => null);
  const first = await Promise.race([answer, late]);
  done.abort();
  return first;
}
