const FRESH_MS = 2_000;

export interface CheckResult {
  readonly status: "ok" | "degraded" | "failing";
  readonly detail: string;
  readonly latencyMs: number;
}

export interface HealthReport {
  readonly status: "ok" | "degraded" | "failing";
  readonly checks: Readonly<Record<string, CheckResult>>;
}

export interface HealthCheck {
  readonly name: string;
  /** Without it nothing can be accepted: its failure fails the whole. Anything else only degrades it. */
  readonly isVital?: boolean;
  /** Resolves with a line for people; rejects with what is wrong and the way out. */
  readonly check: () => Promise<string>;
}

/** Asks every component at once, at most every two seconds however often it is asked itself. */
export function createHealth(checks: readonly HealthCheck[], now: () => Date) {
  let last: { at: number; report: Promise<HealthReport> } | null = null;

  function read(): Promise<HealthReport> {
    const at = now().getTime();
    if (last === null || at - last.at >= FRESH_MS || at < last.at) last = { at, report: ask() };
    return last.report;
  }

  async function ask(): Promise<HealthReport> {
    const entries = await Promise.all(
      checks.map(async (one) => [one.name, await result(one)] as const),
    );
    const found = entries.map(([, entry]) => entry.status);
    const worst = (["failing", "degraded"] as const).find((status) => found.includes(status));
    return { status: worst ?? "ok", checks: Object.fromEntries(entries) };
  }

  return { read };
}

export type Health = ReturnType<typeof createHealth>;

async function result({ check, isVital = false }: HealthCheck): Promise<CheckResult> {
  const start = performance.now();
  const latencyMs = () => Math.round(performance.now() - start);
  try {
    return { status: "ok", detail: await check(), latencyMs: latencyMs() };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { status: isVital ? "failing" : "degraded", detail, latencyMs: latencyMs() };
  }
}
