import type { Receiver, ReceiverEvent } from "@slack/bolt";
import type { Authenticity } from "./slack-signature.ts";
import { createSignatures } from "./slack-signature.ts";

const BODY_LIMIT = 1024 * 1024;
/** Slack waits three seconds, then says to the person that it did not work. */
const ANSWER_WITHIN_MS = 2900;

export type HttpRefusal = Exclude<Authenticity, "genuine"> | "too_large" | "unreadable";

type Payload = Record<string, unknown>;
type Process = (event: ReceiverEvent) => Promise<void>;

/** Bolt's way in where Slack calls us: a request in, an answer out, on whatever port it came to. */
export function createSlackReceiver(deps: {
  readonly signingSecret: string;
  readonly now: () => Date;
  readonly onRefused: (reason: HttpRefusal) => void;
}) {
  const authenticate = createSignatures(deps.signingSecret, deps.now);
  const inFlight = new Set<Promise<void>>();
  let process: Process | null = null;

  async function handle(request: Request): Promise<Response> {
    const body = await readBody(request);
    if (body === null) return refuse("too_large", 413);
    const authenticity = authenticate({
      timestamp: request.headers.get("x-slack-request-timestamp") ?? undefined,
      signature: request.headers.get("x-slack-signature") ?? undefined,
      body,
    });
    // What was handled once is answered as if it were new, so that nobody sends it a third time.
    if (authenticity === "replayed") return refuse("replayed", 200);
    if (authenticity !== "genuine") return refuse(authenticity, 401);
    return await answer(parse(body, request.headers.get("content-type") ?? ""), request.headers);
  }

  async function answer(body: Payload | null, headers: Headers): Promise<Response> {
    if (body === null) return refuse("unreadable", 400);
    if (body.type === "url_verification") return Response.json({ challenge: body.challenge });
    if (body.ssl_check !== undefined) return new Response("");
    return await dispatch(body, headers);
  }

  function refuse(reason: HttpRefusal, status: number): Response {
    deps.onRefused(reason);
    // What was not read to its end leaves nothing on the connection that could come after it.
    const headers = reason === "too_large" ? { connection: "close" } : {};
    return new Response("", { status, headers });
  }

  function dispatch(body: Payload, headers: Headers): Promise<Response> {
    const act = process;
    if (act === null) return Promise.resolve(new Response("", { status: 503 }));
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve(new Response("", { status: 504 })), ANSWER_WITHIN_MS);
      const respond = (response: Response) => {
        clearTimeout(late);
        resolve(response);
      };
      const retryNum = Number(headers.get("x-slack-retry-num") ?? 0);
      const handled = act({
        body,
        ack: (response: unknown) => Promise.resolve(respond(responseOf(response))),
        ...(retryNum > 0 ? { retryNum } : {}),
      })
        .catch(() => respond(new Response("", { status: 500 })))
        .finally(() => inFlight.delete(handled));
      inFlight.add(handled);
    });
  }

  const receiver: Receiver = {
    init(app) {
      process = (event) => app.processEvent(event);
    },
    start: () => Promise.resolve(),
    async stop() {
      process = null;
      await Promise.allSettled(inFlight);
    },
  };

  return { receiver, handle };
}

/** Null where it is longer than anything Slack sends. */
async function readBody(request: Request): Promise<string | null> {
  if (Number(request.headers.get("content-length") ?? 0) > BODY_LIMIT) return null;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > BODY_LIMIT) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Buttons, shortcuts and forms come as JSON in a form field, commands as the form itself, events as JSON. */
function parse(text: string, contentType: string): Payload | null {
  try {
    if (contentType.startsWith("application/json")) return asObject(JSON.parse(text));
    const form = new URLSearchParams(text);
    const payload = form.get("payload");
    return asObject(payload === null ? Object.fromEntries(form) : JSON.parse(payload));
  } catch {
    return null;
  }
}

function asObject(value: unknown): Payload | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Payload)
    : null;
}

function responseOf(response: unknown): Response {
  if (response === undefined || response === null || response === "") return new Response("");
  return typeof response === "string" ? new Response(response) : Response.json(response);
}
