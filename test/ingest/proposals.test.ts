import { createHash } from "node:crypto";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { onlyKnownHosts } from "../../src/ingest/caller.ts";
import {
  Accepted,
  Followed,
  openApi as openApiDocument,
  Refused,
} from "../../src/ingest/openapi.ts";
import { createProposals } from "../../src/ingest/proposals.ts";
import { createProposalDesk } from "../../src/proposals.ts";
import { ask } from "../../src/responder/ask.ts";
import { createJourney } from "../responder/journey.ts";

const KEY = "k3y-of-the-agent";
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const TARGETS = Array.from({ length: 12 }, (_, i) => `t${"abcdefghijkl"[i]}`);
const POLICY = `people:
  - {name: ana, telegram: 7, roles: [approver]}
  - {name: ben, telegram: 8, roles: [approver]}
api_keys:
  - {name: kpi-agent, sha256: ${sha256(KEY)}, may_propose: [web-down]}
  - {name: other, sha256: ${sha256("other")}}
targets: {web: {executor: command}, ${TARGETS.map((name) => `${name}: {executor: command}`).join(", ")}}
`;

/** Every answer is one that the OpenAPI document promises, and says nothing beside it. */
function expectDescribed(status: number, body: unknown): void {
  const promised = status === 202 ? Accepted : status === 200 ? Followed : Refused;
  expect(z.strictObject(promised.shape).safeParse(body).error).toBeUndefined();
}

/** The routes on a real socket, in front of a real journey. */
async function openApi() {
  const journey = createJourney({ policy: POLICY });
  const { store, ports } = journey;
  const desk = createProposalDesk({
    store,
    catalogue: journey.catalogue,
    ask: (wish) => ask(ports, wish),
  });
  const refusals: string[] = [];
  const routes = createProposals({ ...desk, onRefused: (reason) => refusals.push(reason) });
  const app = new Hono().use(onlyKnownHosts([])).route("/", routes);
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
  await new Promise<void>((resolve) => server.once("listening", () => resolve()));
  onTestFinished(() => {
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
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
    expectDescribed(response.status, body);
    return { status: response.status, body, response };
  }
  async function propose(over: object = {}, idempotencyKey?: string, key: string | null = KEY) {
    const body = JSON.stringify({ runbook: "web-down", params: { service: "web" }, ...over });
    const headers = idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey };
    return await call("/api/proposals", { method: "POST", body, headers }, key);
  }
  return { journey, call, propose, refusals };
}

describe("a proposal of another program", () => {
  it("T30 never runs unasked, runs once a person approved it, and can be followed", async () => {
    const { journey, call, propose } = await openApi();
    await journey.enableAutohealing();

    const { status, body } = await propose({ reason: "<b>p95</b> is over 2 s" });
    await journey.settle();

    expect(status).toBe(202);
    const request = await journey.newest();
    expect(body).toMatchObject({
      request: request?.id,
      planCode: request?.planCode,
      verdict: "ask",
    });
    expect(body.reasons.map(({ rule }: { rule: string }) => rule)).toContain("chosen");
    expect(journey.runs).toEqual([]);
    expect(request).toMatchObject({ requester: "api:kpi-agent", words: "<b>p95</b> is over 2 s" });
    expect(request?.view?.incident).toMatchObject({ source: "api", state: "open" });

    await journey.vote({ name: "ana" }, "approve");

    const after = await call(`/api/requests/${body.request}`);
    expect(after.status).toBe(200);
    expect(after.body).toMatchObject({
      state: "succeeded",
      execution: { state: "finished", exitCode: 0 },
      verification: "verified",
    });
    expect(JSON.stringify(after.body)).not.toContain("redacted");
    expect(journey.runs).toHaveLength(1);
  });

  it("P7 T51 can't be approved by its key, under whatever name", async () => {
    const { journey, propose } = await openApi();
    await propose();

    for (const name of ["kpi-agent", "api:kpi-agent"]) {
      const ruling = await journey.vote({ name, roles: [] }, "approve", { via: "typed" });
      expect(ruling.outcome).toBe("not_allowed");
    }
    journey.writePolicy(POLICY.replace("name: ana", 'name: "api:kpi-agent"'));
    expect(journey.catalogue.read().policy.ok).toBe(false);
    expect(journey.runs).toEqual([]);
  });

  it.each([
    ["no key", null],
    ["an unknown key", "k3y-of-the-agenT"],
    ["the stored hash", sha256(KEY)],
    ["an empty key", " "],
  ])("T15 is refused with %s", async (_, key) => {
    const { journey, propose, refusals } = await openApi();

    expect((await propose({}, undefined, key)).status).toBe(401);
    expect(refusals).toEqual(["key"]);
    expect(await journey.newest()).toBeNull();
  });

  it("P1 is refused for a runbook that its key may not propose, and that stands in the record", async () => {
    const { journey, propose } = await openApi();
    const before = (await journey.store.record.verify()).entries;

    expect((await propose({}, undefined, "other")).status).toBe(403);
    expect((await propose({ runbook: "unknown" })).status).toBe(403);

    expect((await journey.store.record.verify()).entries).toBe(before + 2);
    expect(await journey.newest()).toBeNull();
  });

  it.each([
    ["no runbook", { runbook: undefined }, 400, "runbook"],
    ["a value that is no text", { params: { service: 1 } }, 400, "params.service"],
    ["a value that is too long", { params: { service: "x".repeat(257) } }, 400, "params.service"],
    ["a reason that is too long", { reason: "x".repeat(1001) }, 400, "reason"],
    ["P1 a command of its own", { argv: ["/bin/sh"] }, 400, "argv"],
    ["P1 a value that does not fit", { params: { service: "$(id)" } }, 422, "params"],
    ["P1 an action nobody wrote", { action: "destroy" }, 422, "action"],
    ["P1 a target outside the inventory", { target: "pve" }, 422, "target"],
    ["an incident that is not open", { incident: "inc_000000000000" }, 422, "incident"],
  ])("names what is wrong with %s", async (_, over, status, path) => {
    const { journey, propose } = await openApi();

    const answer = await propose(over);

    expect(answer.status).toBe(status);
    expect(answer.body.error).toContain(path);
    expect(await journey.newest()).toBeNull();
  });

  it("T50 gets the first answer again for the same Idempotency-Key, and none for another body", async () => {
    const { journey, propose } = await openApi();
    const first = await propose({ reason: "a", target: "web" }, "call-1");

    expect((await propose({ target: "web", reason: "a" }, "call-1")).body).toEqual(first.body);
    await journey.vote({ name: "ana" }, "reject");
    expect((await propose({ reason: "a", target: "web" }, "call-1")).body).toEqual(first.body);
    expect((await propose({ reason: "b", target: "web" }, "call-1")).status).toBe(422);

    expect((await journey.newest())?.view?.requests).toHaveLength(1);
    expect((await journey.store.views.find({ limit: 9 })).total).toBe(1);
  });

  it("T50 is stored once, however many of the same call come at once", async () => {
    const { journey, propose } = await openApi();

    const all = await Promise.all(Array.from({ length: 20 }, () => propose({}, "call-2")));

    expect(new Set(all.map(({ status, body }) => `${status} ${body.request}`)).size).toBe(1);
    expect((await journey.store.views.find({ limit: 9 })).total).toBe(1);
  });

  it("is refused while the same waits already", async () => {
    const { propose } = await openApi();
    await propose();

    expect((await propose()).status).toBe(409);
  });

  it("T58 has at most 10 waiting of one key", async () => {
    const { journey, propose } = await openApi();
    const answers = await Promise.all(
      TARGETS.map((name) => propose({ params: { service: name } })),
    );

    expect(answers.filter(({ status }) => status === 202)).toHaveLength(10);
    const [refused] = answers.filter(({ status }) => status === 429);
    expect(refused?.response.headers.get("retry-after")).toBe("60");

    await journey.vote({ name: "ana" }, "reject");
    expect((await propose()).status).toBe(202);
  });

  it("is refused by the policy with its reasons", async () => {
    const { journey, propose } = await openApi();
    const { switches } = journey.store;
    await switches.maintain("web", new Date(journey.now().getTime() + 60_000), "ana");

    const { status, body } = await propose();

    expect(status).toBe(422);
    expect(body).toMatchObject({ verdict: "deny" });
    expect(body.reasons.map(({ rule }: { rule: string }) => rule)).toContain("maintenance");
  });

  it("P12 is refused while the policy can't be read", async () => {
    const { journey, propose } = await openApi();
    journey.writePolicy("targets: [");

    expect((await propose()).status).toBe(503);
  });

  it("shows nobody else's requests", async () => {
    const { call, propose } = await openApi();
    const { body } = await propose();

    expect((await call(`/api/requests/${body.request}`, {}, "other")).status).toBe(404);
    expect((await call(`/api/requests/${body.request}`, {}, null)).status).toBe(401);
    expect((await call("/api/requests/req_x'--")).status).toBe(404);
  });

  it("T19 asks for JSON of a bounded size", async () => {
    const { call } = await openApi();
    const post = { method: "POST" };

    expect((await call("/api/proposals", { ...post, body: "{" })).status).toBe(400);
    const plain = { "content-type": "text/plain" };
    expect((await call("/api/proposals", { ...post, body: "{}", headers: plain })).status).toBe(
      415,
    );
    const big = JSON.stringify({ reason: "x".repeat(4 * 1024 * 1024) });
    expect((await call("/api/proposals", { ...post, body: big })).status).toBe(413);
  });
});

it("is described by a document that other programs can read", () => {
  const { openapi, paths } = openApiDocument("1.2.3", "https://countersign.example");
  const { post } = paths["/api/proposals"];

  expect(openapi).toBe("3.1.0");
  expect(post.requestBody.content["application/json"]?.schema).toMatchObject({
    type: "object",
    required: ["runbook"],
    additionalProperties: false,
  });
  expect(Object.keys(post.responses)).toEqual(
    expect.arrayContaining(["202", "400", "401", "403", "409", "422", "429"]),
  );
});
