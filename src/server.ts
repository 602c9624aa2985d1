import type { ServerType } from "@hono/node-server";
import { serve } from "@hono/node-server";
import type { Hono } from "hono";
import type { Config } from "./config.ts";

/** The port is taken, or may not be listened on. */
export class CannotListen extends Error {
  override readonly name = "CannotListen";
}

export function listen(app: Hono, { host, port }: Config): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const server = serve({
      fetch: app.fetch,
      hostname: host,
      port,
      serverOptions: {
        requestTimeout: 10_000,
        headersTimeout: 5_000,
        connectionsCheckingInterval: 1_000,
      },
    });
    server.once("listening", () => resolve(server));
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(new CannotListen(whyNot(error, host, port), { cause: error }));
    });
  });
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
