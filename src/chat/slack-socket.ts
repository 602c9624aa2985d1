import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { setTimeout as sleep } from "node:timers/promises";
import type { App, Logger, LogLevel } from "@slack/bolt";
import type { Log } from "./channel.ts";
import { CLIENT_OPTIONS } from "./slack-api.ts";
import type { Bolt } from "./slack-bolt.ts";

const HELLO_WITHIN_MS = 30_000;
const CLOSE_WITHIN_MS = 1000;
/** Where the client's socket says that Slack has answered a ping; it sends one every 5 s, and ends where none is answered. */
const PONG = "undici:websocket:pong";
/** A connection that lasted this long was well: Slack replaces each every few hours. */
const WELL_AFTER_MS = 5000;

export interface SocketSettings {
  readonly firstBackoffMs: number;
  readonly longestBackoffMs: number;
}

/**
 * One connection of Socket Mode, made anew whenever it ends. The client's own way of doing so waits for seconds each
 * time, and ends the process where Slack can't be asked for a new address.
 */
export function createSlackSocket(deps: {
  readonly bolt: Bolt;
  readonly appToken: string;
  readonly apiUrl: string;
  readonly log: Log;
  readonly settings: SocketSettings;
  readonly onState: (state: { readonly isOpen: boolean; readonly error: unknown }) => void;
  /** It tries to connect, or Slack lets itself be heard. */
  readonly onBeat: () => void;
  /** Slack hands each press to any one of the app's connections, and there are more than ours. */
  readonly onCrowd: (connections: number) => void;
}) {
  const { bolt, appToken, apiUrl, settings, onState, onBeat } = deps;
  const receiver = new bolt.SocketModeReceiver({
    appToken,
    autoReconnectEnabled: false,
    logger: boltLogger(deps.log, bolt.LogLevel),
    installerOptions: { clientOptions: { slackApiUrl: apiUrl, ...CLIENT_OPTIONS } },
  });
  const { client } = receiver;
  client.on("ws_message", (data: unknown) => {
    const connections = connectionsIn(data);
    if (connections > 1) deps.onCrowd(connections);
  });

  async function keepOpen(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures += 1) {
      const since = Date.now();
      onBeat();
      const error = await connectOnce(signal);
      if (signal.aborted) return;
      onState({ isOpen: false, error });
      if (Date.now() - since > WELL_AFTER_MS) failures = 0;
      // The first time at once: Slack asks for a new connection every few hours.
      const waitMs = failures === 0 ? 0 : settings.firstBackoffMs * 2 ** (failures - 1);
      const options = { signal };
      await sleep(Math.min(settings.longestBackoffMs, waitMs), undefined, options).catch(
        () => undefined,
      );
    }
  }

  /** Resolves when the connection has ended, with what ended it where that is known. */
  async function connectOnce(signal: AbortSignal): Promise<unknown> {
    const ended = new Promise<void>((resolve) => client.once("disconnected", () => resolve()));
    const end = () => void close();
    const silent = setTimeout(end, HELLO_WITHIN_MS);
    subscribe(PONG, onBeat);
    signal.addEventListener("abort", end, { once: true });
    try {
      await client.start();
      clearTimeout(silent);
      if (signal.aborted) await close();
      else onState({ isOpen: true, error: null });
      await ended;
      return null;
    } catch (error) {
      return error ?? null;
    } finally {
      clearTimeout(silent);
      unsubscribe(PONG, onBeat);
      signal.removeEventListener("abort", end);
    }
  }

  /** Asked a second time it does not wait for the other side any longer. */
  async function close(): Promise<void> {
    const options = { ref: false };
    const closed = client.disconnect();
    await Promise.race([closed, sleep(CLOSE_WITHIN_MS, undefined, options)]);
    await Promise.race([client.disconnect(), sleep(CLOSE_WITHIN_MS, undefined, options)]);
  }

  return {
    receiver,
    init: (app: App) => receiver.init(app),
    keepOpen,
  };
}

/** As Slack counts them when it says hello; 0 in everything else it says. */
function connectionsIn(data: unknown): number {
  const text = String(data);
  if (!text.includes('"hello"')) return 0;
  try {
    const { type, num_connections: count } = JSON.parse(text) as Record<string, unknown>;
    return type === "hello" ? Number(count ?? 1) : 0;
  } catch {
    return 0;
  }
}

/** Bolt's words, as far as they matter, in our log and without what opens a door. */
export function boltLogger(log: Log, levels: typeof LogLevel): Logger {
  const words = (parts: unknown[]) => withoutSecrets(parts.map(String).join(" "));
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: (...parts) => log.warn({ channel: "slack" }, words(parts)),
    error: (...parts) => log.warn({ channel: "slack" }, words(parts)),
    setLevel: () => undefined,
    getLevel: () => levels.WARN,
    setName: () => undefined,
  };
}

/** Tokens, and the ticket in the address of a socket. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/\b(?:xox[a-z]|xapp|xwfp)-[\w-]+/g, "[token]")
    .replace(/\bticket=[^&\s"']+/g, "ticket=[removed]");
}
