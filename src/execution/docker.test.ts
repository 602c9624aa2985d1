import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Target } from "../remediation/proposal.ts";
import { createDockerExecutor } from "./docker.ts";
import { InvalidAction } from "./execution.ts";

const target: Target = { name: "web", host: "web", executor: "docker", directory: "/" };
const nowhere = createDockerExecutor({ host: "unix:///no/such/socket" });

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** An engine on a socket of its own that misbehaves as told; a path without an answer gets 404. */
async function startEngine(answers: Readonly<Record<string, Answer>>) {
  const directory = mkdtempSync(join(tmpdir(), "docker-test-"));
  const socket = join(directory, "docker.sock");
  const asked: string[] = [];
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    const answer = answers[incoming.url ?? ""];
    if (answer) answer(response, incoming);
    else response.writeHead(404).end('{"message":"no such container"}');
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return { executor: createDockerExecutor({ host: `unix://${socket}` }), asked };
}

function json(value: unknown): Answer {
  return (response) => response.writeHead(200).end(JSON.stringify(value));
}

function container(changes: { Name?: string; State?: object; Config?: object } = {}) {
  return {
    Name: "/web",
    RestartCount: 2,
    State: { Status: "running", ExitCode: 0, StartedAt: "2026-01-02T03:04:05Z" },
    Config: { Image: "nginx:1", Tty: false },
    ...changes,
  };
}

const restart = nowhere.describe({ op: "restart", container: "web", timeout: "20s" }, target);

describe("describing what is done to a container", () => {
  it.each([
    [{ op: "restart", container: "web", timeout: "20s" }, "/containers/web/restart?t=20"],
    [{ op: "restart", container: "web", timeout: "2m" }, "/containers/web/restart?t=120"],
    [{ op: "stop", container: "web", timeout: 5 }, "/containers/web/stop?t=5"],
    [{ op: "stop", container: "a.b_c-1" }, "/containers/a.b_c-1/stop"],
    [{ op: "start", container: "web" }, "/containers/web/start"],
  ])("turns %j into one request", (action, path) => {
    expect(nowhere.describe(action, target)).toEqual({
      kind: "http",
      method: "POST",
      path,
      body: null,
    });
  });

  it.each([
    ["T41 a glob", { op: "restart", container: "*" }],
    ["T41 a path", { op: "restart", container: "../../containers/web" }],
    ["T36 a query in the name", { op: "restart", container: "web?signal=KILL" }],
    ["T37 a leading dash", { op: "restart", container: "-web" }],
    ["an empty name", { op: "restart", container: "" }],
    ["a name that is too long", { op: "restart", container: "a".repeat(129) }],
    ["a name with a line end", { op: "restart", container: "web\n" }],
    ["an operation that is not on the list", { op: "exec", container: "web" }],
    ["a timeout for start", { op: "start", container: "web", timeout: "5s" }],
    ["a timeout that is no duration", { op: "stop", container: "web", timeout: "soon" }],
    ["a timeout that is too long", { op: "stop", container: "web", timeout: "11m" }],
    ["a key it does not know", { op: "stop", container: "web", force: true }],
  ])("refuses %s", (_what, action) => {
    expect(() => nowhere.describe(action, target)).toThrow(InvalidAction);
  });

  it("says which key is wrong", () => {
    expect(() => nowhere.describe({ op: "restart", container: "*" }, target)).toThrow(
      "with.container: must be the exact name of a container",
    );
  });

  it("does not take an action for a probe", () => {
    expect(() => nowhere.describeProbe({ op: "restart", container: "web" }, target)).toThrow(
      InvalidAction,
    );
  });

  it("refuses to send a stored request that it would not have written", async () => {
    const { executor, asked } = await startEngine({});
    const command = { ...restart, path: "/containers/web/exec" };

    await expect(executor.run(command, { timeoutMs: 1000 })).rejects.toThrow(InvalidAction);
    expect(asked).toEqual([]);
  });
});

describe("an engine address", () => {
  it.each(["", "/var/run/docker.sock", "ssh://host", "tcp://host", "tcp://host:0", "unix://rel"])(
    "%j is refused with the forms that are valid",
    (host) => {
      expect(() => createDockerExecutor({ host })).toThrow(/DOCKER_HOST=.* is not understood: use/);
    },
  );
});

describe("an order to the engine", () => {
  it("is sent after the name was looked up", async () => {
    const { executor, asked } = await startEngine({
      "/containers/web/json": json(container()),
      "/containers/web/restart?t=20": (response) => response.writeHead(204).end(),
    });

    const result = await executor.run(restart, { timeoutMs: 1000 });

    expect(result).toMatchObject({ outcome: "succeeded", output: "web: restart done." });
    expect(asked).toEqual(["GET /containers/web/json", "POST /containers/web/restart?t=20"]);
  });

  it("T41 is not sent when the name is only the beginning of another container's id", async () => {
    const { executor, asked } = await startEngine({
      "/containers/web/json": json(container({ Name: "/database" })),
    });

    const result = await executor.run(restart, { timeoutMs: 1000 });

    expect(result.outcome).toBe("failed");
    expect(result.output).toContain("web is not the exact name of a container: that is database");
    expect(asked).toEqual(["GET /containers/web/json"]);
  });

  it("T43 fails with the engine's own words, cleaned", async () => {
    const { executor } = await startEngine({
      "/containers/web/json": json(container()),
      "/containers/web/restart?t=20": (response) =>
        response.writeHead(500).end('{"message":"port \\u001b[31min use"}'),
    });

    const result = await executor.run(restart, { timeoutMs: 1000 });

    expect(result).toMatchObject({
      outcome: "failed",
      output: "web: restart failed. The engine answered 500: port in use",
    });
  });

  it("ends as unknown when the connection breaks after it was sent", async () => {
    const { executor } = await startEngine({
      "/containers/web/json": json(container()),
      "/containers/web/restart?t=20": (_response, request) => request.socket.destroy(),
    });

    const result = await executor.run(restart, { timeoutMs: 1000 });

    expect(result.outcome).toBe("unknown");
    expect(result.output).toContain("may have taken effect");
  });

  it("T42 ends as unknown when there is no answer before the deadline", async () => {
    const { executor } = await startEngine({
      "/containers/web/json": json(container()),
      "/containers/web/restart?t=20": () => {},
    });

    const result = await executor.run(restart, { timeoutMs: 200 });

    expect(result.outcome).toBe("unknown");
    expect(result.durationMs).toBeLessThan(2000);
  });

  it("fails, and says that nothing was changed, when the look-up gets no answer", async () => {
    const { executor, asked } = await startEngine({ "/containers/web/json": () => {} });

    const result = await executor.run(restart, { timeoutMs: 200 });

    expect(result.outcome).toBe("failed");
    expect(result.output).toContain("Nothing was changed");
    expect(asked).toEqual(["GET /containers/web/json"]);
  });

  it("fails when the engine speaks something else", async () => {
    const { executor } = await startEngine({
      "/containers/web/json": (response) => response.writeHead(200).end("<html>"),
    });

    const result = await executor.run(restart, { timeoutMs: 1000 });

    expect(result.outcome).toBe("failed");
  });

  it("T42 is not fooled into reading without end", async () => {
    const { executor } = await startEngine({
      "/containers/web/json": (response) => {
        const write = () => {
          while (!response.destroyed && response.write("x".repeat(65_536)));
        };
        response.writeHead(200).on("drain", write);
        write();
      },
    });

    const result = await executor.run(restart, { timeoutMs: 5000 });

    expect(result.outcome).toBe("failed");
    expect(result.durationMs).toBeLessThan(4000);
  });
});

describe("a probe of a container", () => {
  it.each([
    ["exited", { Status: "exited", ExitCode: 137 }, { state: "exited", exit_code: "137" }],
    [
      "unhealthy",
      { Status: "running", Health: { Status: "unhealthy" } },
      { state: "unhealthy", health: "unhealthy" },
    ],
    [
      "exited",
      { Status: "exited", Health: { Status: "unhealthy" } },
      { state: "exited", health: "unhealthy" },
    ],
    ["running", { Status: "running", Health: null }, { state: "running", health: "none" }],
  ])("says %s", async (_state, State, facts) => {
    const { executor } = await startEngine({ "/containers/web/json": json(container({ State })) });

    const result = await executor.probe({ op: "inspect", container: "web" }, target);

    expect(result).toMatchObject({ status: "found", facts });
  });

  it("T41 is missing when the name means another container", async () => {
    const { executor } = await startEngine({
      "/containers/web/json": json(container({ Name: "/database" })),
    });

    const result = await executor.probe({ op: "inspect", container: "web" }, target);

    expect(result).toMatchObject({ status: "missing" });
  });

  it("T43 reads framed logs of both streams as clean text", async () => {
    const frame = (stream: number, text: string) => {
      const payload = Buffer.from(text);
      const header = Buffer.alloc(8);
      header[0] = stream;
      header.writeUInt32BE(payload.length, 4);
      return Buffer.concat([header, payload]);
    };
    const { executor } = await startEngine({
      "/containers/web/json": json(container()),
      "/containers/web/logs?stdout=1&stderr=1&tail=2": (response) =>
        response.end(Buffer.concat([frame(1, "one é\n"), frame(2, "\u001b[31mtwo\u001b[0m\n")])),
    });

    const result = await executor.probe({ op: "logs", container: "web", tail: 2 }, target);

    expect(result).toEqual({
      status: "found",
      facts: { output: "one é\ntwo" },
      text: "one é\ntwo",
    });
  });

  it("reads the logs of a container with a terminal as they come", async () => {
    const { executor } = await startEngine({
      "/containers/web/json": json(container({ Config: { Image: "x", Tty: true } })),
      "/containers/web/logs?stdout=1&stderr=1&tail=20": (response) => response.end("a\r\nb\r\n"),
    });

    const result = await executor.probe({ op: "logs", container: "web" }, target);

    expect(result).toMatchObject({ facts: { output: "a\nb" } });
  });
});

describe("an engine that is not there", () => {
  it("fails an order with the way out", async () => {
    const result = await nowhere.run(restart, { timeoutMs: 1000 });

    expect(result.outcome).toBe("failed");
    expect(result.output).toContain("the socket does not exist. Is it running? DOCKER_HOST=unix:");
  });

  it("makes a probe missing with the way out", async () => {
    const refused = createDockerExecutor({ host: "tcp://127.0.0.1:1" });

    const result = await refused.probe({ op: "inspect", container: "web" }, target);

    expect(result.status).toBe("missing");
    expect(result.text).toContain("nobody is listening. Is it running? DOCKER_HOST=tcp:");
  });

  it("fails the check with the way out", async () => {
    await expect(nowhere.check()).rejects.toThrow(/Is it running\? DOCKER_HOST=/);
  });
});

describe("an engine over TLS", () => {
  /** An authority, and a certificate by it for each side; and an engine that asks for the client's. */
  async function startTlsEngine() {
    const folder = mkdtempSync(join(tmpdir(), "docker-tls-"));
    const at = (name: string) => join(folder, name);
    const openssl = (...args: string[]) =>
      execFileSync("/usr/bin/openssl", args, { stdio: "ignore", cwd: folder });
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    openssl("req", "-x509", ...key, "-subj", "/CN=lab", "-keyout", "ca-key.pem", "-out", "ca.pem");
    writeFileSync(at("names"), "subjectAltName=IP:127.0.0.1");
    for (const name of ["server", "client"]) {
      const request = ["-subj", `/CN=${name}`, "-keyout", `${name}-key.pem`, "-out", `${name}.csr`];
      openssl("req", ...key, ...request);
      const signer = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial"];
      const made = ["-in", `${name}.csr`, "-extfile", "names", "-out", `${name}.pem`];
      openssl("x509", "-req", ...signer, ...made);
    }
    renameSync(at("client.pem"), at("cert.pem"));
    renameSync(at("client-key.pem"), at("key.pem"));
    const read = (name: string) => readFileSync(at(name));
    const asked: string[] = [];
    const server = createTlsServer(
      {
        ...{ cert: read("server.pem"), key: read("server-key.pem"), ca: read("ca.pem") },
        ...{ requestCert: true, rejectUnauthorized: true },
      },
      (incoming, response) => {
        asked.push(`${incoming.method} ${incoming.url}`);
        if (incoming.method === "GET") json(container())(response, incoming);
        else response.writeHead(204).end();
      },
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    });
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    return { host: `tcp://127.0.0.1:${port}`, folder, at, openssl, asked };
  }

  it("is asked by a client that it knows", async () => {
    const { host, folder, asked } = await startTlsEngine();
    const executor = createDockerExecutor({ host, certPath: folder });

    const result = await executor.run(restart, { timeoutMs: 5000 });

    expect(result).toMatchObject({ outcome: "succeeded" });
    expect(asked).toEqual(["GET /containers/web/json", "POST /containers/web/restart?t=20"]);
  });

  it("T45 is not asked where its certificate is of somebody else", async () => {
    const { host, folder, at, openssl, asked } = await startTlsEngine();
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    openssl("req", "-x509", ...key, "-subj", "/CN=other", "-keyout", "x.pem", "-out", at("ca.pem"));
    const executor = createDockerExecutor({ host, certPath: folder });

    const result = await executor.run(restart, { timeoutMs: 5000 });

    expect(result).toMatchObject({ outcome: "failed" });
    expect(result.output).toContain("Nothing was changed.");
    expect(asked).toEqual([]);
  });

  it("says which file is missing", async () => {
    const { host, folder, at, asked } = await startTlsEngine();
    rmSync(at("key.pem"));
    const executor = createDockerExecutor({ host, certPath: folder });

    const result = await executor.run(restart, { timeoutMs: 5000 });

    expect(result).toMatchObject({ outcome: "failed" });
    expect(result.output).toContain("key.pem");
    expect(asked).toEqual([]);
  });
});
