import { createHash, randomUUID } from "node:crypto";
import type { types, webApi } from "@slack/bolt";
import type { Card } from "./card.ts";
import type { ButtonTokens, CardAdapter, Picture, RejectedKind } from "./channel.ts";
import { ChatRejected, OLD_COPY, orPlainly } from "./channel.ts";
import type { Reply } from "./command.ts";
import type { Pace } from "./pace.ts";
import type { SlackMessage } from "./slack-blocks.ts";
import { slackCard, slackReply } from "./slack-blocks.ts";
import { clean, cut, oneLine } from "./text.ts";

export type SlackClient = webApi.WebClient;

const CALL_TIMEOUT_MS = 10_000;
/** Where a time to wait is not named. */
const PAUSE_MS = 30_000;
const HELD = 200;
const LONGEST_ALT = 1000;
const LONGEST_TITLE = 200;
/** A message that was made this long before it was sent was made by an earlier try. */
const OLD_AFTER_MS = 3000;
/** Random and never given twice, as the number of a digest is not. */
const INCIDENT = /^inc_[0-9a-f]{12}$/;

interface Held {
  readonly id: string;
  /** Whether it went out, and perhaps arrived. */
  readonly isSent: boolean;
}

/**
 * Waiting and trying again is the projector's and the outbox's. The client's own ways would wait for ever, hold up
 * everything behind one refused call, and post twice.
 */
export const CLIENT_OPTIONS = {
  timeout: CALL_TIMEOUT_MS,
  retryConfig: { retries: 0 },
  rejectRateLimitedCalls: true,
} as const;

export interface SlackCards extends CardAdapter {
  /** To everybody in the channel; the message's id. */
  say(reply: Reply): Promise<string>;
  /** To one person of the channel, whom nobody else can see it with; under a card where a thread is named. */
  whisper(reply: Reply, userId: string, threadTs?: string): Promise<void>;
  /** Only within three seconds of the press that the trigger came with. */
  openForm(triggerId: string, view: types.ModalView): Promise<void>;
}

const KINDS: Readonly<Record<string, RejectedKind>> = {
  ratelimited: "paused",
  rate_limited: "paused",
  message_limit_exceeded: "paused",
  message_not_found: "gone",
  thread_not_found: "gone",
  edit_window_closed: "gone",
  cant_update_message: "gone",
  invalid_blocks: "markup",
  invalid_blocks_format: "markup",
  msg_blocks_too_long: "markup",
  msg_too_long: "markup",
  // The platform's own trouble: nobody knows whether it arrived.
  internal_error: "unreachable",
  fatal_error: "unreachable",
  service_unavailable: "unreachable",
  request_timeout: "unreachable",
  // It no longer knows the message that this one was taken for.
  duplicate_message_not_found: "unreachable",
  duplicate_channel_not_found: "unreachable",
};

/** Slack's own name of the error, where it was Slack that refused. */
export function slackErrorName(error: unknown): string | null {
  const name = (error as { data?: { error?: unknown } } | undefined)?.data?.error;
  return typeof name === "string" ? name : null;
}

/** What Slack said, in its own words and nobody else's: an error may hold the request, and with it the token. */
export function slackRejection(error: unknown): ChatRejected {
  if (error instanceof ChatRejected) return error;
  const said = (error ?? {}) as { retryAfter?: number; statusCode?: number };
  if (said.retryAfter !== undefined) {
    return new ChatRejected("paused", "Slack asks to wait", Math.max(1, said.retryAfter) * 1000);
  }
  return refusalByName(error) ?? refusalByStatus(said.statusCode);
}

function refusalByName(error: unknown): ChatRejected | null {
  const name = slackErrorName(error);
  if (name === null) return null;
  const kind = KINDS[name] ?? "refused";
  const details = detailsOf(error);
  const text = `Slack answered ${name}${details === "" ? "" : `: ${details}`}`;
  return new ChatRejected(kind, text, kind === "paused" ? PAUSE_MS : 0);
}

function refusalByStatus(status: number | undefined): ChatRejected {
  if (status === undefined) return new ChatRejected("unreachable", "Slack could not be reached");
  const kind = status >= 500 || status === 408 ? "unreachable" : "refused";
  return new ChatRejected(kind, `Slack answered with the HTTP status ${status}`);
}

function detailsOf(error: unknown): string {
  const { data } = error as {
    data?: { needed?: unknown; response_metadata?: { messages?: unknown } };
  };
  const messages = data?.response_metadata?.messages;
  return [
    ...(typeof data?.needed === "string" ? [`needs the scope ${data.needed}`] : []),
    ...(Array.isArray(messages) ? messages.slice(0, 3).map(String) : []),
  ].join("; ");
}

/** Slack's side of cards and answers, for one channel. */
export function createSlackCards(deps: {
  readonly client: () => Promise<SlackClient>;
  readonly channel: string;
  readonly pace: Pace;
}): SlackCards {
  const { channel, pace } = deps;
  /** Of cards whose posting may or may not have arrived: with the same id Slack shows it once. */
  const held = new Map<string, Held>();

  async function call<T>(act: (client: SlackClient) => Promise<T>): Promise<T> {
    try {
      return await act(await deps.client());
    } catch (error) {
      throw slackRejection(error);
    }
  }

  async function send(message: SlackMessage, extra: object = {}): Promise<string> {
    const base = { channel, unfurl_links: false, unfurl_media: false, mrkdwn: false, ...extra };
    const result = await orWithoutBlocks(message, (body) =>
      call((client) => client.chat.postMessage({ ...base, ...body })),
    );
    if (typeof result.ts !== "string") {
      throw new ChatRejected("unreachable", "Slack did not say which message it made");
    }
    return result.ts;
  }

  /** A crash or a lost answer may come between the posting and its being stored: then Slack is sent the same id. */
  async function post(card: Card, tokens: ButtonTokens): Promise<string> {
    const { incidentId } = card;
    const { id, isSent } = held.get(incidentId) ?? firstTry(incidentId);
    held.delete(incidentId);
    const begunAt = Date.now();
    try {
      const message = slackCard(card, tokens);
      const ts = await send(message, {
        client_msg_id: id,
        metadata: { event_type: "countersign_card", event_payload: { incident: incidentId } },
      });
      // It was there already, as the card was then.
      if (isSent || begunAt - Number(ts) * 1000 > OLD_AFTER_MS) await bringUpToDate(ts, message);
      return ts;
    } catch (error) {
      const rejection = slackRejection(error);
      if (isForgotten(rejection)) hold(incidentId, { id: randomUUID(), isSent: false });
      else if (isUncertain(rejection)) hold(incidentId, { id, isSent: true });
      throw error;
    }
  }

  function firstTry(incidentId: string): Held {
    const id = INCIDENT.test(incidentId) ? idFor(`${channel}/${incidentId}`) : randomUUID();
    return { id, isSent: false };
  }

  async function bringUpToDate(ts: string, message: SlackMessage): Promise<void> {
    pace.spend("edit");
    await update(ts, message);
  }

  async function update(ts: string, message: SlackMessage): Promise<void> {
    await orWithoutBlocks(message, (body) =>
      call((client) => client.chat.update({ channel, ts, ...body })),
    );
  }

  function hold(incidentId: string, message: Held): void {
    held.set(incidentId, message);
    const [oldest] = held.keys();
    if (held.size > HELD && oldest !== undefined) held.delete(oldest);
  }

  async function edit(
    messageId: string,
    card: Card,
    tokens: ButtonTokens,
  ): Promise<"edited" | "gone"> {
    try {
      await update(messageId, slackCard(card, tokens));
      return "edited";
    } catch (error) {
      if (slackRejection(error).kind === "gone") return "gone";
      throw error;
    }
  }

  /** Slack takes a file in three steps, the middle one at an address that it names, with no token. */
  async function picture(messageId: string, { png, title, alt }: Picture): Promise<null> {
    // The client's own types have another name for `alt_txt`, which Slack does not know.
    const place = await call((client) =>
      client.apiCall("files.getUploadURLExternal", {
        filename: "graph.png",
        length: png.byteLength,
        alt_txt: cut(clean(alt), LONGEST_ALT),
      }),
    ).catch(notSeen);
    const { upload_url: address, file_id: id } = place as {
      upload_url?: unknown;
      file_id?: unknown;
    };
    if (typeof address !== "string" || typeof id !== "string") {
      throw new ChatRejected("refused", "Slack did not say where the picture goes");
    }
    await upload(address, png);
    await call((client) =>
      client.files.completeUploadExternal({
        files: [{ id, title: oneLine(title, LONGEST_TITLE) }],
        channel_id: channel,
        thread_ts: messageId,
      }),
    );
    return null;
  }

  return {
    pace,
    post,
    edit,
    picture,
    async reply(messageId, text) {
      await send(slackReply({ text }), { thread_ts: messageId });
    },
    say: (reply) => send(slackReply(reply)),
    async whisper(reply, user, threadTs) {
      const place = { channel, user, ...(threadTs === undefined ? {} : { thread_ts: threadTs }) };
      await orWithoutBlocks(slackReply(reply), (body) =>
        call((client) => client.chat.postEphemeral({ ...place, ...body })),
      );
    },
    async retire(ts) {
      await call((client) => client.chat.update({ channel, ts, text: OLD_COPY, blocks: [] }));
    },
    async openForm(trigger_id, view) {
      await call((client) => client.views.open({ trigger_id, view }));
    },
  };
}

/** Nothing is shown before the last step: what fails here can be tried again, and nothing else waits for it. */
function notSeen(error: unknown): never {
  const rejection = slackRejection(error);
  throw rejection.kind === "unreachable"
    ? new ChatRejected("paused", rejection.message)
    : rejection;
}

async function upload(address: string, png: Uint8Array): Promise<void> {
  const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
  const headers = { "content-type": "application/octet-stream" };
  const answer = await fetch(address, {
    method: "POST",
    body: png as Uint8Array<ArrayBuffer>,
    headers,
    signal,
    redirect: "error",
  }).catch(() => null);
  await answer?.body?.cancel();
  if (answer?.ok !== true) {
    const why = answer === null ? "could not be reached" : `answered ${answer.status}`;
    notSeen(new ChatRejected("unreachable", `Slack's place for pictures ${why}`));
  }
}

/** Whether the message may have arrived all the same. */
function isUncertain({ kind }: ChatRejected): boolean {
  return kind === "unreachable" || kind === "paused";
}

/** Slack knows the id but no longer the message, which somebody deleted: the next one is another. */
function isForgotten({ kind, message }: ChatRejected): boolean {
  return kind === "gone" || message.includes("duplicate_");
}

/** The same for the same card, also after a restart. */
function idFor(card: string): string {
  const hex = createHash("sha256").update(card).digest("hex");
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** A text that is there is worth more than blocks that are not; its buttons go with them. */
async function orWithoutBlocks<T>(
  { text, blocks }: SlackMessage,
  send: (body: { text: string; blocks: types.KnownBlock[] }) => Promise<T>,
): Promise<T> {
  return await orPlainly(
    () => send({ text, blocks }),
    () => send({ text, blocks: [] }),
  );
}
