import type { Duplex } from "node:stream";
import type { ServerType } from "@hono/node-server";
import { serve } from "@hono/node-server";
import type { Hono } from "hono";
import type { Config } from "./config.ts";

/** The port is taken, or may not be listened on. */
export class CannotListen extends Error {
  override readonly name = "CannotListen";
}

/** Alertmanager gives up after its `group_interval`, or a minute; a slow sender must not hold a connection for good. */
const REQUEST_MS = 30_000;

export function listen(
  app: Hono,
  { host, port }: Pick<Config, "host" | "port">,
  requestMs = REQUEST_MS,
): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const server = serve({
      fetch: app.fetch,
      hostname: host,
      port,
      serverOptions: {
        requestTimeout: requestMs,
        headersTimeout: requestMs,
        connectionsCheckingInterval: 1_000,
      },
    });
    server.on("clientError", refuse);
    server.once("listening", () => resolve(server));
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(new CannotListen(whyNot(error, host, port), { cause: error }));
    });
  });
}

/**
 * What can't be read as a request. Node says 408 to a request that comes too slowly, and so it does when it is itself
 * too busy to read it: Alertmanager takes any 4xx for a final no, and would never send those alerts again.
 */
function refuse({ code }: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || code === "ECONNRESET") return void socket.destroy();
  const answer =
    code === "ERR_HTTP_REQUEST_TIMEOUT"
      ? "503 Service Unavailable\r\nRetry-After: 5"
      : code === "HPE_HEADER_OVERFLOW"
        ? "431 Request Header Fields Too Large"
        : "400 Bad Request";
  socket.end(`HTTP/1.1 ${answer}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function whyNot({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  const where = `${host}:${port}`;
  if (code === "EADDRINUSE") {
    return `${where} is in use by another program: stop it, or set PROMETHEUS_WEBHOOK_PORT to a free port`;
  }
  if (code === "EACCES")
    return `${where} may not be listened on: set PROMETHEUS_WEBHOOK_PORT above 1023`;
  if (code === "EADDRNOTAVAIL") {
    return `${host} is not an address of this machine: mend PROMETHEUS_WEBHOOK_HOST`;
  }
  return `${where} can't be listened on: ${message}`;
}

/** Live pages never end by themselves: after a moment they are cut. */
export async function close(server: ServerType | null): Promise<void> {
  if (server === null) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  if ("closeAllConnections" in server) {
    setTimeout(() => server.closeAllConnections(), 1_000).unref();
  }
  await closed;
}
