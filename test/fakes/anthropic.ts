import { createServer } from "node:http";
import { onTestFinished } from "vitest";

/** What the published Messages API says of a request, checked; each rule broken is a 400 with the rule in it. */

interface Block {
  readonly type: string;
  readonly [key: string]: unknown;
}

export interface MessagesRequest {
  readonly model: string;
  readonly max_tokens: number;
  readonly system: readonly Block[];
  readonly messages: readonly { role: string; content: string | Block[] }[];
  readonly tools?: readonly { name: string; input_schema: Record<string, unknown> }[];
  readonly output_config?: { format?: { schema: Record<string, unknown> } };
}

export type ModelReply =
  | { readonly text: string; readonly stop?: string }
  | { readonly calls: readonly { name: string; input: unknown }[] }
  | { readonly status: number }
  | { readonly raw: string }
  | "silence";

export interface FakeAnthropic {
  readonly url: string;
  /** Every request that was accepted. */
  readonly requests: MessagesRequest[];
  /** All that came in, as it came: for looking for secrets. */
  readonly bodies: string[];
  readonly refusals: string[];
  reply(with_: (request: MessagesRequest, turn: number) => ModelReply): void;
}

const GONE = ["temperature", "top_p", "top_k", "metadata_id", "prompt"];
const KNOWN = [
  ...["model", "max_tokens", "system", "messages", "tools", "tool_choice"],
  ...["output_config", "thinking", "stop_sequences", "stream", "metadata"],
];

export async function startAnthropic({ isVendor = false } = {}): Promise<FakeAnthropic> {
  const requests: MessagesRequest[] = [];
  const bodies: string[] = [];
  const refusals: string[] = [];
  let replyTo: (request: MessagesRequest, turn: number) => ModelReply = () => ({ text: "{}" });
  let calls = 0;

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      bodies.push(text);
      const send = (status: number, body: unknown) => {
        response.writeHead(status, { "content-type": "application/json", "request-id": "req_1" });
        response.end(typeof body === "string" ? body : JSON.stringify(body));
      };
      const error = (status: number, type: string, message: string) =>
        send(status, { type: "error", error: { type, message } });
      const flaw = flawOf(request.method, request.url, request.headers, text);
      if (flaw !== null) {
        refusals.push(flaw);
        error(400, "invalid_request_error", flaw);
        return;
      }
      const parsed = JSON.parse(text) as MessagesRequest;
      requests.push(parsed);
      const reply = replyTo(parsed, requests.length - 1);
      if (reply === "silence") return;
      if ("status" in reply) return error(reply.status, "error", "as it was told to");
      if ("raw" in reply) return send(200, reply.raw);
      const content: Block[] = isVendor
        ? [{ type: "thinking", thinking: "", signature: `sig-${requests.length}` }]
        : [];
      if ("text" in reply) content.push({ type: "text", text: reply.text });
      else {
        for (const { name, input } of reply.calls) {
          calls += 1;
          content.push({ type: "tool_use", id: `toolu_${calls}`, name, input });
        }
      }
      send(200, {
        ...{ id: "msg_1", type: "message", role: "assistant", model: parsed.model, content },
        stop_reason: "text" in reply ? (reply.stop ?? "end_turn") : "tool_use",
        stop_sequence: null,
        usage: { input_tokens: 1000, output_tokens: 200 },
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    bodies,
    refusals,
    reply: (with_) => {
      replyTo = with_;
    },
  };
}

function flawOf(
  method: string | undefined,
  url: string | undefined,
  headers: NodeJS.Dict<string | string[]>,
  text: string,
): string | null {
  if (method !== "POST" || url !== "/v1/messages") return `no such endpoint: ${method} ${url}`;
  if (headers["anthropic-version"] === undefined) return "anthropic-version: is required";
  if (!/^Bearer .+/.test(String(headers.authorization))) return "authorization: Bearer is required";
  if (headers["x-api-key"] !== undefined) return "x-api-key and authorization together";
  let body: MessagesRequest & Record<string, unknown>;
  try {
    body = JSON.parse(text) as typeof body;
  } catch {
    return "the body is not JSON";
  }
  const gone = GONE.find((name) => name in body);
  if (gone !== undefined) return `${gone}: is no longer supported`;
  const unknown = Object.keys(body).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) return `${unknown}: extra inputs are not permitted`;
  if (!(body.max_tokens > 0)) return "max_tokens: is required";
  return (
    turnsFlaw(body.messages) ??
    schemaFlaw(body.output_config?.format?.schema, "output_config.format.schema") ??
    (body.tools ?? [])
      .map(({ name, input_schema: schema }) =>
        /^[a-zA-Z0-9_-]{1,64}$/.test(name) ? schemaFlaw(schema, `tools.${name}`) : `tools: ${name}`,
      )
      .find((flaw) => flaw !== null) ??
    null
  );
}

/** Turns alternate, begin and end with the user, and every tool call is answered in the next turn. */
function turnsFlaw(messages: MessagesRequest["messages"] | undefined): string | null {
  if (messages === undefined || messages.length === 0) return "messages: is required";
  for (const [i, { role, content }] of messages.entries()) {
    if (role !== (i % 2 === 0 ? "user" : "assistant")) return `messages.${i}: roles must alternate`;
    if (content.length === 0) return `messages.${i}: content must not be empty`;
    const before = messages[i - 1]?.content;
    const asked = Array.isArray(before) ? before.filter(({ type }) => type === "tool_use") : [];
    const answered = Array.isArray(content)
      ? content.filter(({ type }) => type === "tool_result").map((block) => block.tool_use_id)
      : [];
    if (role === "user" && asked.some(({ id }) => !answered.includes(id))) {
      return `messages.${i}: tool_use ids without tool_result`;
    }
    if (role === "user" && answered.some((id) => !asked.some((block) => block.id === id))) {
      return `messages.${i}: tool_result without its tool_use`;
    }
  }
  return messages.at(-1)?.role === "user" ? null : "messages: prefill is not supported";
}

/** Structured outputs take a subset of JSON Schema. */
function schemaFlaw(schema: unknown, path: string): string | null {
  if (typeof schema !== "object" || schema === null) return null;
  const node = schema as Record<string, unknown>;
  if (path.startsWith("output_config")) {
    const refused = ["maxLength", "minLength", "maxItems", "maximum", "minimum", "$schema"];
    const found = refused.find((name) => name in node && !path.endsWith("properties"));
    if (found !== undefined) return `${path}: ${found} is not supported`;
  }
  if (node.type === "object") {
    if (node.additionalProperties !== false) return `${path}: additionalProperties must be false`;
    const names = Object.keys((node.properties ?? {}) as object);
    const required = (node.required ?? []) as string[];
    const optional = names.find((name) => !required.includes(name));
    if (path.startsWith("output_config") && optional !== undefined) {
      return `${path}: ${optional} must be required`;
    }
  }
  for (const [name, child] of Object.entries(node)) {
    const flaw = schemaFlaw(child, `${path}.${name}`);
    if (flaw !== null) return flaw;
  }
  return null;
}
