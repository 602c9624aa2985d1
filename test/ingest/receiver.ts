import type { IncomingMessage, RequestOptions } from "node:http";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { onTestFinished } from "vitest";
import { onlyKnownHosts } from "../../src/ingest/caller.ts";
import type { IngestOptions } from "../../src/ingest/webhook.ts";
import { createIngest } from "../../src/ingest/webhook.ts";
import { createLab } from "../store/lab.ts";

/** The webhook on a real socket, in front of a real store. */
export async function startReceiver(options: Partial<IngestOptions> = {}) {
  const lab = createLab();
  const refusals: string[] = [];
  const app = new Hono().use(onlyKnownHosts(["countersign.lan"])).route(
    "/",
    createIngest({
      paths: ["/prometheus/webhook", "/webhook"],
      keys: [],
      grafanaSecret: null,
      accept: lab.store.intake.accept,
      now: lab.now,
      onRefused: (reason) => refusals.push(reason),
      ...options,
    }),
  );
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
  await new Promise<void>((resolve) => server.once("listening", () => resolve()));
  onTestFinished(() => {
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;

  /** `Host` and chunks as they are given; `fetch` would choose its own. */
  function post(
    body: string | Buffer | readonly (string | Buffer)[],
    headers: Readonly<Record<string, string>> = {},
    path = "/webhook",
  ): Promise<Answer> {
    const given: RequestOptions = {
      host: "127.0.0.1",
      port,
      path,
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
    };
    return new Promise((resolve, reject) => {
      const outgoing = request(given, (incoming) => resolve(read(incoming)));
      // A server that has said no need not read the rest.
      outgoing.on("error", (error) => setTimeout(reject, 1000, error));
      if (typeof body === "string" || Buffer.isBuffer(body)) outgoing.end(body);
      else {
        for (const chunk of body) outgoing.write(chunk);
        outgoing.end();
      }
    });
  }

  return { ...lab, app, refusals, post, port };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came back
  readonly body: any;
}

async function read(incoming: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = JSON.parse(Buffer.concat(chunks).toString());
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body };
}

export function aBody(over: Record<string, unknown> = {}, alert: Record<string, unknown> = {}) {
  return JSON.stringify({
    version: "4",
    groupKey: '{}:{alertname="WebDown"}',
    status: "firing",
    receiver: "countersign",
    groupLabels: { alertname: "WebDown" },
    commonLabels: {},
    commonAnnotations: {},
    externalURL: "http://alertmanager:9093",
    truncatedAlerts: 0,
    alerts: [
      {
        status: "firing",
        labels: { alertname: "WebDown", severity: "warning", instance: "web-01:9100" },
        annotations: { summary: "The web service is down" },
        startsAt: "2026-03-01T02:59:00.123456789Z",
        endsAt: "0001-01-01T00:00:00Z",
        generatorURL: "http://prometheus:9090/graph",
        fingerprint: "0123456789abcdef",
        ...alert,
      },
    ],
    ...over,
  });
}
