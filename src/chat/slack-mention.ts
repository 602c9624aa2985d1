import type { EnvelopedEvent, types } from "@slack/bolt";
import type { SlackHome, SlackOrigin } from "./slack-refusal.ts";

export interface Mention {
  readonly event: types.AppMentionEvent;
  readonly body: EnvelopedEvent;
}

export function mentionOrigin(event: Mention["event"], body: EnvelopedEvent): SlackOrigin {
  return {
    teamId: body.team_id,
    enterpriseId: body.enterprise_id ?? null,
    userId: event.user ?? "",
    userTeamId: event.user_team ?? event.team ?? null,
    channel: event.channel,
    isBot: event.bot_id !== undefined || event.subtype === "bot_message",
  };
}

/** The words as they were typed, without the bot's name: Slack writes people, channels and links in its own way. */
export function saidIn(text: string, { botUserId }: SlackHome): string {
  return text
    .replaceAll(`<@${botUserId}>`, " ")
    .replace(/<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>/g, (_, sign: string, address: string, label) =>
      wordFor(sign, address, label),
    )
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .trim();
}

/** A link is its address: what it calls itself may be another. */
function wordFor(sign: string, address: string, label?: string): string {
  if (sign === "") return address;
  return `${sign === "#" ? "#" : "@"}${label ?? address}`;
}
