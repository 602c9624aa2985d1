import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Collected } from "../../src/evidence/collect.ts";
import { collect } from "../../src/evidence/collect.ts";
import { createInquiries } from "../../src/evidence/inquire.ts";
import { createPrometheus } from "../../src/evidence/prometheus.ts";
import { startHistogramExporter } from "../lab/native-histogram.ts";
import { comesTrue, findFreePort } from "../lab/peer-process.ts";
import { startPrometheus } from "../lab/prometheus.ts";
import { havePeer } from "../peers.ts";

/** bcrypt of "secret", at the lowest cost. */
const HASH = "$2b$04$HTgB8QqGRTqY50iAGJ58yeSB32X4F7FuXHYLmMdaicODhaWc1wEs2";
const ALERT = { fingerprint: "f", labels: { alertname: "A", instance: "web-01:9100" } };

async function lookAt(
  access: Parameters<typeof createPrometheus>[0],
  { labels = ALERT.labels as Record<string, string>, queries = ["up"], deadlineMs = 8_000 } = {},
): Promise<Collected[]> {
  const sources = { loki: null, alertmanager: null, grafana: null, past: null };
  const inquire = createInquiries(
    { ...sources, prometheus: createPrometheus(access) },
    () => new Date(),
  );
  const { first, promql, later } = inquire({ ...ALERT, labels, startsAt: new Date() });
  const asked = queries.map((query) => promql(query, query)).filter((one) => one !== null);
  return await collect([...first, ...asked, ...later], { deadlineMs, now: () => new Date() });
}

const texts = (items: readonly Collected[]) =>
  items.map(({ status, text }) => `${status}: ${text}`);

describe("a Prometheus that is in trouble is missing on the card, by name", () => {
  it("when it is down", async () => {
    const port = await findFreePort();
    const items = await lookAt({ url: `http://127.0.0.1:${port}`, authorization: null });

    expect(items.length).toBeGreaterThan(3);
    expect(new Set(texts(items))).toEqual(
      new Set([`missing: Prometheus at 127.0.0.1:${port}: can't be reached (ECONNREFUSED)`]),
    );
  });

  it("when it is slow: nobody waits longer than the deadline", async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

    const items = await lookAt({ url, authorization: null }, { deadlineMs: 200 });

    expect(new Set(texts(items))).toEqual(new Set(["missing: no answer within 0.2 s"]));
  });

  it("when only last week is slow or gone: the rest is there, and the card says what is not", async () => {
    const server = createServer(async (incoming, response) => {
      let body = "";
      for await (const chunk of incoming as AsyncIterable<Buffer>) body += chunk.toString();
      const form = new URLSearchParams(body);
      const start = Number(form.get("start") ?? 0);
      if (start !== 0 && start < Date.now() / 1000 - 2 * 86_400)
        return response.writeHead(422).end("beyond retention");
      const end = Number(form.get("end") ?? Date.now() / 1000);
      const points = [end - 30, end - 15, end].map((at) => [at, "1"]);
      const isTime = form.get("query") === "time()";
      const isRange = (incoming.url ?? "").includes("query_range");
      const result = isRange
        ? [{ metric: { __name__: "up" }, values: points }]
        : [{ metric: { __name__: "up" }, value: isTime ? [end, String(end)] : points[2] }];
      const data = /rules|metadata/.test(incoming.url ?? "")
        ? { groups: [] }
        : { resultType: isRange ? "matrix" : "vector", result };
      return response.end(
        JSON.stringify({ status: "success", data, warnings: ["a store was not reached"] }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

    const [up] = await lookAt({ url, authorization: null });

    expect(up?.status).toBe("found");
    expect(up?.text).toContain("up: now 1");
    expect(up?.text).toContain("last week: Prometheus answers 422: beyond retention");
    expect(up?.text).toContain("Prometheus: a store was not reached");
    expect(up?.measurements?.[0]?.missing.last_week).toContain("beyond retention");
  });
});

describe.skipIf(!havePeer("prometheus"))("a real Prometheus", { timeout: 60_000 }, () => {
  it("that wants a password is named with the settings for it, and answers with it", async () => {
    const peer = await startPrometheus({ scrapeTargets: [], password: HASH });
    onTestFinished(() => peer.stop());
    const basic = Buffer.from("reader:secret").toString("base64");

    const [refused] = await lookAt({ url: peer.url, authorization: null });
    const [wrong] = await lookAt({ url: peer.url, authorization: "Bearer hunter22" });
    const items = await lookAt(
      { url: peer.url, authorization: `Basic ${basic}` },
      { queries: ["vector(7)"] },
    );

    expect(refused).toMatchObject({ status: "missing" });
    expect(refused?.text).toBe(
      "Prometheus answers 401: Unauthorized (set PROMETHEUS_TOKEN, or PROMETHEUS_USERNAME and PROMETHEUS_PASSWORD)",
    );
    expect(wrong?.text).not.toContain("hunter22");
    expect(items[0]).toMatchObject({ status: "found" });
    expect(items[0]?.text).toContain("now 7");
  });

  it("with native histograms: their quantile is a signal, and as they are their mean is shown", async () => {
    let count = 0;
    const exporter = await startHistogramExporter(() => (count += 100));
    onTestFinished(() => exporter.stop());
    const peer = await startPrometheus({
      scrapeTargets: [{ job: "shop", address: exporter.address }],
      flags: ["--enable-feature=native-histograms"],
    });
    onTestFinished(() => peer.stop());
    const access = { url: peer.url, authorization: null };
    const { query } = createPrometheus(access);
    const enough = "histogram_count(rate(request_duration_seconds[1m] offset 17s)) > 0";
    // Measured long enough for the last point of the window's grid.
    await comesTrue(async () => (await query(enough)).length > 0, 40_000);

    const labels = { alertname: "Slow", instance: exporter.address, job: "shop" };
    const items = await lookAt(access, { labels, queries: ["request_duration_seconds"] });
    const text = (title: string) => items.find((item) => item.title.startsWith(title))?.text;

    expect(text("request_duration_seconds")).toMatch(/job="shop"\}:? (?:now )?0\.35/);
    expect(text("request_duration_seconds")).toContain(
      "native histograms: what is shown is their mean",
    );
    expect(text("Latency")).toMatch(/latency: p95 of request_duration_seconds: now 4\d\d ms/);
  });
});
