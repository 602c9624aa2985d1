import { describe, expect, it } from "vitest";
import { KEY, POLICY, serveApi, sha256, TARGETS } from "./api-server.ts";

describe("a proposal of another program", () => {
  it("T30 never runs unasked, runs once a person approved it, and can be followed", async () => {
    const { journey, call, propose } = await serveApi();
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
    const { journey, propose } = await serveApi();
    await propose();

    for (const name of ["kpi-agent", "api:kpi-agent"]) {
      const ruling = await journey.vote({ name, roles: [] }, "approve", { via: "typed" });
      expect(ruling.outcome).toBe("not_allowed");
    }
    journey.writePolicy(POLICY.replace("name: ana", 'name: "api:kpi-agent"'));
    expect(journey.catalogue.read().policy).toBeNull();
    expect(journey.runs).toEqual([]);
  });

  it.each([
    ["no key", null],
    ["an unknown key", "k3y-of-the-agenT"],
    ["the stored hash", sha256(KEY)],
    ["an empty key", " "],
  ])("T15 is refused with %s", async (_, key) => {
    const { journey, propose, refusals } = await serveApi();

    expect((await propose({}, undefined, key)).status).toBe(401);
    expect(refusals).toEqual(["key"]);
    expect(await journey.newest()).toBeNull();
  });

  it("P1 is refused for a runbook that its key may not propose, and that stands in the record", async () => {
    const { journey, propose } = await serveApi();
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
    const { journey, propose } = await serveApi();

    const answer = await propose(over);

    expect(answer.status).toBe(status);
    expect(answer.body.error).toContain(path);
    expect(await journey.newest()).toBeNull();
  });

  it("T50 gets the first answer again for the same Idempotency-Key, and none for another body", async () => {
    const { journey, propose } = await serveApi();
    const first = await propose({ reason: "a", target: "web" }, "call-1");

    expect((await propose({ target: "web", reason: "a" }, "call-1")).body).toEqual(first.body);
    await journey.vote({ name: "ana" }, "reject");
    expect((await propose({ reason: "a", target: "web" }, "call-1")).body).toEqual(first.body);
    expect((await propose({ reason: "b", target: "web" }, "call-1")).status).toBe(422);

    expect((await journey.newest())?.view?.requests).toHaveLength(1);
    expect((await journey.store.views.find({ limit: 9 })).total).toBe(1);
  });

  it("T50 is stored once, however many of the same call come at once", async () => {
    const { journey, propose } = await serveApi();

    const all = await Promise.all(Array.from({ length: 20 }, () => propose({}, "call-2")));

    expect(new Set(all.map(({ status, body }) => `${status} ${body.request}`)).size).toBe(1);
    expect((await journey.store.views.find({ limit: 9 })).total).toBe(1);
  });

  it("is refused while the same waits already", async () => {
    const { propose } = await serveApi();
    await propose();

    expect((await propose()).status).toBe(409);
  });

  it("T58 has at most 10 waiting of one key", async () => {
    const { journey, propose } = await serveApi();
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
    const { journey, propose } = await serveApi();
    const { switches } = journey.store;
    await switches.maintain("web", new Date(journey.now().getTime() + 60_000), "ana");

    const { status, body } = await propose();

    expect(status).toBe(422);
    expect(body).toMatchObject({ verdict: "deny" });
    expect(body.reasons.map(({ rule }: { rule: string }) => rule)).toContain("maintenance");
  });

  it("P12 is refused while the policy can't be read", async () => {
    const { journey, propose } = await serveApi();
    journey.writePolicy("targets: [");

    expect((await propose()).status).toBe(503);
  });

  it("shows nobody else's requests", async () => {
    const { call, propose } = await serveApi();
    const { body } = await propose();

    expect((await call(`/api/requests/${body.request}`, {}, "other")).status).toBe(404);
    expect((await call(`/api/requests/${body.request}`, {}, null)).status).toBe(401);
    expect((await call("/api/requests/req_x'--")).status).toBe(404);
  });

  it("T19 asks for JSON of a bounded size", async () => {
    const { call } = await serveApi();
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
