import type { Prometheus } from "./evidence/prometheus.ts";
import { redact } from "./evidence/redact.ts";
import type { Forecasts, Patterns } from "./incident/pattern.ts";
import { findPatterns } from "./report/find-patterns.ts";
import type { Forecast } from "./report/forecast.ts";
import { forecastCertificate, forecastDisk } from "./report/forecast.ts";
import type { Store } from "./store/store.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MONTH_MS = 30 * DAY;
/** Where nothing but files in memory, or an image that is always full, is mounted, nothing fills up. */
const DISKS = {
  promql:
    'node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660|nsfs|fuse.*|autofs|devtmpfs"}',
  forMs: 14 * DAY,
  stepMs: 2 * HOUR,
};
const CERTIFICATES = {
  promql: "min by (instance) (probe_ssl_earliest_cert_expiry)",
  forMs: 30 * DAY,
  stepMs: 6 * HOUR,
};

interface Deps {
  readonly store: Pick<Store, "patterns">;
  readonly prometheus: Pick<Prometheus, "queryRange"> | null;
  readonly now: () => Date;
}

/** What the last month, and the series of disks and certificates, have to say; each with the numbers it rests on. */
export async function patternsOf({ store, prometheus, now }: Deps): Promise<Patterns> {
  const [from, to] = [new Date(now().getTime() - MONTH_MS), now()];
  const history = await store.patterns.history(from, to);
  const { ignored } = findPatterns(history);
  const peaks = await Promise.all(
    ignored.map(({ name }) => {
      const its = history.alerts.filter((alert) => alert.name === name);
      return store.patterns.peaksOf(
        name,
        its.map(({ incidentId }) => incidentId),
      );
    }),
  );
  return {
    ...findPatterns(history, peaks.flat()),
    ...{ from, to, alerts: history.alerts.length },
    forecasts: await forecasts(prometheus, to),
  };
}

async function forecasts(prometheus: Deps["prometheus"], now: Date): Promise<Forecasts> {
  if (prometheus === null) {
    return { disks: [], certificates: [], lacking: ["PROMETHEUS_URL is not set: no forecasts."] };
  }
  const [disks, certificates] = await Promise.all([
    forecastEach(prometheus, { ...DISKS, now, forecast: forecastDisk }),
    forecastEach(prometheus, { ...CERTIFICATES, now, forecast: forecastCertificate }),
  ]);
  return {
    disks: disks.found.sort((a, b) => a.fullAt.getTime() - b.fullAt.getTime()),
    certificates: certificates.found.sort((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime()),
    lacking: [...disks.lacking, ...certificates.lacking],
  };
}

async function forecastEach<T>(
  prometheus: NonNullable<Deps["prometheus"]>,
  wanted: {
    readonly promql: string;
    readonly forMs: number;
    readonly stepMs: number;
    readonly now: Date;
    readonly forecast: (
      what: string,
      points: readonly (readonly [number, number])[],
      now: Date,
    ) => Forecast<T>;
  },
): Promise<{ found: T[]; lacking: string[] }> {
  const { promql, forMs, stepMs, now, forecast } = wanted;
  const toMs = now.getTime();
  try {
    const { series } = await prometheus.queryRange(promql, {
      ...{ fromMs: toMs - forMs, toMs, stepMs },
    });
    const all = series.map(({ labels, points }) => forecast(whatOf(labels), points, now));
    return {
      found: all.flatMap((one) => (one.outcome === "found" ? [one.forecast] : [])),
      lacking: all.flatMap((one) => (one.outcome === "lacking" ? [one.why] : [])),
    };
  } catch (error) {
    return { found: [], lacking: [error instanceof Error ? error.message : String(error)] };
  }
}

function whatOf({ instance = "", mountpoint, device }: Readonly<Record<string, string>>): string {
  const parts = [instance, mountpoint ?? device ?? ""].filter((part) => part !== "");
  return redact(parts.join(" "));
}
