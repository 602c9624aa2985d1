import { describe, expect, it } from "vitest";
import { ROUTES } from "../../src/ingest/api-descriptions.ts";
import { KEY, serveApi } from "./api-server.ts";

const SECRET = "token=hunter2hunter2hunter2";
const EVIDENCE = `evidence:
  - {id: state, title: State, probe: {executor: command, with: {argv: [/usr/bin/test, -e, up]}}}
actions:`;

/** A history with something of everything: an incident that was fixed, one that waits, and one that nobody could fix. */
async function withHistory() {
  const api = await serveApi();
  const { journey } = api;
  journey.editRunbook((text) => text.replace("actions:", EVIDENCE));
  await journey.enableAutohealing();
  const fixed = await journey.fire({}, { annotations: { summary: `Nobody answers, ${SECRET}` } });
  await journey.pass(1_000);
  await journey.resolve();
  await journey.pass(60_000);
  await journey.disableAutohealing();
  journey.world.state = "down";
  const waiting = await journey.fire({ service: "ta", severity: "warning" });
  await journey.pass(1_000);
  const denied = await journey.fire({ service: "nowhere" });
  return { ...api, fixed, waiting, denied };
}

/** Whoever reads: by a key, or by the cookie of a person. */
const READERS = ["a key", "a key that may propose nothing", "a session"] as const;

async function headersOf(
  reader: (typeof READERS)[number],
  { signIn }: { signIn: (person: string) => Promise<string> },
): Promise<Record<string, string>> {
  if (reader === "a session") return { cookie: await signIn("ana") };
  return { authorization: `Bearer ${reader === "a key" ? KEY : "other"}` };
}

const READING = Object.values(ROUTES).filter(
  ({ method, path }) => method === "get" && path !== "/api/events",
);

describe("the JSON API", () => {
  it.each(READERS)("answers every route it describes, as it describes it, to %s", async (who) => {
    const api = await withHistory();
    const headers = await headersOf(who, api);
    const proposed = await api.propose({ params: { service: "tb" } });
    const ids: Record<string, string> = {
      "/api/incidents/{id}": api.fixed,
      "/api/requests/{id}": proposed.body.request,
      "/api/runbooks/{id}": "web-down",
    };
    const isOthers = (path: string) =>
      path === "/api/requests/{id}" && who === "a key that may propose nothing";

    for (const { path } of READING) {
      const { status } = await api.call(path.replace("{id}", ids[path] ?? ""), { headers }, null);
      expect([path, status]).toEqual([path, isOthers(path) ? 404 : 200]);
    }
  });

  it("T14 T15 answers nothing but counts and its description to nobody", async () => {
    const api = await withHistory();
    const open = READING.filter(({ security }) => security.length === 0).map(({ path }) => path);

    expect(open).toEqual(["/api/status"]);
    for (const { path } of READING.filter(({ security }) => security.length > 0)) {
      const where = path.replace("{id}", api.fixed);
      expect((await api.call(where, {}, null)).status).toBe(401);
      expect((await api.call(where, {}, `${KEY}x`)).status).toBe(401);
      const cookie = `countersign_session=${"0".repeat(32)}`;
      expect((await api.call(where, { headers: { cookie } }, null)).status).toBe(401);
      const inUrl = await api.call(`${where}?key=${KEY}&authorization=Bearer%20${KEY}`, {}, null);
      expect(inUrl.status).toBe(401);
    }
    expect(api.refusals).toContain("key");
  });

  it("T15 does not fall back on a session where a key is shown that is none", async () => {
    const api = await withHistory();
    const cookie = await api.signIn("ana");

    expect((await api.call("/api/incidents", { headers: { cookie } }, "wrong")).status).toBe(401);
  });

  it("T13 lets no session propose, whatever it is sent as and wherever it comes from", async () => {
    const api = await withHistory();
    const cookie = await api.signIn("ana");
    const before = (await api.call("/api/requests")).body.requests.length;
    const body = JSON.stringify({ runbook: "web-down", params: { service: "tc" } });

    for (const type of ["application/json", "text/plain", "application/x-www-form-urlencoded"]) {
      for (const origin of ["http://127.0.0.1", "https://evil.example", "null"]) {
        const headers = { cookie, origin, "content-type": type };
        const { status } = await api.call(
          "/api/proposals",
          { method: "POST", body, headers },
          null,
        );
        expect([type, origin, status]).toEqual([type, origin, 401]);
      }
    }
    expect((await api.call("/api/requests")).body.requests).toHaveLength(before);
  });

  it("T13 gives a page elsewhere nothing to read, and a cache nothing to keep", async () => {
    const api = await withHistory();
    const origin = "https://evil.example";
    const { response } = await api.call("/api/incidents", { headers: { origin } });

    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(response.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  it("P12 knows no key while the policy can't be read, and people can still read", async () => {
    const api = await withHistory();
    const cookie = await api.signIn("ana");
    api.journey.writePolicy("targets: [");

    expect((await api.call("/api/incidents")).status).toBe(503);
    expect((await api.call("/api/incidents", { headers: { cookie } }, null)).status).toBe(200);
  });

  it("tells an incident's whole story, without secrets and without what commands printed", async () => {
    const { call, fixed } = await withHistory();

    const { body } = await call(`/api/incidents/${fixed}`);

    expect(body).toMatchObject({ id: fixed, state: "resolved", severity: "critical" });
    expect(body.alerts).toHaveLength(1);
    expect(body.evidence.map(({ id }: { id: string }) => id)).toContain("E1");
    expect(body.requests[0]).toMatchObject({
      ...{ state: "succeeded", runbook: "web-down", action: "restart", target: "web" },
      ...{ execution: { state: "finished", exitCode: 0 }, verification: "verified" },
    });
    const kinds = body.timeline.map(({ kind }: { kind: string }) => kind);
    expect(kinds[0]).toBe("incident.opened");
    expect(kinds).toContain("execution.started");
    const text = JSON.stringify(body);
    expect(text).not.toContain("hunter2");
    expect(text).not.toMatch(/planCode|digest|output|abcdef0123456789/);
  });

  it("filters incidents and goes on where the page before ended", async () => {
    const { call, fixed, waiting, denied } = await withHistory();
    const ids = async (query: string) =>
      (await call(`/api/incidents?${query}`)).body.incidents.map(({ id }: { id: string }) => id);

    expect(await ids("")).toEqual([denied, waiting, fixed]);
    expect(await ids("state=resolved")).toEqual([fixed]);
    expect(await ids("state=unresolved")).toEqual([denied, waiting]);
    expect(await ids("severity=warning")).toEqual([waiting]);
    expect(await ids("target=ta")).toEqual([waiting]);
    expect(await ids("runbook=other")).toEqual([]);
    expect(await ids("since=2999-01-01T00:00:00Z")).toEqual([]);
    expect(await ids("words=nowhere")).toEqual([denied]);

    for (const query of ["", "words=WebDown&"]) {
      const seen: string[] = [];
      for (let next: string | null = ""; next !== null; ) {
        const { body } = await call(`/api/incidents?${query}limit=1${next && `&cursor=${next}`}`);
        expect(body.total).toBe(3);
        seen.push(...body.incidents.map(({ id }: { id: string }) => id));
        next = body.next;
      }
      expect(seen).toEqual([denied, waiting, fixed]);
    }
  });

  it("lists what was asked for, what waits and what ran, page by page", async () => {
    const { call, fixed, waiting } = await withHistory();
    const all = (await call("/api/requests")).body.requests;

    expect(all.map(({ state }: { state: string }) => state)).toEqual([
      ...["denied", "pending", "succeeded"],
    ]);
    const first = (await call("/api/requests?limit=2")).body;
    const rest = (await call(`/api/requests?limit=2&cursor=${first.next}`)).body;
    expect([...first.requests, ...rest.requests]).toEqual(all);
    expect(rest.next).toBeNull();
    const pending = (await call("/api/requests?state=pending")).body.requests;
    expect(pending.map(({ incident }: { incident: string }) => incident)).toEqual([waiting]);

    const ran = (await call("/api/executions?limit=1")).body;
    expect(ran.executions).toMatchObject([{ incident: fixed, verification: "verified" }]);
    expect((await call(`/api/executions?cursor=${ran.next}`)).body.executions).toEqual([]);
    expect((await call("/api/requests?cursor=req_forgotten")).body.requests).toEqual([]);
  });

  it.each([
    ["incidents", "limit=0", "limit"],
    ["incidents", "limit=101", "limit"],
    ["incidents", "stat=open", "stat"],
    ["incidents", "state=closed", "state"],
    ["incidents", "since=yesterday", "since"],
    ["incidents", "state=open&state=resolved", "state"],
    ["requests", "state=failed", "state"],
    ["executions", "cursor=".padEnd(100, "x"), "cursor"],
  ])("T19 names what is wrong with /api/%s?%s", async (list, query, path) => {
    const { call } = await serveApi();

    const { status, body } = await call(`/api/${list}?${query}`);

    expect(status).toBe(400);
    expect(body.error).toContain(path);
  });

  it("T19 takes whatever stands in a path or a cursor for a name", async () => {
    const { call } = await withHistory();

    for (const id of ["inc_x'--", "__proto__", "%00", "..%2f..%2fhealth"]) {
      expect((await call(`/api/incidents/${id}`)).status).toBe(404);
      expect((await call(`/api/runbooks/${id}`)).status).toBe(404);
      expect((await call(`/api/incidents?cursor=${id}`)).body.incidents).toEqual([]);
    }
  });

  it("says where there is nothing", async () => {
    const { base } = await serveApi();
    const headers = { authorization: `Bearer ${KEY}` };
    const missing = await fetch(`${base}/api/nothing`, { headers });

    expect([missing.status, await missing.json()]).toEqual([
      404,
      { status: "refused", error: "there is nothing here" },
    ]);
    const wrong = { method: "DELETE", headers };
    expect((await fetch(`${base}/api/incidents`, wrong)).status).toBe(404);
  });

  it("describes itself as OpenAPI 3.1", async () => {
    const { base } = await serveApi();
    const response = await fetch(`${base}/api/openapi.json`);
    // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came back
    const document = (await response.json()) as any;

    expect(document).toMatchObject({ openapi: "3.1.0", info: { version: "1.2.3" } });
    const described = Object.values(ROUTES).map(({ path }) => path);
    expect(Object.keys(document.paths).sort()).toEqual([...new Set(described)].sort());
    const { post } = document.paths["/api/proposals"];
    expect(post.requestBody.content["application/json"].schema).toMatchObject({
      ...{ type: "object", required: ["runbook"], additionalProperties: false },
    });
    expect(post.security).toEqual([{ key: [] }]);
    const { get } = document.paths["/api/incidents"];
    expect(get.parameters.map(({ name }: { name: string }) => name)).toContain("cursor");
    expect(get.security).toEqual([{ key: [] }, { session: [] }]);
    const { schema } = get.responses["200"].content["application/json"];
    expect(schema.properties.incidents).toMatchObject({ type: "array" });
  });
});
