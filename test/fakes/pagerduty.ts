import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { z } from "zod";

/** An event as the Events API v2 documents it; what is not listed there is refused here. */
const Base = {
  routing_key: z.string().length(32),
  dedup_key: z.string().min(1).max(255),
  client: z.string().optional(),
};
const Event = z.discriminatedUnion("event_action", [
  z.strictObject({
    ...Base,
    event_action: z.literal("trigger"),
    client_url: z.url().optional(),
    links: z.array(z.strictObject({ href: z.url(), text: z.string() })).optional(),
    payload: z.strictObject({
      summary: z.string().min(1).max(1024),
      source: z.string().min(1),
      severity: z.enum(["critical", "error", "warning", "info"]),
    }),
  }),
  z.strictObject({ ...Base, event_action: z.enum(["acknowledge", "resolve"]) }),
]);
export type PagerDutyEvent = z.output<typeof Event>;

const MAX_BYTES = 512 * 1024;

/** PagerDuty's Events API v2: one integration, its published rules, and what it was told. */
export async function startPagerDuty() {
  const routingKey = "0123456789abcdef0123456789abcdef";
  const accepted: PagerDutyEvent[] = [];
  const state = { answer: null as number | null };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const [status, message] = judge(request.method, request.url, body);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ status: status === 202 ? "success" : "invalid", message }));
    });
  });

  function judge(method = "", url = "", body: Buffer): [number, string] {
    if (state.answer !== null) return [state.answer, "as the test wants it"];
    if (method !== "POST" || url !== "/v2/enqueue") return [404, "Not Found"];
    if (body.length > MAX_BYTES) return [413, "Payload too large"];
    const event = Event.safeParse(parse(body));
    if (!event.success) return [400, `Event object is invalid: ${z.prettifyError(event.error)}`];
    if (event.data.routing_key !== routingKey) return [400, "Invalid routing key"];
    accepted.push(event.data);
    return [202, "Event processed"];
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    apiUrl,
    routingKey,
    accepted,
    /** Every request gets this status from now on; null for the usual judgement. */
    answerWith: (status: number | null) => {
      state.answer = status;
    },
  };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return null;
  }
}
