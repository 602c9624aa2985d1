import type { BlockAction, MessageShortcut, RespondArguments, SlashCommand } from "@slack/bolt";
import type { Person } from "../approval/approval.ts";
import type { Reply } from "./command.ts";
import type { Outbox } from "./outbox.ts";
import { createPace, SLACK_CHANNEL } from "./pace.ts";
import type { Sender } from "./reception.ts";
import { createReception, inTime } from "./reception.ts";
import { silenceLine } from "./silence-line.ts";
import type { SlackDeps } from "./slack.ts";
import type { SlackCards } from "./slack-api.ts";
import { slackReply } from "./slack-blocks.ts";
import type { Ack } from "./slack-form-inbox.ts";
import { ANSWER_WITHIN_MS, createSlackFormInbox } from "./slack-form-inbox.ts";
import type { Mention } from "./slack-mention.ts";
import { mentionOrigin, saidIn } from "./slack-mention.ts";
import type { SlackHome, SlackOrigin } from "./slack-refusal.ts";
import { originOf, slackRefusalOf, slackSender } from "./slack-refusal.ts";
import { asTyped } from "./wording.ts";

/** What comes in: presses, forms, commands and shortcuts, each refused unless a person of the channel sent it. */
export function createSlackInbox(
  deps: SlackDeps,
  given: { home: () => SlackHome; cards: SlackCards; outbox: Outbox },
) {
  const { publicUrl } = deps;
  const { home, cards, outbox } = given;
  const place = { channel: "slack", chat: deps.channel } as const;
  const reception = createReception({ ...deps, place, setting: "SLACK_CHANNEL", cards, outbox });
  const forms = createSlackFormInbox(deps, { reception, cards, fromHere, whisper });

  async function onPress({ ack, body }: { ack: Ack<void>; body: BlockAction }): Promise<void> {
    // At once: a press that waits longer than three seconds looks broken, whatever comes of it.
    await ack();
    const [action] = body.actions;
    // A link opens in the browser and asks nothing of us.
    if (action?.type !== "button" || action.value === undefined) return;
    const origin = originOf(body);
    const sender = fromHere(origin);
    if (sender === null) return;
    const messageId = body.message?.ts ?? String(body.container.message_ts ?? "");
    const answer = await reception.press({ data: action.value, messageId }, sender);
    const form = { data: action.value, messageId, account: sender.account ?? "" };
    if (await forms.openFor(answer, form, body.trigger_id)) return;
    whisper(answer, origin.userId);
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
    const sender = fromHere(origin);
    if (sender === null) return await ack({ response_type: "ephemeral", text: "Not here." });
    const answering = replyTo(command.text.trim() || "help", sender);
    const reply = await inTime(answering, ANSWER_WITHIN_MS);
    await ack(reply ? { response_type: "ephemeral", ...slackReply(reply) } : undefined);
    if (reply === null) whisper(await answering, origin.userId);
  }

  async function replyTo(text: string, sender: Sender): Promise<Reply> {
    const reply = await reception.command(text, sender);
    // What a command answers here only who typed it sees, but no picture can be shown to one alone.
    if (reply?.privately !== undefined) return { text: reply.privately };
    if (reply?.picture !== undefined) {
      reception.show(reply, () => cards.say(reply));
      return { text: "It is in the channel, for all to see." };
    }
    return reply ?? { text: `That is no command. ${asTyped("/help", "slack")} lists them.` };
  }

  async function onShortcut({
    ack,
    shortcut,
  }: {
    ack: Ack<void>;
    shortcut: MessageShortcut;
  }): Promise<void> {
    await ack();
    const sender = fromHere(originOf(shortcut));
    if (sender === null) return;
    const person = await reception.admit(sender);
    whisper(
      person === null ? reception.noRole() : await explain(shortcut, person, sender),
      shortcut.user.id,
    );
  }

  async function explain(
    { message_ts: messageId, message, callback_id: wish }: MessageShortcut,
    person: Person,
    sender: Sender,
  ): Promise<Reply> {
    const thread = typeof message.thread_ts === "string" ? message.thread_ts : messageId;
    const incidentId = (await deps.incidentOn(messageId)) ?? (await deps.incidentOn(thread));
    if (incidentId === null) return { text: "This message is no card: nothing is known about it." };
    return wish === "silence_this"
      ? await silenceReply(incidentId, person)
      : await replyTo(`incident ${incidentId}`, sender);
  }

  async function silenceReply(incidentId: string, person: Person): Promise<Reply> {
    const link = `${publicUrl}/incidents/${incidentId}`;
    const lookup = await deps.desk.incident(incidentId);
    const line = lookup.outcome === "found" ? silenceLine(lookup.view, person.name) : null;
    const own = `An operator has Alertmanager keep quiet about it with \`/countersign silence ${incidentId} 2h\`.`;
    const byHand =
      line === null
        ? "Its labels can't be written into one command of amtool."
        : `Without Countersign:\n\`${line}\``;
    return { text: [own, byHand, link].join("\n") };
  }

  /** Words to the bot under a card are a note on its incident. */
  async function onMention({ event, body }: Mention): Promise<void> {
    const { ts, thread_ts: threadTs, edited } = event;
    if (threadTs === undefined || edited !== undefined) return;
    const origin = mentionOrigin(event, body);
    const sender = fromHere(origin);
    if (sender === null || (await isRepeated(ts))) return;
    const text = saidIn(event.text, home());
    const isNote = text !== "" && !text.startsWith("/");
    const reply = isNote
      ? await reception.note({ text, messageId: threadTs }, sender)
      : { text: `Nothing is noted. A command is typed as ${asTyped("/help", "slack")}.` };
    if (reply !== null) whisper(reply, origin.userId, threadTs);
  }

  /** Slack sends an event again that it did not see taken; each message has a time of its own. */
  async function isRepeated(ts: string): Promise<boolean> {
    const update = Number(ts.replace(".", ""));
    if (await deps.memory?.isHandled(update)) return true;
    await deps.memory?.handled(update);
    return false;
  }

  /** Null for what did not come from somebody of our workspace and channel, which is counted. */
  function fromHere(origin: SlackOrigin): Sender | null {
    const sender = slackSender(origin, deps.channel);
    const reason = slackRefusalOf(origin, home());
    if (reason === null) return sender;
    reception.refuse(reason, sender);
    return null;
  }

  /** Through our own channel, never to an address that came with a request. */
  function whisper({ text, buttons = [] }: Reply, userId: string, threadTs?: string): void {
    outbox.push(`person ${userId}`, {
      pace: createPace({ ...SLACK_CHANNEL, ...deps.limits }),
      send: () => cards.whisper({ text, buttons }, userId, threadTs),
    });
  }

  const { onApproval, onEdit } = forms;
  return { onPress, onApproval, onEdit, onCommand, onShortcut, onMention };
}
