import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Collected } from "../src/evidence/collect.ts";
import { collect } from "../src/evidence/collect.ts";
import { createInquiries } from "../src/evidence/inquire.ts";
import { keep } from "../src/evidence/keep.ts";
import { createPrometheus } from "../src/evidence/prometheus.ts";
import type { Made } from "../test/lab/history.ts";
import { openMetrics } from "../test/lab/history.ts";
import { startPrometheus } from "../test/lab/prometheus.ts";
import { havePeer } from "../test/peers.ts";
import type { Bench } from "./result.ts";
import { ms, times } from "./result.ts";
import { median } from "./stats.ts";

const MACHINES = 50;
const LOOKED_AT = 4;
const GAUGES = 120;
const COUNTERS = 80;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const RULES = `
groups:
  - name: bench
    rules:
      - alert: BenchLoad
        expr: bench_gauge_0 > 90
        for: 5m
`;

/** Everything that is known around one alert, from a real Prometheus with 10,000 series and a week behind it. */
export const evidence: Bench = {
  name: "evidence",
  async run({ quick }) {
    const what = `evidence for one alert, ${(MACHINES * (GAUGES + COUNTERS)).toLocaleString("en")} series`;
    if (!havePeer("prometheus")) {
      const result = "not measured: apt-get install prometheus";
      return { rows: [{ what, who: "Countersign", result }], raw: null };
    }
    const now = Date.now();
    const history = openMetrics(made(now), spans(now), 30_000);
    const peer = await startPrometheus({ scrapeTargets: [], rules: RULES, history });
    try {
      const took: number[] = [];
      const delays: number[] = [];
      let items: readonly Collected[] = [];
      for (let i = 0; i < (quick ? 4 : 12); i += 1) {
        // Another machine each time, as alerts are.
        const one = await collectOnce(peer.url, `m-${i % LOOKED_AT}:9100`);
        // The first pays for the start of everything.
        if (i > 0) {
          took.push(one.took);
          delays.push(one.delay);
        }
        ({ items } = one);
      }
      const idle = await idleDelay(median(took));
      const series = items.flatMap(({ measurements = [] }) =>
        measurements.flatMap((m) => m.series),
      );
      return {
        rows: [
          {
            what,
            who: "Countersign",
            result: `${ms(median(took))} (${ms(Math.min(...took))} to ${ms(Math.max(...took))}, n=${took.length}), ${items.length} items, ${series.length} series`,
          },
          {
            what: "event loop delay while collecting",
            who: "Countersign",
            result: `p99 ${ms(median(delays))} (worst run ${ms(Math.max(...delays))})`,
          },
          {
            what: "event loop delay while collecting",
            who: "the same process, doing nothing for as long",
            result: `p99 ${ms(idle)}`,
            countersign: times(median(delays), idle),
          },
        ],
        raw: { took, delays },
      };
    } finally {
      await peer.stop();
    }
  },
};

async function collectOnce(url: string, instance: string) {
  const inquire = createInquiries(
    {
      prometheus: createPrometheus({ url, authorization: null }),
      ...{ loki: null, alertmanager: null, grafana: null, past: null },
    },
    () => new Date(),
  );
  const labels = { alertname: "BenchLoad", instance, job: "bench" };
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const since = performance.now();
  const startsAt = new Date(Date.now() - MINUTE_MS);
  const { first, later } = inquire({ fingerprint: "f", labels, startsAt });
  const items = await collect([...first, ...later], { deadlineMs: 30_000, now: () => new Date() });
  keep(items);
  const took = performance.now() - since;
  loop.disable();
  const lacking = items.find(({ status }) => status === "missing");
  if (lacking !== undefined) throw new Error(`${lacking.title}: ${lacking.text}`);
  return { took, delay: loop.percentile(99) / 1e6, items };
}

/** What the machine itself makes a process wait. */
async function idleDelay(forMs: number): Promise<number> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  await sleep(forMs);
  loop.disable();
  return loop.percentile(99) / 1e6;
}

/** Machines that nobody asks about have only just been measured: what is asked for finds them in its way all the same. */
function made(now: number): Made[] {
  return Array.from({ length: MACHINES }, (_, machine) => {
    const from = machine < LOOKED_AT ? 0 : now - 10 * MINUTE_MS;
    const labels = `{instance="m-${machine}:9100",job="bench"}`;
    return [
      ...Array.from({ length: GAUGES }, (_unused, i): Made => {
        const period = 60_000 * (1 + (i % 7));
        return {
          series: `bench_gauge_${i}${labels}`,
          at: (at) =>
            at < from ? null : Math.round(50 + 20 * Math.sin(at / period + i) + machine),
        };
      }),
      ...Array.from(
        { length: COUNTERS },
        (_unused, i): Made => ({
          series: `bench_${i}_total${labels}`,
          type: "counter",
          at: (at) => (at < from ? null : Math.round(at / 1000 / (i + 1))),
        }),
      ),
    ];
  }).flat();
}

/** What a baseline looks at, and nothing between. */
function spans(now: number): (readonly [number, number])[] {
  return [7, 1, 0].map((days) => [
    now - days * DAY_MS - 110 * MINUTE_MS,
    now - days * DAY_MS + (days === 0 ? 10 : 40) * MINUTE_MS,
  ]);
}
