import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { createAlertmanager } from "../../src/evidence/alertmanager.ts";
import { createPrometheus } from "../../src/evidence/prometheus.ts";
import { SourceFailed } from "../../src/evidence/source.ts";
import { startAlertmanager } from "../lab/alertmanager.ts";
import { findFreePort } from "../lab/peer-process.ts";
import { startPrometheus } from "../lab/prometheus.ts";
import { havePeer } from "../peers.ts";

type Handler = (incoming: IncomingMessage, response: ServerResponse, body: string) => void;

async function serve(handler: Handler, authorization: string | null = null) {
  const seen: { url: string; authorization: string | undefined; body: string }[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    seen.push({ url: incoming.url ?? "", authorization: incoming.headers.authorization, body });
    handler(incoming, response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, authorization, seen };
}

const json =
  (value: unknown): Handler =>
  (_, response) => {
    response.setHeader("content-type", "application/json").end(JSON.stringify(value));
  };
const vector = (...values: string[]) =>
  json({
    status: "success",
    data: {
      resultType: "vector",
      result: values.map((value, i) => ({ metric: { i: String(i) }, value: [1, value] })),
    },
  });

describe("a condition in PromQL", () => {
  it.each<[string[], boolean]>([
    [["1"], true],
    [["1", "2.5"], true],
    [["+Inf"], true],
    [["-Inf"], true],
    [[], false],
    [["0"], false],
    [["1", "0"], false],
    [["NaN"], false],
  ])("that gives %j holds: %s", async (values, expected) => {
    const { holds } = createPrometheus(await serve(vector(...values)));

    expect(await holds("up")).toBe(expected);
  });

  it("may give a scalar", async () => {
    const access = await serve(
      json({ status: "success", data: { resultType: "scalar", result: [1, "-Inf"] } }),
    );

    expect(await createPrometheus(access).query("-Inf")).toEqual([
      { labels: {}, value: -Infinity },
    ]);
  });

  it("is sent in the body, with the credentials", async () => {
    const access = await serve(vector("1"), "Bearer t0ken");
    await createPrometheus(access).query('up{a="b&c"}');

    expect(access.seen).toEqual([
      {
        url: "/api/v1/query",
        authorization: "Bearer t0ken",
        body: "query=up%7Ba%3D%22b%26c%22%7D&timeout=5s",
      },
    ]);
  });
});

describe("T73 a source that does not answer as it should", () => {
  const answers: [string, Handler, RegExp][] = [
    [
      "refuses the key",
      (_, response) => response.writeHead(401).end("who are you?"),
      /answers 401: who are you/,
    ],
    [
      "is a web page",
      (_, response) => response.end("<html>Sign in</html>"),
      /the answer is not JSON/,
    ],
    ["is something else", json({ hello: "world" }), /the answer is not one we understand/],
    [
      "has odd results",
      json({ status: "success", data: { resultType: "vector", result: [{}] } }),
      /not one we understand/,
    ],
    [
      "has an odd scalar",
      json({ status: "success", data: { resultType: "scalar", result: "1" } }),
      /not one we understand/,
    ],
    [
      "is huge",
      (_, response) => response.end("[".repeat(5 * 1024 * 1024)),
      /the answer is over 4 MiB/,
    ],
    [
      "T24 sends elsewhere",
      (_, response) => response.writeHead(302, { location: "http://169.254.169.254/" }).end(),
      /sends elsewhere/,
    ],
    ["hangs up", (incoming) => incoming.socket.destroy(), /127\.0\.0\.1/],
  ];

  it.each(answers)("%s", async (_, handler, message) => {
    const access = await serve(handler);
    for (const act of [
      () => createPrometheus(access).holds("up"),
      () => createAlertmanager(access).isActive({ labels: { alertname: "A" } }),
    ]) {
      const error = await act().then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(SourceFailed);
      expect((error as Error).message).toMatch(message);
      expect((error as Error).message).toMatch(/^(?:Prometheus|Alertmanager)/);
    }
  });

  it("is not there", async () => {
    const port = await findFreePort();
    const prometheus = createPrometheus({ url: `http://127.0.0.1:${port}`, authorization: null });

    await expect(prometheus.check()).rejects.toThrow(
      `Prometheus at 127.0.0.1:${port}: can't be reached (ECONNREFUSED)`,
    );
  });

  it("drips, and is given up after five seconds", { timeout: 10_000 }, async () => {
    const access = await serve((_, response) => {
      const drip = setInterval(() => response.write(" "), 100);
      response.on("close", () => clearInterval(drip));
    });
    const start = performance.now();

    await expect(createPrometheus(access).check()).rejects.toThrow("no answer within 5 s");
    expect(performance.now() - start).toBeLessThan(6_500);
  });
});

describe("T16 an alert is still reported", () => {
  const labels = { alertname: "WebDown", instance: "web-01:9100" };
  const reported = (...list: Record<string, string>[]) =>
    json(list.map((one) => ({ fingerprint: "f", labels: one, status: { state: "suppressed" } })));

  it.each<[string, Record<string, string>[], boolean]>([
    ["with the same labels, silenced or not", [labels], true],
    ["among others", [{ alertname: "Other" }, labels], true],
    [
      "not with other labels, whatever its fingerprint",
      [{ ...labels, instance: "web-02:9100" }],
      false,
    ],
    ["not with one more", [{ ...labels, job: "x" }], false],
    ["not with one less", [{ alertname: "WebDown" }], false],
    ["not at all", [], false],
  ])("%s", async (_, list, expected) => {
    const alertmanager = createAlertmanager(await serve(reported(...list)));

    expect(await alertmanager.isActive({ labels })).toBe(expected);
  });
});

describe.skipIf(!havePeer("alertmanager"))("a real Alertmanager", { timeout: 60_000 }, () => {
  it("reports an alert while it fires, also silenced, and not any more when it ended", async () => {
    const peer = await startAlertmanager({ webhookUrl: "http://127.0.0.1:1/" });
    onTestFinished(() => peer.stop());
    const alertmanager = createAlertmanager({ url: peer.url, authorization: null });
    const labels = { alertname: 'Odd "name" \\ {x}', instance: "web-01:9100", name: "with, comma" };
    const send = async (path: string, body: unknown) => {
      const headers = { "content-type": "application/json" };
      const response = await fetch(peer.url + path, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(200);
    };
    const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

    const before = await alertmanager.isActive({ labels });
    await send("/api/v2/alerts", [{ labels, startsAt: at(-60), endsAt: at(600) }]);
    await expect.poll(() => alertmanager.isActive({ labels }), { timeout: 10_000 }).toBe(true);
    const matchers = [{ name: "instance", value: "web-01:9100", isRegex: false, isEqual: true }];
    await send("/api/v2/silences", {
      matchers,
      startsAt: at(0),
      endsAt: at(600),
      createdBy: "x",
      comment: "x",
    });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const silenced = await alertmanager.isActive({ labels });
    const forged = await alertmanager.isActive({ labels: { ...labels, instance: "db-01:9100" } });
    await send("/api/v2/alerts", [{ labels, startsAt: at(-60), endsAt: at(-1) }]);
    await expect.poll(() => alertmanager.isActive({ labels }), { timeout: 10_000 }).toBe(false);

    expect([before, silenced, forged]).toEqual([false, true, false]);
    expect(await alertmanager.check()).toMatch(/^version \d/);
  });
});

describe.skipIf(!havePeer("prometheus"))("a real Prometheus", { timeout: 60_000 }, () => {
  it("answers conditions and says what is wrong with a query", async () => {
    const peer = await startPrometheus({ scrapeTargets: [] });
    onTestFinished(() => peer.stop());
    const prometheus = createPrometheus({ url: peer.url, authorization: null });

    expect(await prometheus.holds("vector(1) == 1")).toBe(true);
    expect(await prometheus.holds("vector(1) == bool 2")).toBe(false);
    expect(await prometheus.holds("vector(1) == 2")).toBe(false);
    expect(await prometheus.holds("1 / vector(0)")).toBe(true);
    expect(await prometheus.holds("0 / vector(0)")).toBe(false);
    await expect(prometheus.query("up{")).rejects.toThrow(/^Prometheus answers 400: .*parse error/);
    await expect(prometheus.query('"text"')).rejects.toThrow("the query gives a string");
    expect(await prometheus.check()).toBe("answers queries");
  });
});
