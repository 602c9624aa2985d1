import { collect } from "../../src/evidence/collect.ts";
import { createInquiries } from "../../src/evidence/inquire.ts";
import { createPrometheus } from "../../src/evidence/prometheus.ts";
import { rankMeasured } from "../../src/evidence/rank-measured.ts";
import type { Made } from "../../test/lab/history.ts";
import { openMetrics } from "../../test/lab/history.ts";
import { startPrometheus } from "../../test/lab/prometheus.ts";
import type { Case } from "./sock-shop.ts";

/** A recorded second is played as one scrape. */
const SCRAPE_MS = 15_000;
/** Of the fault, what the program has seen when it looks: a quarter of the past it compares with. */
const SEEN = 76;
/** So long before an alert the program begins to look. */
const LEAD_MS = 600_000;
const METRICS: Readonly<Record<string, string>> = {
  cpu: "service_cpu_percent",
  mem: "service_memory_bytes",
  lat: "service_latency_p90_seconds",
  lod: "service_requests",
};

/**
 * The columns that stand out, as `rankOf` gives them, when the recordings are in a real Prometheus and the program asks
 * it about an alert that knows its namespace only. Every case has a namespace of its own.
 */
export async function rankThroughPrometheus(cases: readonly Case[]): Promise<string[][]> {
  const now = Math.floor(Date.now() / (2 * SCRAPE_MS)) * 2 * SCRAPE_MS;
  const faultAt = now - (SEEN - 1) * SCRAPE_MS;
  const from = faultAt - Math.max(...cases.map(rowsBefore)) * SCRAPE_MS;
  const history = openMetrics(
    cases.flatMap((one) => seriesOf(one, faultAt)),
    [[from, now]],
    SCRAPE_MS,
  );
  const peer = await startPrometheus({ scrapeTargets: [], history });
  try {
    const inquire = createInquiries(
      {
        prometheus: createPrometheus({ url: peer.url, authorization: null }),
        ...{ loki: null, alertmanager: null, grafana: null, past: null },
      },
      () => new Date(now),
    );
    const rankings: string[][] = [];
    for (const one of cases) {
      const labels = { alertname: "SomethingIsSlow", namespace: one.name };
      const startsAt = new Date(faultAt + LEAD_MS);
      const { first, later } = inquire({ fingerprint: one.name, labels, startsAt });
      const items = await collect([...first, ...later], {
        deadlineMs: 60_000,
        now: () => new Date(),
      });
      const lacking = items.find(({ status }) => status === "missing");
      if (lacking !== undefined) throw new Error(`${one.name}: ${lacking.title}: ${lacking.text}`);
      const related = items
        .flatMap(({ measurements = [] }) => measurements)
        .filter(({ role }) => role === "related");
      rankings.push(rankMeasured(related).findings.map(({ series }) => columnOf(series.labels)));
    }
    return rankings;
  } finally {
    await peer.stop();
  }
}

function seriesOf({ name, normal, anomalous }: Case, faultAt: number): Made[] {
  return [...normal].flatMap(([column, before]): Made[] => {
    const [service = "", kind = ""] = column.split("_");
    const metric = METRICS[kind];
    if (metric === undefined) return [];
    const after = anomalous.get(column);
    return [
      {
        series: `${metric}{namespace="${name}",service="${service}"}`,
        at(ms) {
          const row = (ms - faultAt) / SCRAPE_MS;
          return (row < 0 ? before[before.length + row] : after?.[row]) ?? null;
        },
      },
    ];
  });
}

function columnOf({ __name__: metric, service }: Readonly<Record<string, string>>): string {
  const kind = Object.keys(METRICS).find((one) => METRICS[one] === metric) ?? "";
  // Of the percentiles recorded only this one is loaded.
  return `${service}_${kind}${kind === "lat" ? "_90" : ""}`;
}

function rowsBefore({ normal }: Case): number {
  return [...normal.values()][0]?.length ?? 0;
}
