import { createHash } from "node:crypto";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { expect, onTestFinished } from "vitest";
import { createApiDesk } from "../../src/api-desk.ts";
import { readConfig } from "../../src/config.ts";
import { createDoor } from "../../src/console/guard.ts";
import { createReads } from "../../src/console-reads.ts";
import { createApi } from "../../src/ingest/api.ts";
import { onlyKnownHosts } from "../../src/ingest/caller.ts";
import { createProposalDesk } from "../../src/proposals.ts";
import { ask } from "../../src/responder/ask.ts";
import { shownView } from "../../src/shown-view.ts";
import { consoleSessions } from "../../src/store-ports.ts";
import { createJourney } from "../responder/journey.ts";
import { expectDescribed } from "./described.ts";

export const KEY = "k3y-of-the-agent";
export const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
export const TARGETS = Array.from({ length: 12 }, (_, i) => `t${"abcdefghijkl"[i]}`);
export const POLICY = `people:
  - {name: ana, telegram: 7, roles: [approver]}
  - {name: ben, telegram: 8, roles: [approver]}
api_keys:
  - {name: kpi-agent, sha256: ${sha256(KEY)}, may_propose: [web-down]}
  - {name: other, sha256: ${sha256("other")}}
targets: {web: {executor: command}, ${TARGETS.map((name) => `${name}: {executor: command}`).join(", ")}}
`;

/** The JSON API on a real socket, in front of a real journey. Every answer is held against its own description. */
export async function serveApi() {
  const journey = createJourney({ policy: POLICY });
  const { ports, catalogue, now } = journey;
  const { views } = journey.store;
  const shown = async (id: string) => {
    const view = await views.incident(id);
    return view && shownView(view);
  };
  const store = { ...journey.store, views: { ...views, incident: shown } };
  const anchors = () => Promise.reject(new Error("nobody asks for the record here"));
  const reads = createReads({
    ...{ store, catalogue, now, config: readConfig({}), prometheus: null },
    backtest: () => Promise.reject(new Error("nobody asks what if")),
    ...{ store, catalogue, now, config: readConfig({}) },
    anchors: { seen: anchors, audit: anchors },
    costs: () => Promise.resolve(null),
    drawing: { svg: () => Promise.reject(new Error("nobody draws here")) },
    sendTest: () => Promise.reject(new Error("nobody sends a test here")),
  });
  const proposals = createProposalDesk({ store, catalogue, ask: (wish) => ask(ports, wish) });
  const standing = () => {
    const counts = { openIncidents: 0, waitingRequests: 0 };
    return Promise.resolve({ status: "ok" as const, autohealing: false, ...counts });
  };
  const door = createDoor({ sessions: consoleSessions(journey.store, catalogue), isSecure: false });
  const refusals: string[] = [];
  const failures: unknown[] = [];
  const api = createApi({
    desk: createApiDesk({ store, reads, proposals, standing }),
    isSignedIn: async (c) => ((await door.visit(c))?.person.roles.length ?? 0) > 0,
    ...{ publicUrl: "http://127.0.0.1", version: "1.2.3" },
    onRefused: (reason) => refusals.push(reason),
    onFailure: (_, error) => failures.push(error),
  });
  const app = new Hono().use(onlyKnownHosts([])).route("/", api);
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
  await new Promise<void>((resolve) => server.once("listening", () => resolve()));
  onTestFinished(() => {
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
    expect(failures).toEqual([]);
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function call(path: string, init: RequestInit = {}, key: string | null = KEY) {
    const headers: Record<string, string> = {
      "content-type": "application/json",
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(init.headers as Record<string, string>),
    };
    const response = await fetch(`${base}${path}`, { ...init, headers });
    // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came back
    const body = (await response.json()) as any;
    expectDescribed(init.method ?? "GET", path, response.status, body);
    return { status: response.status, body, response };
  }

  /** The cookie of somebody who signed in. */
  async function signIn(person: string): Promise<string> {
    const link = await journey.store.sessions.createLink(person);
    const used = await journey.store.sessions.consumeLink(link, null);
    return `countersign_session=${used?.secret}`;
  }

  async function propose(over: object = {}, idempotencyKey?: string, key: string | null = KEY) {
    const body = JSON.stringify({ runbook: "web-down", params: { service: "web" }, ...over });
    const headers = idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey };
    return await call("/api/proposals", { method: "POST", body, headers }, key);
  }

  return { journey, base, call, signIn, propose, refusals };
}
