import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "./channel.ts";
import { ChatRejected } from "./channel.ts";
import type { Pace } from "./pace.ts";

const ATTEMPTS = 4;
const LONGEST_WAIT_MS = 60_000;
const WAITING = 50;

export interface Outgoing {
  readonly pace: Pace;
  send(): Promise<unknown>;
}

/**
 * Answers to commands, sent behind the handler's back: a chat that must wait holds up neither the
 * next update nor another chat. What is lost with the process is asked for again by the person.
 */
export function createOutbox({ log }: { log: Log }) {
  const queues = new Map<string, Promise<void>>();
  const lengths = new Map<string, number>();
  const closing = new AbortController();

  function push(chat: string, outgoing: Outgoing): void {
    const length = lengths.get(chat) ?? 0;
    if (length >= WAITING || closing.signal.aborted) return;
    lengths.set(chat, length + 1);
    const before = queues.get(chat) ?? Promise.resolve();
    const mine = before
      .then(() => deliver(chat, outgoing))
      .finally(() => {
        const left = (lengths.get(chat) ?? 1) - 1;
        lengths.set(chat, left);
        if (left > 0) return;
        lengths.delete(chat);
        queues.delete(chat);
      });
    queues.set(chat, mine);
  }

  async function deliver(chat: string, outgoing: Outgoing): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS && !closing.signal.aborted; attempt += 1) {
      // Somebody else may have written to the chat while this waited.
      for (let ms = 1; ms > 0 && !closing.signal.aborted; ) {
        ms = outgoing.pace.waitMs("send", "person");
        await wait(ms);
      }
      outgoing.pace.spend("send");
      const isDone = await outgoing.send().then(
        () => true,
        (error: unknown) => isHopeless(error, { attempt, chat, pace: outgoing.pace }),
      );
      outgoing.pace.done("send");
      if (isDone) return;
    }
  }

  function isHopeless(
    error: unknown,
    { attempt, chat, pace }: { attempt: number; chat: string; pace: Pace },
  ): boolean {
    if (!(error instanceof ChatRejected)) {
      log.error({ chat, err: error }, "an answer could not be made");
      return true;
    }
    log.warn({ chat, kind: error.kind, reason: error.message }, "an answer was not sent");
    if (error.kind === "paused") pace.pause(error.retryAfterMs);
    else if (error.kind === "unreachable") pace.pause(500 * 2 ** attempt);
    else return true;
    return false;
  }

  async function wait(ms: number): Promise<void> {
    if (ms <= 0) return;
    const options = { signal: closing.signal };
    await sleep(Math.min(ms, LONGEST_WAIT_MS), undefined, options).catch(() => undefined);
  }

  return {
    push,
    /** Lets what is under way end; what waits is dropped. */
    async close(): Promise<void> {
      closing.abort();
      await Promise.all(queues.values());
    },
  };
}

export type Outbox = ReturnType<typeof createOutbox>;
