import { z } from "zod";
import type { Point, Window } from "./measurement.ts";
import { readMatrix, readVector } from "./prometheus-answer.ts";
import type { SourceAccess } from "./source.ts";
import { ask, SourceFailed } from "./source.ts";

/** What it refuses to go beyond; our own windows stay far below it. */
export const MOST_POINTS = 11_000;

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Of a native histogram, of which nothing else is shown. */
  readonly isMean?: true;
}

/** One series as it was measured; without the points that are NaN. */
export interface RawSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly Point[];
}

export interface RangeAnswer {
  readonly series: readonly RawSeries[];
  /** What Prometheus warned of, and what had to be done to its answer. */
  readonly warnings: readonly string[];
}

/** An alert rule as it is loaded, with what fires of it. */
export interface AlertRule {
  readonly name: string;
  readonly query: string;
  readonly forMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly active: readonly Readonly<Record<string, string>>[];
}

export interface MetricMetadata {
  readonly type: string;
  readonly unit: string;
}

type Span = Pick<Window, "fromMs" | "toMs">;

const Answer = z.object({
  status: z.literal("success"),
  data: z.unknown().optional(),
  warnings: z.array(z.string()).catch([]),
  infos: z.array(z.string()).catch([]),
});
const Result = z.object({
  resultType: z.enum(["vector", "scalar", "matrix", "string"]),
  result: z.unknown(),
});
const LabelSet = z.record(z.string(), z.string());
const AlertRules = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          name: z.string(),
          query: z.string().catch(""),
          duration: z.number().catch(0),
          labels: LabelSet.catch({}),
          alerts: z.array(z.object({ labels: LabelSet })).catch([]),
        }),
      ),
    }),
  ),
});
const Metadata = z.record(
  z.string(),
  z.array(z.object({ type: z.string(), unit: z.string().catch("") })),
);

/** Prometheus' HTTP API, read only. Every method rejects with `SourceFailed` and nothing else. */
export function createPrometheus(access: SourceAccess) {
  async function askApi(path: string, form?: Record<string, string> | URLSearchParams) {
    const body = await ask(
      "Prometheus",
      access,
      `/api/v1/${path}`,
      form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) },
    );
    const answer = Answer.safeParse(body);
    if (!answer.success) throw notUnderstood();
    const { data, warnings, infos } = answer.data;
    return { data, warnings: [...warnings, ...infos] };
  }

  async function askResult(path: string, form: Record<string, string>) {
    const { data, warnings } = await askApi(path, { ...form, timeout: "5s" });
    const result = Result.safeParse(data);
    if (!result.success) throw notUnderstood();
    return { ...result.data, warnings };
  }

  async function query(promql: string, at?: Date): Promise<Sample[]> {
    const { resultType, result } = await askResult("query", {
      query: promql,
      ...(at === undefined ? {} : { time: String(at.getTime() / 1000) }),
    });
    if (resultType !== "vector" && resultType !== "scalar") {
      throw new SourceFailed(`Prometheus: the query gives a ${resultType}`);
    }
    const samples = readVector(resultType === "vector" ? result : [{ metric: {}, value: result }]);
    if (samples === null) throw notUnderstood();
    return samples;
  }

  /** One query over a window. The step is widened where the window would have more points than Prometheus gives. */
  async function queryRange(promql: string, window: Window): Promise<RangeAnswer> {
    const { fromMs, toMs } = window;
    const stepMs = cappedStep(window);
    const { resultType, result, warnings } = await askResult("query_range", {
      query: promql,
      start: String(fromMs / 1000),
      end: String(toMs / 1000),
      step: String(stepMs / 1000),
    });
    const matrix = resultType === "matrix" ? readMatrix(result) : null;
    if (matrix === null) throw notUnderstood();
    const coarser =
      stepMs === window.stepMs
        ? []
        : [`a point every ${stepMs / 1000} s: Prometheus gives at most ${MOST_POINTS} of a series`];
    return { series: matrix.series, warnings: [...warnings, ...coarser, ...matrix.warnings] };
  }

  /** The label sets of the series that match any of the selectors, within a time. */
  async function series(
    selectors: readonly string[],
    { fromMs, toMs }: Span,
    limit: number,
  ): Promise<Readonly<Record<string, string>>[]> {
    const form = new URLSearchParams();
    for (const selector of selectors) form.append("match[]", selector);
    form.set("start", String(fromMs / 1000));
    form.set("end", String(toMs / 1000));
    form.set("limit", String(limit));
    const answer = z.array(LabelSet).safeParse((await askApi("series", form)).data);
    if (!answer.success) throw notUnderstood();
    // Before 2.55 it knows no limit.
    return answer.data.slice(0, limit);
  }

  /** The names of the labels it has within a time. */
  async function labels(window: Span): Promise<readonly string[]> {
    return await names("labels", window);
  }

  /** The values of one label within a time; those of `__name__` are the metrics. */
  async function valuesOf(label: string, window: Span): Promise<readonly string[]> {
    return await names(`label/${encodeURIComponent(label)}/values`, window);
  }

  async function names(path: string, { fromMs, toMs }: Span): Promise<readonly string[]> {
    const span = new URLSearchParams({ start: String(fromMs / 1000), end: String(toMs / 1000) });
    const answer = z.array(z.string()).safeParse((await askApi(`${path}?${span}`)).data);
    if (!answer.success) throw notUnderstood();
    return answer.data;
  }

  /** Type and unit of every metric, as its exporter tells them. */
  async function metadata(): Promise<ReadonlyMap<string, MetricMetadata>> {
    const answer = Metadata.safeParse((await askApi("metadata?limit_per_metric=1")).data);
    if (!answer.success) throw notUnderstood();
    return new Map(
      Object.entries(answer.data).flatMap(([name, [first]]) =>
        first === undefined ? [] : [[name, first] as const],
      ),
    );
  }

  /** The alert rules it has loaded; with a name, at least those of it. */
  async function alertRules(name?: string): Promise<AlertRule[]> {
    // Since 2.51 it sends the named ones only; older ones send all, and the rest is left out here.
    const named = name === undefined ? "" : `&rule_name[]=${encodeURIComponent(name)}`;
    const answer = AlertRules.safeParse((await askApi(`rules?type=alert${named}`)).data);
    if (!answer.success) throw notUnderstood();
    return answer.data.groups
      .flatMap(({ rules }) => rules)
      .filter((rule) => name === undefined || rule.name === name)
      .map(({ duration, alerts, ...rule }) => ({
        ...rule,
        forMs: duration * 1000,
        active: alerts.map((alert) => alert.labels),
      }));
  }

  /** A condition holds when its query gives something, and nothing it gives is zero or NaN: `up == 1` and `bool` both work. */
  async function holds(promql: string): Promise<boolean> {
    const samples = await query(promql);
    return samples.length > 0 && samples.every(({ value }) => value !== 0 && !Number.isNaN(value));
  }

  /** The names of all alert rules it has loaded. */
  async function alertNames(): Promise<string[]> {
    return (await alertRules()).map(({ name }) => name);
  }

  /** What its clock says. */
  async function time(): Promise<Date> {
    const [now] = await query("time()");
    if (now === undefined) throw notUnderstood();
    return new Date(now.value * 1000);
  }

  async function check(): Promise<string> {
    await query("1");
    return "answers queries";
  }

  return {
    ...{ query, queryRange, series, labels, valuesOf },
    ...{ metadata, alertRules, holds, alertNames, time, check },
  };
}

export type Prometheus = ReturnType<typeof createPrometheus>;

function cappedStep({ fromMs, toMs, stepMs }: Window): number {
  // Both ends count as points.
  const atLeast = Math.ceil((toMs - fromMs) / (MOST_POINTS - 1) / 1000) * 1000;
  return Math.max(stepMs, atLeast, 1_000);
}

function notUnderstood(): SourceFailed {
  return new SourceFailed("Prometheus: the answer is not one we understand");
}
