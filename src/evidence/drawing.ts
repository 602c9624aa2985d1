import { Worker } from "node:worker_threads";
import type { Graph, Theme } from "./graph.ts";

export interface DrawingOrder {
  readonly id: number;
  readonly graph: Graph;
  readonly theme: Theme;
  readonly format: "svg" | "png";
}

export type Drawn =
  | { readonly id: number; readonly picture: string | Uint8Array }
  | { readonly id: number; readonly why: string };

interface Waiting {
  readonly resolve: (picture: string | Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

const WITHIN_MS = 15_000;
const IDLE_MS = 60_000;
const MOST_WAITING = 50;

const OWN_WORKER = new URL(
  `./draw-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`,
  import.meta.url,
);

/**
 * Draws in a thread of its own, so that nobody waits for it. The thread begins with the first picture and ends when
 * none was wanted for a while: what it takes of memory is given back.
 */
export function createDrawing({
  worker = OWN_WORKER,
  idleMs = IDLE_MS,
  withinMs = WITHIN_MS,
}: {
  readonly worker?: URL;
  readonly idleMs?: number;
  readonly withinMs?: number;
} = {}) {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | null = null;
  let idle: NodeJS.Timeout | undefined;
  let nextId = 1;

  async function svg(graph: Graph, theme: Theme): Promise<string> {
    return String(await draw({ graph, theme, format: "svg" }));
  }

  async function png(graph: Graph, theme: Theme): Promise<Uint8Array> {
    return (await draw({ graph, theme, format: "png" })) as Uint8Array;
  }

  function draw(wanted: Omit<DrawingOrder, "id">): Promise<string | Uint8Array> {
    if (waiting.size >= MOST_WAITING) return Promise.reject(new Error("too many pictures at once"));
    const id = nextId++;
    clearTimeout(idle);
    thread ??= begin();
    const order: DrawingOrder = { id, ...wanted };
    thread.postMessage(order);
    const late = setTimeout(() => end(new Error(`no picture in ${withinMs / 1000} s`)), withinMs);
    return new Promise<string | Uint8Array>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
    }).finally(() => clearTimeout(late));
  }

  function begin(): Worker {
    const begun = new Worker(worker, { resourceLimits: { maxOldGenerationSizeMb: 192 } });
    // A picture under way never keeps the process from ending.
    begun.unref();
    begun.on("message", take);
    begun.once("error", (error) => {
      if (thread === begun) end(error);
    });
    return begun;
  }

  function take(drawn: Drawn): void {
    const one = waiting.get(drawn.id);
    waiting.delete(drawn.id);
    if ("picture" in drawn) one?.resolve(drawn.picture);
    else one?.reject(new Error(drawn.why));
    if (waiting.size === 0) idle = setTimeout(() => end(new Error("unused")), idleMs).unref();
  }

  /** A thread that hangs or broke takes what waits for it along; the next picture gets another. */
  function end(why: Error): void {
    clearTimeout(idle);
    const ended = thread;
    thread = null;
    for (const one of waiting.values()) one.reject(why);
    waiting.clear();
    void ended?.terminate();
  }

  return {
    svg,
    png,
    isAwake: () => thread !== null,
    close: () => end(new Error("the program ends")),
  };
}

export type Drawing = ReturnType<typeof createDrawing>;
