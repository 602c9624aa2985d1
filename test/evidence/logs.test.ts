import { describe, expect, it, onTestFinished } from "vitest";
import { collect } from "../../src/evidence/collect.ts";
import { createInquiries } from "../../src/evidence/inquire.ts";
import { createLoki } from "../../src/evidence/loki.ts";
import type { Labels } from "../../src/incident/alert.ts";
import type { FakeLine } from "../fakes/loki.ts";
import { startFakeLoki } from "../fakes/loki.ts";

const NOW = new Date("2026-03-01T03:00:00Z");
const MINUTE = 60_000;
const ODD = 'odd "name" \\ {x|y}';
const at = (minutesAgo: number) => NOW.getTime() - minutesAgo * MINUTE;
const shop: Labels = { container: "shop", host: "web-01", job: "containers" };

const LINES: readonly FakeLine[] = [
  ...Array.from({ length: 60 }, (_, i) => ({
    labels: shop,
    atMs: at(1 + i),
    text: `GET /item/${i} 200 in ${i}ms`,
  })),
  ...Array.from({ length: 9 }, (_, i) => ({
    labels: shop,
    atMs: at(2) - i * 1_000,
    text: `ERROR connection to 10.0.0.${i}:5432 refused, password=hunter22`,
  })),
  { labels: { ...shop, container: "other" }, atMs: at(3), text: "not ours" },
  { labels: { container: ODD, host: "web-01" }, atMs: at(3), text: "from the odd one" },
  { labels: { unit: "nginx.service", host: "nas" }, atMs: at(3), text: "nginx says" },
];

async function lookAt(labels: Labels, logql?: string, lines = LINES) {
  const fake = await startFakeLoki(lines);
  onTestFinished(() => fake.stop());
  const inquire = createInquiries(
    {
      prometheus: null,
      alertmanager: null,
      grafana: null,
      past: null,
      loki: createLoki({ url: fake.url, authorization: null }),
    },
    () => NOW,
  );
  const inquiry = inquire({ fingerprint: "f", labels, startsAt: new Date(at(4)) });
  const asked = logql === undefined ? null : inquiry.logql("The runbook's", logql);
  const questions = asked === null ? inquiry.later : [asked];
  const [item] = await collect(questions, { deadlineMs: 5_000, now: () => NOW });
  return { item, asked: fake.asked };
}

describe("log lines around an alert", () => {
  it("are told as what became more, against the time before, with the last ones as they are", async () => {
    const { item } = await lookAt({
      alertname: "ContainerDown",
      name: "shop",
      instance: "web-01:8080",
    });

    expect(item?.kind).toBe("logql");
    expect(item?.text.split("\n")).toEqual([
      "23 lines in 14 min (before: 46 in 56 min). Most unusual:",
      expect.stringMatching(/^9× \(before 0×\) ERROR connection to <address> refused/),
      "14× (before 46×) GET /item/<n> <n> in <n>ms",
      "The last ones:",
      "GET /item/0 200 in 0ms",
      expect.stringContaining("GET /item/1 200"),
      expect.stringContaining("ERROR connection"),
    ]);
    expect(item?.text).not.toContain("not ours");
  });

  it("T33 lose their secrets", async () => {
    const { item } = await lookAt({ alertname: "A", name: "shop" });

    expect(item?.text).not.toContain("hunter22");
    expect(item?.text).toContain("[redacted]");
  });

  it("T02 of a name with quotes and braces are found, and no others", async () => {
    const { item } = await lookAt({ alertname: "A", name: ODD });

    expect(item?.text).toContain("from the odd one");
    expect(item?.text).toMatch(/^1 lines/);
  });

  it("of a unit are found by its name without .service, and of a host without its port", async () => {
    expect((await lookAt({ alertname: "A", name: "nginx" })).item?.text).toContain("nginx says");
    expect((await lookAt({ alertname: "A", instance: "nas:9100" })).item?.text).toContain(
      "nginx says",
    );
  });

  it("are not asked for where Loki has none of the alert's labels", async () => {
    const { item, asked } = await lookAt({ alertname: "A", instance: "gone:1" });

    expect(item).toBeUndefined();
    expect(asked.every((path) => !path.includes("query"))).toBe(true);
    expect((await lookAt({ alertname: "A", name: "x" }, undefined, [])).item).toBeUndefined();
  });
});

describe("a LogQL query of a runbook", () => {
  it("that gives lines", async () => {
    expect((await lookAt({}, '{container="shop"} |= "ERROR"')).item?.text).toContain(
      "9 lines in 14 min (before: 0",
    );
  });

  it("that gives none", async () => {
    expect((await lookAt({}, '{container="shop"} |= "panic"')).item?.text).toBe(
      "No lines in 14 min (none before either)",
    );
  });

  it("that counts", async () => {
    const { item } = await lookAt({}, 'sum(count_over_time({container="shop"} [60s]))');

    expect(item?.text).toMatch(/^now \d+, before 1$/);
  });

  it("that Loki does not understand", async () => {
    const { item } = await lookAt({}, '{container="shop"');

    expect(item?.status).toBe("missing");
    expect(item?.text).toMatch(/^Loki answers 400: parse error/);
  });
});
