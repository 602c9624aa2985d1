import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPrometheus } from "../src/evidence/prometheus.ts";
import { sightingOf } from "../src/incident/sighting.ts";
import { parseWatches } from "../src/remediation/parse-watches.ts";
import type { Watch } from "../src/remediation/watch.ts";
import { createWatches } from "../src/watches.ts";
import type { Made } from "./lab/history.ts";
import { openMetrics } from "./lab/history.ts";
import type { Prometheus } from "./lab/prometheus.ts";
import { startPrometheus } from "./lab/prometheus.ts";
import { havePeer } from "./peers.ts";
import type { Lab } from "./store/lab.ts";
import { createLab, HOUR, MINUTE, START } from "./store/lab.ts";

const DAY = 24 * HOUR;
/** Checkout is slow for two hours, and what nobody watches, too. */
const FAULT = START.getTime();
const isFault = (ms: number) => ms >= FAULT && ms < FAULT + 2 * HOUR;
const wave = (ms: number, hours: number) => Math.sin((ms / (hours * HOUR)) * 2 * Math.PI);
const wiggle = (ms: number) => wave(ms, 0.31) + wave(ms, 0.07);

const MADE: readonly Made[] = [
  {
    series: 'checkout_latency_seconds{service="checkout"}',
    at: (ms) => (isFault(ms) ? 0.9 : 0.2 + 0.05 * wave(ms, 24) + 0.01 * wiggle(ms)),
  },
  { series: 'checkout_latency_seconds{service="cart"}', at: (ms) => 0.1 + 0.01 * wiggle(ms) },
  // What happens every day is no news, however large it is.
  {
    series: "backup_busy_ratio",
    at: (ms) => ((ms / HOUR) % 24 < 6 ? 0.9 : 0.1) + 0.01 * wiggle(ms),
  },
  // Born with the fault: nobody knows what is usual for it.
  {
    series: 'queue_length{service="new"}',
    at: (ms) => (ms < FAULT - HOUR ? null : isFault(ms) ? 90 : 1),
  },
  {
    series: "lasting_queue_length",
    at: (ms) => (ms >= FAULT ? 90 : 1) + 0.1 * wiggle(ms),
  },
  // Stops in the middle of it.
  {
    series: 'queue_length{service="gone"}',
    at: (ms) => (ms > FAULT + 90 * MINUTE ? null : isFault(ms) ? 90 : 1 + 0.1 * wiggle(ms)),
  },
];

function read(text: string): readonly Watch[] {
  const parsed = parseWatches("watch.yaml", Buffer.from(text));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.watches;
}

const SLOW = `
watches:
  - name: CheckoutSlow
    title: Checkout is slower than usual
    promql: checkout_latency_seconds
    every: 1m
    severity: warning
    labels: {team: shop}
`;

describe.skipIf(!havePeer("prometheus"))(
  "a watch over a real Prometheus",
  { timeout: 60_000 },
  () => {
    let peer: Prometheus;
    beforeAll(async () => {
      peer = await startPrometheus({
        scrapeTargets: [],
        history: openMetrics(MADE, [[FAULT - 8 * DAY, FAULT + 28 * HOUR]], MINUTE),
        flags: ["--storage.tsdb.retention.time=10y"],
      });
    }, 60_000);
    afterAll(() => peer.stop());

    function open(lab: Lab, over: { watches?: () => readonly Watch[] | null; url?: string } = {}) {
      const failures: string[] = [];
      const watches = createWatches({
        watches: () => read(SLOW),
        prometheus: createPrometheus({ url: over.url ?? peer.url, authorization: null }),
        noticed: lab.store.views.noticed,
        accept: lab.store.intake.accept,
        now: lab.now,
        onFailure: (name, error) => void failures.push(`${name}: ${(error as Error).message}`),
        ...over,
      });
      return { ...watches, failures };
    }
    const firing = async (lab: Lab) =>
      (await lab.store.views.openAlerts(null)).map(({ name }) => name);

    it("raises an incident of its own before any rule fires, once, and ends it when the series is back", async () => {
      const lab = createLab();
      const watches = open(lab);
      await watches.turn();
      expect(await firing(lab)).toEqual([]);

      lab.pass(15 * MINUTE);
      await watches.turn();
      lab.pass(30 * MINUTE);
      await watches.turn();
      expect(watches.failures).toEqual([]);
      const [episode, ...others] = await lab.store.views.noticed();
      expect(others).toEqual([]);
      expect(episode).toMatchObject({
        source: "countersign",
        labels: {
          alertname: "CheckoutSlow",
          severity: "warning",
          service: "checkout",
          team: "shop",
        },
        annotations: {
          summary: "Checkout is slower than usual",
          description: expect.stringMatching(
            /^Out of the ordinary: .*service="checkout"\}: 2\d\d\.?\d* ms → 900 ms, .* above /,
          ),
        },
      });
      // Not when it was called out, but when it began.
      expect(Math.abs((episode?.startsAt.getTime() ?? 0) - FAULT)).toBeLessThanOrEqual(5 * MINUTE);
      expect(episode && sightingOf(episode)?.watch).toBe("CheckoutSlow");
      expect(watches.check()).toBe("1 watches; CheckoutSlow: 2 series, 1 out of the ordinary");

      lab.pass(FAULT + 2 * HOUR - lab.now().getTime());
      await watches.turn();
      expect(await firing(lab)).toEqual(["CheckoutSlow"]);
      lab.pass(65 * MINUTE);
      await watches.turn();
      expect(await firing(lab)).toEqual([]);
      expect(lab.kinds().filter((kind) => kind.startsWith("incident."))).toEqual([
        "incident.opened",
        "incident.resolved",
      ]);
    });

    it("knows after a restart what it has called out, and ends it", async () => {
      const lab = createLab();
      lab.pass(HOUR);
      await open(lab).turn();
      const again = open(lab);
      await again.turn();
      expect(lab.count("alerts")).toBe(1);

      lab.pass(130 * MINUTE);
      await open(lab).turn();
      expect(await firing(lab)).toEqual([]);
      expect(lab.count("alerts")).toBe(1);
    });

    it("does not take what goes on for its past, until it goes on for a day", async () => {
      const lab = createLab();
      const watches = open(lab, {
        watches: () =>
          read("watches: [{name: Queue, title: Q, promql: lasting_queue_length, every: 1m}]"),
      });
      lab.pass(HOUR);
      await watches.turn();
      lab.pass(6 * HOUR);
      await watches.turn();
      expect(await firing(lab)).toEqual(["Queue"]);

      lab.pass(20 * HOUR);
      await watches.turn();
      expect(await firing(lab)).toEqual([]);
    });

    it("says nothing of what happens every day, and of what is too new", async () => {
      const lab = createLab();
      const watches = open(lab, {
        watches: () =>
          read(`
watches:
  - {name: Busy, title: Busy, promql: backup_busy_ratio, every: 1m}
  - {name: Queue, title: Queue, promql: 'queue_length{service="new"}', every: 1m}
`),
      });
      lab.pass(HOUR);
      await watches.turn();

      expect(await firing(lab)).toEqual([]);
      expect(watches.check()).toBe(
        "2 watches; Busy: 1 series; Queue: 1 series, 1 with too short a past or too few points",
      );
    });

    it("looks only the way it is told to, and only as far", async () => {
      const lab = createLab();
      const watch = (more: string) =>
        `  - {name: ${more.replace(/\W/g, "")}, title: T, promql: checkout_latency_seconds, every: 1m, ${more}}\n`;
      const watches = open(lab, {
        watches: () =>
          read(
            `watches:\n${watch("direction: down")}${watch("direction: up")}${watch("beyond: 500")}${watch("beyond: 5")}`,
          ),
      });
      lab.pass(HOUR);
      await watches.turn();

      expect((await firing(lab)).toSorted()).toEqual(["beyond5", "directionup"]);
    });

    it("ends what is gone, what nobody watches any more, and what has other labels by now", async () => {
      const lab = createLab();
      const queue = `watches:\n  - {name: Queue, title: Q, promql: 'queue_length{service="gone"}', every: 1m}\n`;
      let text: string | null = queue;
      const watches = open(lab, { watches: () => (text === null ? null : read(text)) });
      lab.pass(HOUR);
      await watches.turn();
      expect(await firing(lab)).toEqual(["Queue"]);

      text = null;
      lab.pass(MINUTE);
      await watches.turn();
      expect(await firing(lab)).toEqual(["Queue"]);
      expect(() => watches.check()).toThrow("watch.yaml can't be read");

      text = queue.replace("every: 1m", "every: 1m, labels: {team: shop}");
      await watches.turn();
      expect(lab.count("alerts", "status = 'firing'")).toBe(1);
      expect((await lab.store.views.noticed())[0]?.labels.team).toBe("shop");
      expect(lab.count("incidents")).toBe(1);

      lab.pass(2 * HOUR);
      await watches.turn();
      expect(await firing(lab)).toEqual([]);

      text = SLOW;
      const early = createLab();
      early.pass(HOUR);
      const other = open(early, { watches: () => (text === null ? null : read(text)) });
      await other.turn();
      expect(await firing(early)).toEqual(["CheckoutSlow"]);
      text = queue.replace("gone", "nobody");
      await other.turn();
      expect(await firing(early)).toEqual([]);
    });

    it("raises nothing and ends nothing while its source is down, and says so", async () => {
      const lab = createLab();
      lab.pass(HOUR);
      const down = open(lab, { url: "http://127.0.0.1:1" });
      await down.turn();
      expect(await firing(lab)).toEqual([]);
      expect(() => down.check()).toThrow(
        "not looked at: CheckoutSlow: Prometheus at 127.0.0.1:1: ",
      );
      expect(down.failures).toHaveLength(1);

      await open(lab).turn();
      lab.pass(3 * HOUR);
      await down.turn();
      expect(await firing(lab)).toEqual(["CheckoutSlow"]);
    });

    it("says that it has no source at all", async () => {
      const lab = createLab();
      const watches = createWatches({
        watches: () => read(SLOW),
        prometheus: null,
        noticed: lab.store.views.noticed,
        accept: lab.store.intake.accept,
        now: lab.now,
        onFailure: () => undefined,
      });
      await watches.turn();

      expect(() => watches.check()).toThrow("PROMETHEUS_URL is not set: 1 watches");
    });
  },
);
