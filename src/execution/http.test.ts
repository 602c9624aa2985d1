import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Target } from "../remediation/proposal.ts";
import { InvalidAction } from "./execution.ts";
import { createHttpExecutor } from "./http.ts";
import { isUnexpected } from "./http-client.ts";

const executor = createHttpExecutor();
const at = (host: string, more: Partial<Target> = {}): Target => ({
  ...{ name: "router", host, executor: "http", directory: "/" },
  ...more,
});
const router = at("https://router.lan:8443/api");

interface Heard {
  readonly line: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** A service that answers as told, and what it was asked. */
async function startService(answer: RequestListener) {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    heard.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return { origin: `http://127.0.0.1:${port}`, port, heard };
}

const says =
  (status: number, text: string): RequestListener =>
  (_, response) =>
    response.writeHead(status).end(text);

function run(target: Target, action: Record<string, unknown> = {}, timeoutMs = 5000) {
  const command = executor.describe({ method: "POST", path: "/x", ...action }, target);
  return executor.run(command, { timeoutMs });
}

function tokenFile(text: string, mode = 0o600): string {
  const folder = mkdtempSync(join(tmpdir(), "http-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "token");
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

describe("describing a request", () => {
  it("is the service's address, the method, the path and the body", () => {
    const action = {
      method: "PUT",
      path: ["services", "a/b?c", "restart"],
      query: { force: true, wait: "a b" },
      body: { replicas: { $number: "3" }, on: { $boolean: "true" }, name: "3", list: [1, null] },
    };
    expect(executor.describe(action, router)).toEqual({
      kind: "http",
      origin: "https://router.lan:8443/api",
      method: "PUT",
      path: "/services/a%2Fb%3Fc/restart?force=true&wait=a+b",
      body: { replicas: 3, on: true, name: "3", list: [1, null] },
    });
  });

  it.each([
    ["another address", { path: "https://elsewhere/x" }],
    ["another address without a scheme", { path: "//elsewhere/x" }],
    ["a way up", { path: "/a/../b" }],
    ["a way up in a list", { path: ["a", "..", "b"] }],
    ["a way up that is spelled out", { path: "/a/%2e%2e/b" }],
    ["a query in the path", { path: "/a?b=c" }],
    ["a line break", { path: "/a\r\nHost: b" }],
    ["a line break in a list", { path: ["a\r\nb"] }],
    ["a look", { method: "GET", path: "/a" }],
    ["headers of its own", { path: "/a", headers: { Host: "b" } }],
    ["a number that is none", { path: "/a", body: { n: { $number: "3; 4" } } }],
    ["a body beyond measure", { path: "/a", body: "x".repeat(70_000) }],
  ])("T24 T36 refuses %s", (_what, action) => {
    expect(() => executor.describe({ method: "POST", ...action }, router)).toThrow(InvalidAction);
  });

  it.each(["router", "ftp://router", "http://a@b", "http://a/../b", "http://a?b", ""])(
    "T24 takes no address like %j",
    (host) => {
      expect(() => executor.describe({ method: "POST", path: "/a" }, at(host))).toThrow(
        InvalidAction,
      );
    },
  );

  it("looks by GET only", () => {
    expect(executor.describeProbe({ path: "/state" }, router)).toMatchObject({ method: "GET" });
    expect(() => executor.describeProbe({ path: "/state", method: "POST" }, router)).toThrow(
      InvalidAction,
    );
  });
});

describe("asking", () => {
  it("sends what was described, and nothing else", async () => {
    const service = await startService(says(200, '{"done":true}'));

    const result = await run(at(`${service.origin}/api`), { body: { a: 1 } });

    expect(result).toMatchObject({ outcome: "succeeded" });
    expect(result.output).toBe('It answered 200.\n{"done":true}');
    expect(service.heard).toEqual([
      {
        line: "POST /api/x",
        body: '{"a":1}',
        headers: {
          accept: "application/json",
          "user-agent": "countersign",
          "content-type": "application/json",
          "content-length": "7",
          host: `127.0.0.1:${service.port}`,
          connection: "close",
        },
      },
    ]);
  });

  it("T24 follows no redirect", async () => {
    const other = await startService(says(200, "taken"));
    const service = await startService((_, response) =>
      response.writeHead(307, { Location: `${other.origin}/x` }).end(),
    );

    const result = await run(at(service.origin));

    expect(result).toMatchObject({ outcome: "failed" });
    expect(result.output).toContain("307: a redirect is not followed");
    expect(other.heard).toEqual([]);
  });

  it.each([
    ["127.0.0.1", true],
    ["127.9.9.9", true],
    ["0.0.0.0", true],
    ["169.254.169.254", true],
    ["239.1.1.1", true],
    ["::1", true],
    ["::", true],
    ["::ffff:127.0.0.1", true],
    ["fe80::1", true],
    ["192.168.1.20", false],
    ["10.0.0.5", false],
    ["fd00::5", false],
    ["203.0.113.7", false],
  ])("T24 takes a name that leads to %s for a mistake: %s", (address, isMistake) => {
    expect(isUnexpected("router.lan", address)).toBe(isMistake);
    expect(isUnexpected("localhost", address)).toBe(false);
  });

  it("reaches this machine by its own name", async () => {
    const service = await startService(says(200, "ok"));
    expect(await run(at(`http://localhost:${service.port}`))).toMatchObject({
      outcome: "succeeded",
    });
  });

  it("T42 T43 keeps what is beyond measure or moves the screen off the card", async () => {
    const service = await startService(says(500, `\u001b[31mred\u202e${"x".repeat(100_000)}`));

    const result = await run(at(service.origin));

    expect(result).toMatchObject({ outcome: "failed", isTruncated: true });
    expect(result.output).toMatch(/^It answered 500\.\nredx+$/);
    expect(result.output.length).toBeLessThanOrEqual(4096);
  });

  it.each([
    [404, "failed"],
    [503, "failed"],
    [502, "unknown"],
    [504, "unknown"],
  ])("tells %i as %s", async (status, outcome) => {
    const service = await startService(says(status, ""));
    expect(await run(at(service.origin))).toMatchObject({ outcome });
  });

  it("is unknown when no answer comes after the request was sent", async () => {
    const service = await startService(() => undefined);

    const result = await run(at(service.origin), {}, 300);

    expect(result.outcome).toBe("unknown");
    expect(result.output).toContain("no answer within 0.3 s. The request had been sent");
  });

  it("changed nothing where nobody listens", async () => {
    const server = createTcpServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    await new Promise((resolve) => server.close(resolve));
    const port = typeof address === "object" ? address?.port : 0;

    const result = await run(at(`http://127.0.0.1:${port}`));

    expect(result).toMatchObject({ outcome: "failed" });
    expect(result.output).toContain("nobody is listening. Nothing was changed.");
  });

  it("P1 sends no stored plan without a service", async () => {
    const docker = {
      kind: "http",
      method: "POST",
      path: "/containers/a/kill",
      body: null,
    } as const;
    await expect(executor.run(docker, { timeoutMs: 100 })).rejects.toThrow(InvalidAction);
  });
});

describe("a token", () => {
  it("T77 is shown to the service and to nobody else", async () => {
    const file = tokenFile("s3cret-token\n");
    const service = await startService((request, response) =>
      response.end(`you said ${request.headers.authorization}`),
    );
    const target = at(service.origin, { tokenFile: file });
    const command = executor.describe({ method: "POST", path: "/x" }, target);

    const result = await executor.run(command, { timeoutMs: 5000 });

    expect(service.heard[0]?.headers.authorization).toBe("Bearer s3cret-token");
    expect(command).toMatchObject({ tokenFile: file });
    expect(result.output).toBe("It answered 200.\nyou said Bearer [token]");
  });

  it("stands in another header where the file says so", async () => {
    const service = await startService(says(200, ""));

    await run(at(service.origin, { tokenFile: tokenFile("X-Api-Key: abc\n") }));

    expect(service.heard[0]?.headers).toMatchObject({ "x-api-key": "abc" });
    expect(service.heard[0]?.headers).not.toHaveProperty("authorization");
  });

  it.each([
    ["is open to everybody", () => tokenFile("abc", 0o644)],
    ["can't be read", () => "/no/such/file"],
    ["must hold one line", () => tokenFile("abc\ndef\n")],
  ])("%s: nothing is asked then", async (why, make) => {
    const service = await startService(says(200, ""));

    const result = await run(at(service.origin, { tokenFile: make() }));

    expect(result).toMatchObject({ outcome: "failed" });
    expect(result.output).toContain(why);
    expect(service.heard).toEqual([]);
  });
});

describe("a look", () => {
  it("picks facts out of the answer", async () => {
    const service = await startService(says(200, '{"data":[{"state":"up","n":3}],"a/b":null}'));
    const pick = {
      state: "/data/0/state",
      count: "/data/0/n",
      none: "/x",
      all: "/data",
      odd: "/a~1b",
    };

    const found = await executor.probe({ path: "/s", query: { q: 1 }, pick }, at(service.origin));

    expect(found).toMatchObject({
      status: "found",
      text: "state up, count 3, odd null",
      facts: { status: "200", state: "up", count: "3", odd: "null" },
    });
    expect(found).not.toHaveProperty("facts.none");
    expect(found).not.toHaveProperty("facts.all");
    expect(service.heard[0]?.line).toBe("GET /s?q=1");
  });

  it("tells that a service does not answer", async () => {
    const found = await executor.probe({ path: "/s" }, at("http://nobody.invalid"));
    expect(found).toMatchObject({ status: "missing" });
  });
});
