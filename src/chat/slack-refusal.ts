import type { RefusalReason } from "./channel.ts";
import type { Sender } from "./reception.ts";

/** Where the bot is at home; everything from elsewhere is refused. */
export interface SlackHome {
  readonly teamId: string;
  readonly enterpriseId: string | null;
  readonly botUserId: string;
  readonly channel: string;
}

export interface SlackOrigin {
  readonly teamId: string | null;
  readonly enterpriseId: string | null;
  readonly userId: string;
  /** Of the person: in a shared channel it may be another than the channel's. Null where Slack does not say. */
  readonly userTeamId: string | null;
  /** Null for a form, which belongs to no channel. */
  readonly channel: string | null;
  readonly isBot: boolean;
}

const SLACKBOT = "USLACKBOT";

/** Why something from Slack is not even looked at; null where a person of this workspace and channel sent it. */
export function slackRefusalOf(origin: SlackOrigin, home: SlackHome): RefusalReason | null {
  const { teamId, enterpriseId, userId, userTeamId, channel, isBot } = origin;
  if (teamId !== home.teamId || (userTeamId ?? teamId) !== home.teamId) return "other_workspace";
  if (enterpriseId !== null && enterpriseId !== home.enterpriseId) return "other_workspace";
  if (channel !== null && channel !== home.channel) return "other_chat";
  if (isBot || userId === SLACKBOT || userId === home.botUserId) return "bot";
  return userId === "" ? "anonymous" : null;
}

/** The account is written as in `policy.yaml`, with the person's own workspace where Slack names it. */
export function slackSender(
  { teamId, userTeamId, userId, channel }: SlackOrigin,
  home: string,
): Sender {
  const team = userTeamId ?? teamId ?? "none";
  return { account: userId === "" ? null : `${team}:${userId}`, chat: channel ?? home };
}

interface Payload {
  readonly team?: { readonly id?: string; readonly enterprise_id?: string } | null;
  readonly enterprise?: { readonly id?: string } | null;
  readonly user?: { readonly id?: string; readonly team_id?: string };
  readonly channel?: { readonly id?: string };
  readonly container?: { readonly channel_id?: string };
  readonly bot_id?: unknown;
  readonly view?: unknown;
}

/** Of a press, a shortcut or a form. */
export function originOf(payload: Payload): SlackOrigin {
  const { team, enterprise, user, channel, container } = payload;
  const isForm = payload.view !== undefined && channel === undefined;
  return {
    teamId: team?.id ?? null,
    enterpriseId: enterprise?.id ?? team?.enterprise_id ?? null,
    userId: user?.id ?? "",
    userTeamId: user?.team_id ?? null,
    channel: isForm ? null : (channel?.id ?? container?.channel_id ?? ""),
    isBot: payload.bot_id !== undefined,
  };
}
