/** Series as OpenMetrics, for a Prometheus that is to have measured them already. */

const STEP_MS = 15_000;

export interface Made {
  /** With labels: `node_load1{instance="web-01:9100"}`. */
  readonly series: string;
  /** The value at a time, in milliseconds; null leaves the point out. */
  readonly at: (ms: number) => number | null;
  readonly type?: "gauge" | "counter" | "histogram";
}

/** Around now, a day ago and a week ago: what a baseline looks at, and not the days between. */
export function aroundNow(now: number, hours = 3): readonly [from: number, to: number][] {
  const day = 86_400_000;
  return [7, 1, 0].map((days) => [
    now - days * day - hours * 3_600_000,
    // Somewhat ahead, so that it goes on while a test looks.
    now - days * day + (days === 0 ? 600_000 : 3_600_000),
  ]);
}

export function openMetrics(
  made: readonly Made[],
  spans: readonly (readonly [from: number, to: number])[],
  stepMs = STEP_MS,
): string {
  const families = new Map<string, Made[]>();
  for (const one of made) {
    const name = familyOf(one);
    families.set(name, [...(families.get(name) ?? []), one]);
  }
  return [...families]
    .flatMap(([name, members]) => [
      `# TYPE ${name} ${members[0]?.type ?? "gauge"}`,
      ...members.flatMap((one) => lines(one, spans, stepMs)),
    ])
    .join("\n");
}

function lines(
  { series, at }: Made,
  spans: readonly (readonly [number, number])[],
  stepMs: number,
): string[] {
  return spans.flatMap(([from, to]) => {
    const found: string[] = [];
    for (let ms = Math.ceil(from / stepMs) * stepMs; ms <= to; ms += stepMs) {
      const value = at(ms);
      if (value !== null) found.push(`${series} ${text(value)} ${ms / 1000}`);
    }
    return found;
  });
}

function familyOf({ series, type }: Made): string {
  const name = series.replace(/\{.*$/s, "");
  if (type === "counter") return name.replace(/_total$/, "");
  return type === "histogram" ? name.replace(/_(?:bucket|sum|count)$/, "") : name;
}

function text(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return String(value);
}
