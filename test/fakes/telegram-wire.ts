import type { IncomingMessage, ServerResponse } from "node:http";

export type Payload = Record<string, unknown>;

/** An answer other than `ok: true`. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: number;
  readonly parameters: Payload | undefined;

  constructor(code: number, description: string, parameters?: Payload) {
    super(description);
    this.code = code;
    this.parameters = parameters;
  }
}

export async function readPayload(request: IncomingMessage): Promise<Payload> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const type = request.headers["content-type"] ?? "";
  const boundary = /^multipart\/form-data;.*boundary="?(?<boundary>[^";]+)/.exec(type)?.groups
    ?.boundary;
  if (boundary) return multipart(body, boundary);
  if (body.length === 0) return {};
  if (!type.startsWith("application/json")) throw new ApiError(400, "Bad Request: unknown body");
  return JSON.parse(body.toString("utf8")) as Payload;
}

/** Fields become strings or parsed JSON; a file becomes `{ filename, bytes }`. */
function multipart(body: Buffer, boundary: string): Payload {
  const payload: Payload = {};
  for (const part of body.toString("latin1").split(`--${boundary}`)) {
    const [head, ...rest] = part.split("\r\n\r\n");
    const name = /name="(?<name>[^"]+)"/.exec(head ?? "")?.groups?.name;
    if (!name) continue;
    const bytes = Buffer.from(rest.join("\r\n\r\n").replace(/\r\n$/, ""), "latin1");
    const filename = /filename=(?:"(?<quoted>[^"]*)"|(?<bare>\S+))/.exec(head ?? "")?.groups;
    payload[name] = filename
      ? { filename: filename.quoted ?? filename.bare, bytes }
      : fieldOf(bytes.toString("utf8"));
  }
  return payload;
}

function fieldOf(text: string): unknown {
  return /^[[{]|^-?\d+$|^(?:true|false)$/.test(text) ? JSON.parse(text) : text;
}

export function respond(response: ServerResponse, status: number, body: Payload): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
