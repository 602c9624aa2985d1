import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Collected } from "../../src/evidence/collect.ts";
import { collect } from "../../src/evidence/collect.ts";
import { createInquiries } from "../../src/evidence/inquire.ts";
import { createPrometheus } from "../../src/evidence/prometheus.ts";
import { standingOf } from "../../src/evidence/standing.ts";
import type { Labels } from "../../src/incident/alert.ts";
import type { Made } from "../lab/history.ts";
import { aroundNow, openMetrics } from "../lab/history.ts";
import { comesTrue } from "../lab/peer-process.ts";
import type { Prometheus } from "../lab/prometheus.ts";
import { startPrometheus } from "../lab/prometheus.ts";
import { havePeer } from "../peers.ts";

const MINUTE = 60_000;
const HERE = 'instance="web-01:9100",job="node"';
const APP = 'instance="web-01:8080",job="shop"';
const ODD = 'a "quoted" \\ {x=~".*"} $1 (z|w)';
const LONG = "x".repeat(10_240);

const RULES = `
groups:
  - name: test
    rules:
      - alert: HighCPU
        expr: 1 - avg without (cpu, mode) (rate(node_cpu_seconds_total{mode="idle"}[2m])) > 90 / 100
        for: 1m
        labels: {severity: warning}
      - alert: HighCPU
        expr: vector(1) == 2
        labels: {severity: critical}
      - alert: Plain
        expr: 'absent(nothing_at_all)'
        labels: {severity: warning}
      - alert: Odd
        expr: 'odd_labels > 5'
        labels: {severity: warning}
`;

const now = Date.now();
const alertAt = now - 3 * MINUTE;
const faultAt = alertAt - 2 * MINUTE;
const isFault = (ms: number) => ms >= faultAt;

/** Counters count from the beginning of their span; what they gain in a second depends on the time. */
function counter(series: string, perSecond: (ms: number) => number): Made {
  let last = 0;
  let total = 0;
  return {
    series,
    type: "counter",
    at(ms) {
      if (ms > last && ms - last < 10 * MINUTE) total += (perSecond(ms) * (ms - last)) / 1000;
      last = ms;
      return Math.round(total * 1000) / 1000;
    },
  };
}
const gauge = (series: string, at: Made["at"]): Made => ({ series, at });
const wiggle = (ms: number) => (Math.sin(ms / 61_000) + 1) / 2;
const escaped = (value: string) => value.replace(/\\/g, "\\\\").replace(/"/g, '\\"');

const MADE: readonly Made[] = [
  gauge(`up{${HERE}}`, () => 1),
  gauge(`up{${APP}}`, () => 1),
  counter(`node_cpu_seconds_total{${HERE},cpu="0",mode="idle"}`, (ms) =>
    isFault(ms) ? 0.02 : 0.7 + 0.05 * wiggle(ms),
  ),
  counter(`node_cpu_seconds_total{${HERE},cpu="0",mode="user"}`, (ms) =>
    isFault(ms) ? 0.98 : 0.3,
  ),
  counter('node_cpu_seconds_total{instance="nas:9100",job="node",cpu="0",mode="idle"}', () => 0.9),
  gauge(`node_memory_MemAvailable_bytes{${HERE}}`, (ms) => 4e9 + 1e7 * wiggle(ms)),
  gauge(`node_memory_MemTotal_bytes{${HERE}}`, () => 8e9),
  gauge(`node_load1{${HERE}}`, (ms) => (isFault(ms) ? 9 : 1 + 0.1 * wiggle(ms))),
  gauge(`node_boot_time_seconds{${HERE}}`, () => Math.round(faultAt / 1000) - 864_000),
  gauge(`instance:node_cpu:ratio{instance="web-01:9100"}`, (ms) => (isFault(ms) ? 0.98 : 0.3)),
  counter(`http_requests_total{${APP},code="200"}`, () => 20),
  counter(`http_requests_total{${APP},code="500"}`, (ms) => (isFault(ms) ? 5 : 0.1)),
  ...["0.1", "0.5", "1", "+Inf"].map((le, i) => ({
    ...counter(
      `http_request_duration_seconds_bucket{${APP},le="${le}"}`,
      (ms) => (isFault(ms) ? [2, 10, 25, 25] : [24, 25, 25, 25])[i] ?? 0,
    ),
    type: "histogram" as const,
  })),
  { ...counter(`http_request_duration_seconds_sum{${APP}}`, () => 3), type: "histogram" },
  { ...counter(`http_request_duration_seconds_count{${APP}}`, () => 25), type: "histogram" },
  gauge(`process_start_time_seconds{${APP}}`, () => Math.round((faultAt - 4 * MINUTE) / 1000)),
  { series: `jobs_total{${APP}}`, type: "counter", at: (ms) => (ms / 500) % 1000 },
  gauge("orders_a_minute", (ms) => (isFault(ms) ? 3 : 12 + wiggle(ms))),
  gauge('checkouts_ok_ratio{shop="de"}', (ms) => (isFault(ms) ? 0.97 : 0.999)),
  gauge('checkouts_ok_ratio{shop="at"}', () => 0.999),
  gauge(`only_nan{${APP}}`, () => Number.NaN),
  gauge(`infinite{${APP}}`, () => Number.POSITIVE_INFINITY),
  gauge(`sparse{${APP}}`, (ms) => (Math.floor(ms / 15_000) % 7 === 0 ? 1 : null)),
  gauge(`odd_labels{name="${escaped(ODD)}"}`, (ms) => (isFault(ms) ? 9 : 1)),
  gauge(`odd_labels{name="other"}`, () => 2),
  gauge(`long_label{name="${LONG}"}`, () => 1),
];

describe.skipIf(!havePeer("prometheus"))(
  "around an alert, a real Prometheus is asked",
  { timeout: 60_000 },
  () => {
    let peer: Prometheus;
    beforeAll(async () => {
      peer = await startPrometheus({
        scrapeTargets: [],
        rules: RULES,
        history: openMetrics(MADE, aroundNow(now)),
      });
      const { alertRules } = createPrometheus({ url: peer.url, authorization: null });
      await comesTrue(async () => (await alertRules()).length > 0, 20_000);
    }, 60_000);
    afterAll(() => peer.stop());

    async function lookAt(
      labels: Labels,
      queries: readonly string[] = [],
      startsAt = new Date(alertAt),
    ) {
      const prometheus = createPrometheus({ url: peer.url, authorization: null });
      const inquire = createInquiries(
        { prometheus, loki: null, alertmanager: null, grafana: null, past: null },
        () => new Date(now),
      );
      const { first, promql, later } = inquire({ fingerprint: "f", labels, startsAt });
      const asked = queries.map((query) => promql(query, query));
      const questions = [...first, ...asked.filter((one) => one !== null), ...later];
      const items = await collect(questions, { deadlineMs: 8_000, now: () => new Date(now) });
      return (title: string): Collected | undefined =>
        items.find((item) => item.title.startsWith(title));
    }

    const CPU = { alertname: "HighCPU", severity: "warning", instance: "web-01:9100", job: "node" };
    const SHOP = {
      alertname: "SlowShop",
      severity: "warning",
      instance: "web-01:8080",
      job: "shop",
    };

    async function kpi(asked: { id: string; promql: string; better: "high" | "low" }) {
      const prometheus = createPrometheus({ url: peer.url, authorization: null });
      const inquire = createInquiries(
        { prometheus, loki: null, alertmanager: null, grafana: null, past: null },
        () => new Date(now),
      );
      const alert = { fingerprint: "f", labels: CPU, startsAt: new Date(alertAt) };
      const question = inquire(alert).kpi({ ...asked, title: "A KPI" });
      if (question === null) throw new Error("nobody can be asked");
      const [item] = await collect([question], { deadlineMs: 8_000, now: () => new Date(now) });
      return item;
    }

    it.each([
      ["fell", "orders_a_minute", "orders", "high", "Worse than usual, 12."],
      ["fell, which is well", "orders_a_minute", "complaints", "low", "Better than usual, 12."],
      ["stayed", "node_memory_MemTotal_bytes", "size_bytes", "high", "As usual for {instance"],
      ["is not there", "nobody_has_this", "orders", "high", "Not to be compared: the query gives"],
      ["has no number", "only_nan", "orders", "high", "Not to be compared"],
      [
        "of several series, one of which fell",
        "checkouts_ok_ratio",
        "checkout_success_ratio",
        "high",
        'Worse than usual for {shop="de"}, 99.9 % → 97 %,',
      ],
    ] as const)("for a KPI that %s against its own past", async (_, promql, id, better, words) => {
      const item = await kpi({ id, promql, better });

      expect(item).toMatchObject({ kind: "kpi", title: "A KPI", status: "found" });
      expect(item?.text).toMatch(new RegExp(`^${words.replace(/[.{}]/g, "\\$&")}`));
    });

    it("T32 for a KPI once, however many alerts begin together", async () => {
      const source = createPrometheus({ url: peer.url, authorization: null });
      let ranges = 0;
      const prometheus: typeof source = {
        ...source,
        queryRange(...args) {
          ranges += 1;
          return source.queryRange(...args);
        },
      };
      const inquire = createInquiries(
        { prometheus, loki: null, alertmanager: null, grafana: null, past: null },
        () => new Date(now),
      );
      const asked = { id: "orders", title: "Orders", promql: "orders_a_minute" };
      const questions = Array.from({ length: 20 }, (_, i) => {
        const labels = { alertname: "Plain", instance: `web-${i}` };
        const alert = { fingerprint: `f${i}`, labels, startsAt: new Date(alertAt) };
        return inquire(alert).kpi({ ...asked, better: "high" });
      });

      const items = await collect(
        questions.filter((one) => one !== null),
        { deadlineMs: 8_000, now: () => new Date(now) },
      );

      expect(items.map(({ status }) => status)).toEqual(Array(20).fill("found"));
      expect(ranges).toBe(3);
    });

    it("for a KPI whose query is refused, which is missing then", async () => {
      const item = await kpi({ id: "orders", promql: "rate(orders_a_minute)", better: "high" });

      expect(item).toMatchObject({ kind: "kpi", status: "missing" });
      expect(item && standingOf(item)).toBeNull();
    });

    it("with the rule's own expression, its threshold, and what it was before, yesterday and last week", async () => {
      const item = (await lookAt(CPU))("The alert's own rule");

      expect(item?.text).toContain("fires while > 0.9 for 60 s");
      expect(item?.text).toMatch(
        /\{instance="web-01:9100", job="node"\}: now 0\.98, before 0\.2\d+, yesterday 0\.2\d+, last week 0\.2\d+/,
      );
      expect(item?.text).toContain("The expression has 1 other series");
      const [measurement] = item?.measurements ?? [];
      expect(measurement?.threshold).toEqual({ operator: ">", limit: 0.9 });
      expect(measurement?.missing).toEqual({});
      const [series] = measurement?.series ?? [];
      expect(series?.baselines.yesterday.length).toBeGreaterThan(100);
      expect(series?.now.at(-1)?.[1]).toBeCloseTo(0.98, 2);
      expect(series?.baselines.before.at(-1)?.[0]).toBeLessThan(series?.now[0]?.[0] ?? 0);
    });

    it("with no rule of its name: nothing is said of one", async () => {
      expect((await lookAt(SHOP))("The alert's own rule")).toBeUndefined();
    });

    it("with a rule that has no threshold and gives nothing now", async () => {
      const item = (await lookAt({ alertname: "Plain", severity: "warning" }))(
        "The alert's own rule",
      );

      expect(item?.text).toContain("absent(nothing_at_all)");
      expect(item?.measurements?.[0]?.threshold).toBeNull();
    });

    it("with the four signals, made of what exists", async () => {
      const item = (await lookAt(SHOP))("Latency, errors");

      expect(item?.text).toMatch(
        /latency: p95 of http_request_duration_seconds: now 9\d\d ms, before 99 ms/,
      );
      expect(item?.text).toMatch(
        /errors: share of http_requests_total with a status of 5xx: now 20 %, before 0\.49/,
      );
      expect(item?.text).toMatch(/traffic: http_requests_total a second: now 25/);
      // Of the machine around it.
      expect(item?.text).toMatch(/saturation: share of the processors in use.*: now 98 %/);
      expect(item?.text).toContain("share of memory used");
    });

    it("with the series that share its labels, those that left their past furthest first", async () => {
      const item = (await lookAt(SHOP))("What shares its labels");

      expect(item?.text).toMatch(/^\d+ series of \d+ metrics about web-01:8080 shop and web-01\./);
      expect(item?.text).toMatch(
        /http_requests_total a second \{code="500".*: 0\.1 → 5, \d+ spreads above/,
      );
      expect(item?.text).toMatch(/node_load1 .*: 1\.0\d+ → 9, \d+ spreads above/);
      expect(item?.text).not.toContain("MemTotal");
      expect(
        item?.measurements?.some(({ query }) => query.startsWith("instance:node_cpu:ratio")),
      ).toBe(true);
    });

    it("with what began anew before it", async () => {
      const item = (await lookAt(SHOP))("Started or changed");

      expect(item?.kind).toBe("change");
      expect(item?.text).toMatch(
        /^6 min before: process_start of \{instance="web-01:8080", job="shop"\}/,
      );
      expect(item?.text).not.toContain("node_boot");
    });

    it("with a query of its runbook, beside its past", async () => {
      const query = 'node_load1{instance="web-01:9100"}';
      const item = (await lookAt(CPU, [query]))(query);

      expect(item?.text).toMatch(/now \S+, before 1\.0\d, yesterday 1\.0\d, last week 1\.0\d/);
      expect(item?.measurements?.[0]?.role).toBe("runbook");
    });

    it("where all is quiet, nothing stands out", async () => {
      const nas = { alertname: "Quiet", instance: "nas:9100", job: "node" };

      expect((await lookAt(nas))("What shares")?.text).toContain("None stands out from its past.");
    });

    describe("bad input", () => {
      it("an alert that is about nothing Prometheus has", async () => {
        const item = await lookAt({ alertname: "Nothing", instance: "gone:1" }, ["gone_metric"]);

        expect(item("What shares")).toBeUndefined();
        expect(item("Latency")).toBeUndefined();
        expect(item("gone_metric")?.text).toBe("no such series");
      });

      it("an alert without any labels", async () => {
        expect((await lookAt({}))("What shares")).toBeUndefined();
      });

      it("NaN alone is no number, and infinity is one", async () => {
        const query = 'only_nan{instance="web-01:8080"}';
        const item = await lookAt(SHOP, [query, 'infinite{instance="web-01:8080"}']);

        expect(item(query)?.text).toContain("NaN");
        expect(item(query)?.text).toContain("Nothing but gaps or NaN in this window");
        expect(item(query)?.measurements?.[0]?.series[0]?.now).toEqual([]);
        expect(item("infinite")?.text).toContain("now +Inf");
      });

      it("a counter that begins anew gains what it says, never less than nothing", async () => {
        const related = (await lookAt(SHOP))("What shares");
        const jobs = related?.measurements?.find(({ title }) => title === "jobs_total a second");
        const { now: here = [], baselines } = jobs?.series[0] ?? {};
        const values = [...here, ...(baselines?.before ?? [])].map(([, value]) => value);

        expect(values.length).toBeGreaterThan(100);
        expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...values)).toBeCloseTo(2, 5);
      });

      it("a series with holes", async () => {
        const query = 'sparse{instance="web-01:8080"}';
        const item = (await lookAt(SHOP, [query]))(query);

        expect(item?.status).toBe("found");
        expect(item?.text).toContain("before 1");
      });

      it("T02 label values with quotes, backslashes, braces, dollars and what a regex knows", async () => {
        const odd = { alertname: "Odd", severity: "warning", name: ODD };
        const item = await lookAt(odd);

        expect(item("The alert's own rule")?.text).toContain("now 9, before 1");
        expect(item("The alert's own rule")?.text).toContain("The expression has 1 other series");
        expect(item("What shares")?.text).toMatch(/^1 series of 1 metrics about a "quoted"/);
      });

      it("a label value of 10 KiB is left out of every selector", async () => {
        const item = await lookAt({ alertname: "Long", name: LONG, instance: "web-01:8080" });

        expect(item("What shares")?.status).toBe("found");
        expect(item("What shares")?.text.length).toBeLessThan(2_000);
      });

      it("a window of more points than Prometheus gives is asked for with a wider step", async () => {
        const { queryRange } = createPrometheus({ url: peer.url, authorization: null });
        const window = { fromMs: now - 7 * 86_400_000, toMs: now, stepMs: 15_000 };

        const answer = await queryRange("vector(1)", window);

        expect(answer.series[0]?.points.length).toBeLessThanOrEqual(11_000);
        expect(answer.warnings).toEqual([
          "a point every 55 s: Prometheus gives at most 11000 of a series",
        ]);
      });

      it("an alert that begins in the future, or began a month ago", async () => {
        for (const startsAt of [new Date(now + 3_600_000), new Date(now - 30 * 86_400_000)]) {
          const item = await lookAt(CPU, ["vector(1)"], startsAt);

          expect(item("vector(1)")?.text).toContain("now 1");
          expect(item("The alert's own rule")?.status).toBe("found");
        }
      });

      it("a query that Prometheus does not understand is missing, and takes nothing from the others", async () => {
        const item = await lookAt(CPU, ["up{"]);

        expect(item("up{")?.status).toBe("missing");
        expect(item("up{")?.text).toMatch(/^Prometheus answers 400: .*parse error/);
        expect(item("The alert's own rule")?.status).toBe("found");
      });
    });
  },
);
