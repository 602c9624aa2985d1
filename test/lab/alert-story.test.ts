import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { havePeer } from "../peers.ts";
import { startAlertmanager } from "./alertmanager.ts";
import { startEngine } from "./engine.ts";
import { answersOk, findFreePort } from "./peer-process.ts";
import { CONTAINER_DOWN_RULES, startPrometheus } from "./prometheus.ts";

interface Delivery {
  readonly authorization: string | undefined;
  readonly body: {
    readonly status: string;
    readonly alerts: readonly { readonly labels: Readonly<Record<string, string>> }[];
  };
}

/** A webhook that keeps what it was sent. */
async function startSink() {
  const deliveries: Delivery[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString());
    deliveries.push({ authorization: incoming.headers.authorization, body });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
  });
  return { deliveries, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook` };
}

const haveBoth = havePeer("prometheus") && havePeer("alertmanager");

describe.skipIf(!haveBoth)("a real Prometheus and a real Alertmanager", { timeout: 60_000 }, () => {
  it.skipIf(!havePeer("podman"))("tell of a container that went down and came back", async () => {
    const sink = await startSink();
    const port = await findFreePort();
    const engine = await startEngine();
    onTestFinished(() => engine.stop(), 30_000);
    await engine.runMetricsContainer("web", port);
    const alertmanager = await startAlertmanager({ webhookUrl: sink.url, apiKey: "secret" });
    onTestFinished(() => alertmanager.stop());
    const prometheus = await startPrometheus({
      scrapeTargets: [{ job: "containers", address: `127.0.0.1:${port}`, labels: { name: "web" } }],
      rules: CONTAINER_DOWN_RULES,
      alertmanagerUrl: alertmanager.url,
    });
    onTestFinished(() => prometheus.stop());

    await delay(3000);
    const beforeTheStop = sink.deliveries.length;
    await engine.stopContainer("web");
    await expect
      .poll(() => sink.deliveries.at(-1)?.body.status, { timeout: 20_000 })
      .toBe("firing");
    await engine.startContainer("web");
    await expect
      .poll(() => sink.deliveries.at(-1)?.body.status, { timeout: 20_000 })
      .toBe("resolved");

    expect(beforeTheStop).toBe(0);
    expect(sink.deliveries.map(({ body }) => body.status)).toEqual(["firing", "resolved"]);
    expect(sink.deliveries[0]?.authorization).toBe("Bearer secret");
    expect(sink.deliveries[0]?.body.alerts[0]?.labels).toMatchObject({
      alertname: "ContainerDown",
      name: "web",
      severity: "warning",
    });
  });

  it("are gone when they are stopped", async () => {
    const alertmanager = await startAlertmanager({ webhookUrl: "http://127.0.0.1:1/" });
    const prometheus = await startPrometheus({ scrapeTargets: [] });
    const urls = [`${alertmanager.url}/-/ready`, `${prometheus.url}/-/ready`];

    const whileRunning = await Promise.all(urls.map(answersOk));
    await Promise.all([alertmanager.stop(), prometheus.stop()]);

    expect(whileRunning).toEqual([true, true]);
    expect(await Promise.all(urls.map(answersOk))).toEqual([false, false]);
  });

  it("say what is wrong when they can't start", async () => {
    await expect(
      startPrometheus({ scrapeTargets: [], rules: "groups: [{nonsense: 1}]" }),
    ).rejects.toThrow(/did not become ready:[\s\S]*nonsense/);
  });
});
