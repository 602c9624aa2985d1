import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { createAlertmanager } from "../../src/evidence/alertmanager.ts";
import { collect } from "../../src/evidence/collect.ts";
import { createGrafana } from "../../src/evidence/grafana.ts";
import type { Sources } from "../../src/evidence/inquire.ts";
import { createInquiries } from "../../src/evidence/inquire.ts";
import type { Labels } from "../../src/incident/alert.ts";
import { startAlertmanager } from "../lab/alertmanager.ts";
import { havePeer } from "../peers.ts";

const NONE: Sources = {
  prometheus: null,
  loki: null,
  alertmanager: null,
  grafana: null,
  past: null,
};

async function ask(sources: Partial<Sources>, labels: Labels, startsAt: Date) {
  const inquire = createInquiries({ ...NONE, ...sources }, () => new Date());
  const { later } = inquire({ fingerprint: "f", labels, startsAt });
  return await collect(later, { deadlineMs: 5_000, now: () => new Date() });
}

it("without any source there is nothing to ask", async () => {
  expect(await ask({}, { alertname: "A" }, new Date())).toEqual([]);
});

describe.skipIf(!havePeer("alertmanager"))("a real Alertmanager", { timeout: 60_000 }, () => {
  it("tells what else fires on the same place, and who has silenced this alert", async () => {
    const peer = await startAlertmanager({ webhookUrl: "http://127.0.0.1:1/" });
    onTestFinished(() => peer.stop());
    const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
    const post = async (path: string, body: unknown) => {
      const headers = { "content-type": "application/json" };
      const response = await fetch(peer.url + path, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(200);
    };
    const mine = { alertname: "HighCPU", severity: "warning", instance: "web-01:9100" };
    const others = [
      { alertname: "SlowShop", severity: "critical", instance: "web-01:8080" },
      { alertname: "DiskFull", severity: "warning", instance: "nas:9100" },
    ];
    await post(
      "/api/v2/alerts",
      [mine, ...others].map((labels) => ({ labels, startsAt: at(-600), endsAt: at(600) })),
    );
    await post("/api/v2/silences", {
      matchers: [{ name: "alertname", value: "HighCPU", isRegex: false, isEqual: true }],
      ...{ startsAt: at(0), endsAt: at(3600), createdBy: "ana", comment: "being\nworked on" },
    });
    const alertmanager = createAlertmanager({ url: peer.url, authorization: null });
    await expect
      .poll(async () => (await alertmanager.find({ labels: mine }))?.status.silencedBy.length, {
        timeout: 10_000,
      })
      .toBe(1);

    const [item] = await ask({ alertmanager }, mine, new Date());

    expect(item?.title).toBe("What else fires");
    expect(item?.text.split("\n")).toEqual([
      expect.stringMatching(
        /^Silenced by ana until \d{4}-\d\d-\d\d \d\d:\d\d UTC: being worked on$/,
      ),
      "1 other alert fires on the same place, 1 elsewhere:",
      "SlowShop (critical) web-01:8080, for 10 min, same instance",
    ]);
  });
});

describe("Grafana's annotations", () => {
  async function startGrafana(status: number, body: unknown) {
    const seen: string[] = [];
    const server = createServer((incoming, response) => {
      seen.push(incoming.url ?? "");
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { grafana: createGrafana({ url, authorization: "Bearer t0ken" }), seen };
  }
  const startsAt = new Date("2026-03-01T03:00:00Z");

  it("are told with how long before the alert they were, as text, the newest first", async () => {
    const { grafana, seen } = await startGrafana(200, [
      { time: startsAt.getTime() - 3_600_000, text: "old", tags: [] },
      {
        time: startsAt.getTime() - 300_000,
        text: "Deployed <b>shop</b> 1.4.2 with token=abcdef0123456789",
        tags: ["deploy"],
      },
    ]);

    const [item] = await ask({ grafana }, {}, startsAt);

    expect(item?.kind).toBe("change");
    expect(item?.text).toBe(
      "5 min before: Deployed shop 1.4.2 with token=[redacted] [deploy]\n60 min before: old",
    );
    expect(seen[0]).toMatch(/^\/api\/annotations\?from=\d{13}&to=\d{13}&type=annotation&limit=50$/);
  });

  it("are left out where there are none, and missing where Grafana refuses", async () => {
    const { grafana } = await startGrafana(200, []);
    const { grafana: refusing } = await startGrafana(401, { message: "Invalid API key" });

    expect(await ask({ grafana }, {}, startsAt)).toEqual([]);
    const [item] = await ask({ grafana: refusing }, {}, startsAt);
    expect(item?.status).toBe("missing");
    expect(item?.text).toBe(
      'Grafana answers 401: {"message":"Invalid API key"} (set GRAFANA_TOKEN)',
    );
  });
});
