import { setTimeout as sleep } from "node:timers/promises";
import type { App, BlockAction, MessageShortcut, Receiver, ViewSubmitAction } from "@slack/bolt";
import type { CardAdapter, ChatMemory } from "./channel.ts";
import { createOutbox } from "./outbox.ts";
import type { PaceLimits } from "./pace.ts";
import { createPace, SLACK_CHANNEL } from "./pace.ts";
import type { ChatDeps } from "./reception.ts";
import type { SlackClient } from "./slack-api.ts";
import { createSlackCards, slackRejection } from "./slack-api.ts";
import type { Bolt } from "./slack-bolt.ts";
import { loadBolt } from "./slack-bolt.ts";
import { identify, lookAtSlack, own, slackConnector, slackProblem } from "./slack-check.ts";
import { EDIT_MODAL } from "./slack-edit-modal.ts";
import type { HttpRefusal } from "./slack-http.ts";
import { createSlackReceiver } from "./slack-http.ts";
import { createSlackInbox } from "./slack-inbox.ts";
import { APPROVE_MODAL } from "./slack-modal.ts";
import type { SlackHome } from "./slack-refusal.ts";
import type { SocketSettings } from "./slack-socket.ts";
import { boltLogger, createSlackSocket, withoutSecrets } from "./slack-socket.ts";

export interface SlackDeps extends ChatDeps {
  readonly token: string;
  /** By id: names are anybody's to change. */
  readonly channel: string;
  readonly apiUrl: string;
  readonly connection:
    | { readonly kind: "socket"; readonly appToken: string }
    | { readonly kind: "http"; readonly signingSecret: string };
  /** Without it a mention that Slack sends twice is heeded twice. */
  readonly memory?: Pick<ChatMemory, "isHandled" | "handled">;
  readonly publicUrl: string;
  /** A request that did not come from Slack, or came twice. */
  readonly onForged: (reason: HttpRefusal) => void;
  readonly limits?: Partial<PaceLimits>;
  readonly settings?: Partial<SocketSettings>;
}

const DEFAULTS: SocketSettings = { firstBackoffMs: 1000, longestBackoffMs: 60_000 };
const STOP_WITHIN_MS = 5000;
export const SLASH_COMMAND = "/countersign";
export const SHORTCUTS = ["explain_this", "silence_this"] as const;

/** Slack by Socket Mode, or by HTTP where Slack can reach us: takes presses and words in, and shows what comes back. */
export function createSlack(deps: SlackDeps) {
  const { token, channel, apiUrl, connection, log, observe } = deps;
  const settings = { ...DEFAULTS, ...deps.settings };
  const now = deps.now ?? (() => new Date());
  const pace = createPace({ ...SLACK_CHANNEL, ...deps.limits }, () => now().getTime());
  const outbox = createOutbox({ log });
  const cards = createSlackCards({ client, channel, pace });
  const inbox = createSlackInbox(deps, { home: knownHome, cards, outbox });
  const http =
    connection.kind === "http"
      ? createSlackReceiver({
          signingSecret: connection.signingSecret,
          now,
          onRefused: deps.onForged,
        })
      : null;
  let lazyClient: Promise<SlackClient> | null = null;
  let home: SlackHome | null = null;
  let supervised: Promise<void> | null = null;
  let stopping = new AbortController();
  let problem: string | null = null;
  let beats = 0;

  function client(): Promise<SlackClient> {
    lazyClient ??= slackConnector(apiUrl).then((connect) => connect(token));
    return lazyClient;
  }

  const onBeat = () => {
    beats += 1;
  };

  function knownHome(): SlackHome {
    if (home === null) throw new Error("Slack has not said yet who the bot is");
    return home;
  }

  async function run(signal: AbortSignal): Promise<void> {
    const botId = await untilKnown(signal);
    if (signal.aborted) return;
    const bolt = await loadBolt();
    const socket =
      connection.kind === "http"
        ? null
        : createSlackSocket({
            bolt,
            appToken: connection.appToken,
            apiUrl,
            log,
            settings,
            onState: noteSocket,
            onBeat,
            onCrowd: noteCrowd,
          });
    const receiver = socket?.receiver ?? http?.receiver;
    if (receiver === undefined) return;
    listen(bolt, receiver, botId);
    log.info({ channel: "slack" }, `Slack by ${socket ? "Socket Mode" : "HTTP at /slack/events"}`);
    await socket?.keepOpen(signal);
  }

  /** Until then nothing can be told apart from what comes from elsewhere, so nothing is taken in. */
  async function untilKnown(signal: AbortSignal): Promise<string | undefined> {
    for (let failures = 0; !signal.aborted; failures += 1) {
      onBeat();
      try {
        const found = await identify(await client(), channel);
        home = found.home;
        problem = connection.kind === "socket" ? "The connection to Slack is being made" : null;
        return found.botId;
      } catch (error) {
        noteProblem(slackProblem(error, { channel }), error);
      }
      const waitMs = Math.min(settings.longestBackoffMs, settings.firstBackoffMs * 2 ** failures);
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  }

  function listen(bolt: Bolt, receiver: Receiver, botId?: string): App {
    const app = new bolt.App({
      receiver,
      logger: boltLogger(log, bolt.LogLevel),
      // Its own look at the token would be one that nobody waits for, and that ends the process when it fails.
      authorize: () =>
        Promise.resolve({
          botToken: token,
          teamId: knownHome().teamId,
          botUserId: knownHome().botUserId,
          ...(botId === undefined ? {} : { botId }),
        }),
    });
    app.action<BlockAction>({ type: "block_actions" }, inbox.onPress);
    const sent = { type: "view_submission" } as const;
    app.view<ViewSubmitAction>({ ...sent, callback_id: APPROVE_MODAL }, inbox.onApproval);
    app.view<ViewSubmitAction>({ ...sent, callback_id: EDIT_MODAL }, inbox.onEdit);
    app.command(SLASH_COMMAND, inbox.onCommand);
    for (const callback_id of SHORTCUTS) {
      app.shortcut<MessageShortcut>({ type: "message_action", callback_id }, inbox.onShortcut);
    }
    app.event("app_mention", inbox.onMention);
    app.error((error) => {
      log.error({ reason: withoutSecrets(String(error)) }, "a request from Slack failed");
      return Promise.resolve();
    });
    return app;
  }

  function noteSocket({ isOpen, error }: { isOpen: boolean; error: unknown }): void {
    if (isOpen) problem = null;
    else if (error === null) problem = "The connection to Slack is being made anew";
    else noteProblem(slackProblem(error, { channel, token: "SLACK_APP_TOKEN" }), error);
  }

  /** Nothing runs twice: a press on the card of another program's is refused here. But people can't know that. */
  function noteCrowd(connections: number): void {
    log.warn(
      { channel: "slack", connections },
      "Another program holds this Slack app, or held it a moment ago: what people press reaches only one of them. Give each an app of its own (SLACK_APP_TOKEN).",
    );
  }

  function noteProblem(text: string, error: unknown): void {
    if (text !== problem) log.error({ channel: "slack" }, text);
    problem = text;
    observe.failed({ channel: "slack", kind: slackRejection(error).kind });
  }

  return {
    cards: cards as CardAdapter,
    /** The name under which the store knows the channel. */
    chat: channel,
    start(): void {
      if (supervised !== null) return;
      stopping = new AbortController();
      problem = "Slack has not answered yet";
      supervised = run(stopping.signal).catch((error: unknown) => {
        problem = withoutSecrets(String(error));
        log.error({ reason: problem }, "Slack stopped");
      });
    },
    async stop(): Promise<void> {
      stopping.abort();
      const ended = Promise.all([http?.receiver.stop(), supervised]);
      await Promise.race([ended, sleep(STOP_WITHIN_MS, undefined, { ref: false })]);
      supervised = null;
      await outbox.close();
    },
    /** Something everybody in the channel must know, such as that auto-healing was turned off elsewhere. */
    announce(text: string): void {
      outbox.push(channel, { pace, send: () => cards.say({ text }) });
    },
    /** For `/health`: a line for people, or an error that names the setting and the way out. */
    async check(): Promise<string> {
      const found = await lookAtSlack(await client(), channel).catch((error: unknown) => {
        throw own(error, { channel });
      });
      if (supervised !== null && problem !== null) throw new Error(problem);
      return found;
    },
    /** Grows with every try to connect and every ping that Slack answers; by HTTP nothing has to come. */
    ...(connection.kind === "socket" ? { beats: () => beats } : {}),
    /** What Slack posts to `/slack/events`; null where it does not, in Socket Mode. */
    handle: http?.handle ?? null,
  };
}

export type Slack = ReturnType<typeof createSlack>;
