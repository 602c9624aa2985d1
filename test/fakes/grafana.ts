import type { IncomingMessage } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

/**
 * Grafana's annotations, as strict as its API: a bearer token, milliseconds, tags as texts. A token of a viewer may read
 * and not write.
 */
const Body = z.strictObject({
  time: z.int().min(1_000_000_000_000),
  timeEnd: z.int().min(1_000_000_000_000).optional(),
  tags: z.array(z.string().min(1)).optional(),
  text: z.string().min(1),
});

export type FakeAnnotation = z.output<typeof Body> & { readonly id: number };

export async function startFakeGrafana({ token = "glsa_editor", viewer = "glsa_viewer" } = {}) {
  let all: FakeAnnotation[] = [];
  const asked: string[] = [];
  let status = 200;

  async function answer(incoming: IncomingMessage): Promise<[number, unknown]> {
    const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://grafana");
    asked.push(`${incoming.method} ${pathname}`);
    const given = incoming.headers.authorization;
    if (status !== 200) return [status, { message: "Internal server error" }];
    if (given !== `Bearer ${token}` && given !== `Bearer ${viewer}`) {
      return [401, { message: "Invalid API key" }];
    }
    const [, id] = /^\/api\/annotations(?:\/(\d+))?$/.exec(pathname) ?? [];
    if (pathname !== "/api/annotations" && id === undefined) return [404, { message: "Not found" }];
    if (incoming.method === "GET") return [200, found(searchParams)];
    if (given !== `Bearer ${token}`) {
      return [403, { message: "You'll need additional permissions to perform this action." }];
    }
    const body = Body.safeParse(await jsonOf(incoming));
    if (!body.success) return [400, { message: "bad request data" }];
    if (incoming.method === "POST" && id === undefined) {
      all.push({ ...body.data, id: all.length + 1 });
      return [200, { message: "Annotation added", id: all.length }];
    }
    if (incoming.method === "PATCH" && all.some((one) => one.id === Number(id))) {
      all = all.map((one) => (one.id === Number(id) ? { ...one, ...body.data } : one));
      return [200, { message: "Annotation patched" }];
    }
    return [404, { message: "Not found" }];
  }

  function found(params: URLSearchParams) {
    const tags = params.getAll("tags");
    return all
      .filter((one) => tags.every((tag) => one.tags?.includes(tag)))
      .slice(0, Number(params.get("limit") ?? 100))
      .map(({ time, timeEnd = time, ...one }) => ({ ...one, time, timeEnd, alertId: 0 }));
  }

  const server = createServer((incoming, response) => {
    void answer(incoming).then(([code, body]) =>
      response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    viewer,
    asked,
    annotations: () => all,
    answerWith(code: number): void {
      status = code;
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function jsonOf(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}
