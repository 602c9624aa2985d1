import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

interface Waiting {
  readonly matches: (url: string) => boolean;
  readonly arrived: (at: number) => void;
}

const waiting = new Set<Waiting>();

// Node tells of every request that reaches a server of this process, before the server itself hears of it.
subscribe("http.server.request.start", (message) => {
  const at = performance.now();
  const { url = "" } = (message as { request: IncomingMessage }).request;
  for (const one of waiting) if (one.matches(url)) one.arrived(at);
});

/** When the next such request arrives at a server of this process. */
export function nextArrival(matches: (url: string) => boolean, withinMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      waiting.delete(one);
      reject(new Error(`no such request within ${withinMs} ms`));
    }, withinMs);
    const one: Waiting = {
      matches,
      arrived(at) {
        clearTimeout(timer);
        waiting.delete(one);
        resolve(at);
      },
    };
    waiting.add(one);
  });
}
