import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { z } from "zod";

/** What https://docs.ntfy.sh/publish/#publish-as-json lists; what is not listed there is refused here. */
const Ntfy = z.strictObject({
  topic: z.string().regex(/^[-_A-Za-z0-9]{1,64}$/),
  message: z.string().max(4096).optional(),
  title: z.string().max(250).optional(),
  tags: z.array(z.string()).optional(),
  priority: z.int().min(1).max(5).optional(),
  click: z.url().optional(),
});

/** The body of Apprise API's `POST /notify/{key}`. */
const Apprise = z.strictObject({
  body: z.string().min(1),
  title: z.string().optional(),
  type: z.enum(["info", "success", "warning", "failure"]).optional(),
  tag: z.string().optional(),
  format: z.enum(["text", "markdown", "html"]).optional(),
});

interface Received {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came
  readonly body: any;
}

/** A push server that refuses what its API does not document: ntfy at `/`, Apprise at `/notify/…`, anything at `/hook`. */
export async function startPush({ token = null as string | null } = {}) {
  const received: Received[] = [];
  const state = { status: null as number | null, location: "" };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { url: path = "", method = "", headers } = request;
      const body = parse(Buffer.concat(chunks));
      received.push({ path, method, headers, body });
      const status = state.status ?? judge(path, headers.authorization, body);
      response.writeHead(status, state.location === "" ? {} : { location: state.location });
      response.end("x".repeat(100_000));
    });
  });

  function judge(path: string, authorization: string | undefined, body: unknown): number {
    if (token !== null && authorization !== `Bearer ${token}`) return 401;
    if (path === "/hook") return 204;
    if (path === "/") return Ntfy.safeParse(body).success ? 200 : 400;
    if (path.startsWith("/notify/")) return Apprise.safeParse(body).success ? 200 : 400;
    return 404;
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, received, state };
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return null;
  }
}
