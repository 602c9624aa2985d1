import type { SlackClient } from "./slack-api.ts";
import { CLIENT_OPTIONS, slackErrorName, slackRejection } from "./slack-api.ts";
import { loadBolt } from "./slack-bolt.ts";
import type { SlackHome } from "./slack-refusal.ts";
import { boltLogger } from "./slack-socket.ts";

/** What the app needs to be allowed, and why; the manifest and the README list the same. */
export const SCOPES: Readonly<Record<string, string>> = {
  "chat:write": "to post and edit cards, and to answer people privately",
  "files:write": "to put the graph into the card's thread",
  commands: "for /countersign and the two message shortcuts",
  "app_mentions:read": "to hear notes that people write under a card",
  "channels:read": "to see whether the app is in the channel, and who shares it",
  "groups:read": "the same for a private channel",
};

const TOKEN_PROBLEMS = [
  "invalid_auth",
  "not_authed",
  "account_inactive",
  "token_revoked",
  "token_expired",
  "not_allowed_token_type",
];

/** What is wrong and the way out, naming the setting and never its value where that is secret. */
export function slackProblem(
  error: unknown,
  { channel, token = "SLACK_BOT_TOKEN" }: { channel: string; token?: string },
): string {
  const name = slackErrorName(error) ?? "";
  if (TOKEN_PROBLEMS.includes(name)) return tokenProblem(token, name);
  switch (name) {
    case "missing_scope":
    case "no_permission":
      return `${slackRejection(error).message}: add the scope to the app under OAuth & Permissions and install it to the workspace again.`;
    case "channel_not_found":
      return `SLACK_CHANNEL=${channel} is no channel the app can see: take the id at the end of the channel's details, and invite the app there.`;
    case "not_in_channel":
      return notInChannel(channel);
    case "is_archived":
      return `SLACK_CHANNEL=${channel} is archived: unarchive it, or set another channel.`;
    case "restricted_action":
    case "restricted_action_read_only_channel":
      return `The app may not post in SLACK_CHANNEL=${channel}: the channel's settings say who may.`;
    default:
      return slackRejection(error).message;
  }
}

function tokenProblem(setting: string, name: string): string {
  const where =
    setting === "SLACK_APP_TOKEN"
      ? "an app-level token with connections:write from the app's Basic Information"
      : "the Bot User OAuth Token from the app's OAuth & Permissions";
  return `${setting} is not accepted by Slack (${name}): take ${where}.`;
}

function notInChannel(channel: string): string {
  return `The app is not in SLACK_CHANNEL=${channel}: write /invite @countersign there.`;
}

/** Who the bot is, and what Slack lets it do. */
export async function identify(
  client: SlackClient,
  channel: string,
): Promise<{ home: SlackHome; botId: string | undefined; name: string; missing: string[] }> {
  const me = await client.auth.test();
  const granted = me.response_metadata?.scopes;
  return {
    home: {
      teamId: me.team_id ?? "",
      enterpriseId: me.enterprise_id ?? null,
      botUserId: me.user_id ?? "",
      channel,
    },
    botId: me.bot_id,
    name: `@${me.user ?? "?"} in ${me.team ?? "?"}`,
    missing: granted === undefined ? [] : Object.keys(SCOPES).filter((s) => !granted.includes(s)),
  };
}

/** The bot and the channel as Slack knows them: a line for people, or an error with the way out. */
export async function lookAtSlack(client: SlackClient, channel: string): Promise<string> {
  const { name, missing } = await identify(client, channel);
  if (missing.length > 0) {
    throw new Error(
      `The Slack app lacks ${missing.join(", ")}: add it under OAuth & Permissions and install the app to the workspace again.`,
    );
  }
  const { channel: found } = await client.conversations.info({ channel });
  if (found?.is_member === false) throw new Error(notInChannel(channel));
  const shared = found?.is_ext_shared
    ? ", which is shared with another workspace: they read the cards too"
    : "";
  return `${name}, channel ${channel}${shared}`;
}

/** For `countersign check`: asks once, without taking any presses. Rejects with what is wrong and the way out. */
export async function checkSlack(given: {
  readonly token: string;
  readonly channel: string;
  readonly apiUrl: string;
  readonly connection: { readonly kind: string; readonly appToken?: string };
}): Promise<string> {
  const { channel, connection } = given;
  const connect = await slackConnector(given.apiUrl);
  const found = await lookAtSlack(connect(given.token), channel).catch((error: unknown) => {
    throw own(error, { channel });
  });
  if (connection.appToken === undefined) return `${found}, by HTTP at /slack/events`;
  await connect(connection.appToken)
    .apps.connections.open({})
    .catch((error: unknown) => {
      throw own(error, { channel, token: "SLACK_APP_TOKEN" });
    });
  return `${found}, by Socket Mode`;
}

/** What the client throws may hold the request, and with it the token: only our own words leave. */
export function own(error: unknown, about: { channel: string; token?: string }): Error {
  const isOurs = error instanceof Error && error.constructor === Error;
  if (isOurs && slackErrorName(error) === null) return error;
  return new Error(slackProblem(error, about), { cause: slackRejection(error) });
}

export async function slackConnector(slackApiUrl: string): Promise<(token: string) => SlackClient> {
  const bolt = await loadBolt();
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const logger = boltLogger(quiet, bolt.LogLevel);
  return (token) => new bolt.webApi.WebClient(token, { slackApiUrl, logger, ...CLIENT_OPTIONS });
}
