import type { Context } from "hono";
import type { SSEStreamingApi } from "hono/streaming";
import { streamSSE } from "hono/streaming";
import type { ConsoleEvent, ConsoleEvents, Log } from "./ports.ts";

/**
 * The stream of changes. It says that something changed, never what: a page fetches what its person
 * may see. A slow reader costs one waiting event an incident, not one a change.
 */
export interface Live {
  /** `isStillSignedIn` is asked at every heartbeat; a stream does not outlive its session. */
  stream(c: Context, isStillSignedIn: () => Promise<boolean>): Response;
  close(): void;
}

const MAX_STREAMS = 200;

export function createLive(deps: { events: ConsoleEvents; heartbeatMs: number; log: Log }): Live {
  const open = new Set<() => void>();
  let isClosed = false;

  function stream(c: Context, isStillSignedIn: () => Promise<boolean>): Response {
    if (isClosed || open.size >= MAX_STREAMS) {
      return c.text("Too many live pages are open, or the program is stopping.", 503, {
        "retry-after": "10",
      });
    }
    const reader = createReader();
    open.add(reader.end);
    const unsubscribe = deps.events.subscribe(reader.push);
    const release = () => {
      unsubscribe();
      open.delete(reader.end);
      reader.end();
    };
    c.req.raw.signal.addEventListener("abort", release);
    const response = streamSSE(
      c,
      async (sse) => {
        sse.onAbort(release);
        try {
          await pump(sse, reader, isStillSignedIn);
        } finally {
          release();
        }
      },
      async (error) => deps.log.warn({ err: error }, "a live page was cut off"),
    );
    // Proxies that buffer would hold events back.
    response.headers.set("x-accel-buffering", "no");
    response.headers.set("cache-control", "no-store");
    return response;
  }

  async function pump(
    sse: SSEStreamingApi,
    reader: Reader,
    isStillSignedIn: () => Promise<boolean>,
  ): Promise<void> {
    await sse.write("retry: 2000\n: connected\n\n");
    while (!reader.hasEnded()) {
      for (const event of reader.takeAll()) await sse.writeSSE(messageOf(event));
      const woken = await reader.wait(deps.heartbeatMs);
      if (woken) continue;
      if (!(await isStillSignedIn())) return;
      await sse.write(": heartbeat\n\n");
    }
  }

  function close(): void {
    isClosed = true;
    for (const end of [...open]) end();
  }

  return { stream, close };
}

function messageOf(event: ConsoleEvent): { event: string; data: string } {
  switch (event.name) {
    case "incident":
      return {
        event: "incident",
        data: JSON.stringify({ id: event.incidentId, version: event.version }),
      };
    case "status":
      return { event: "status", data: "{}" };
  }
}

interface Reader {
  push(event: ConsoleEvent): void;
  takeAll(): ConsoleEvent[];
  /** True when there is something to do before the time is over. */
  wait(timeoutMs: number): Promise<boolean>;
  end(): void;
  hasEnded(): boolean;
}

function createReader(): Reader {
  const waiting = new Map<string, ConsoleEvent>();
  let wake: (() => void) | null = null;
  let ended = false;

  return {
    push(event) {
      waiting.set(event.name === "incident" ? event.incidentId : event.name, event);
      wake?.();
    },
    takeAll() {
      const events = [...waiting.values()];
      waiting.clear();
      return events;
    },
    wait(timeoutMs) {
      if (ended || waiting.size > 0) return Promise.resolve(true);
      return new Promise((resolve) => {
        const timer = setTimeout(() => finish(false), timeoutMs);
        const finish = (woken: boolean) => {
          clearTimeout(timer);
          wake = null;
          resolve(woken);
        };
        wake = () => finish(true);
      });
    },
    end() {
      ended = true;
      wake?.();
    },
    hasEnded: () => ended,
  };
}
