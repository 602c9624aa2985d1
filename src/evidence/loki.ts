import { z } from "zod";
import type { Labels } from "../incident/alert.ts";
import type { Window } from "./measurement.ts";
import type { RawSeries } from "./prometheus.ts";
import { readMatrix, readVector } from "./prometheus-answer.ts";
import type { SourceAccess } from "./source.ts";
import { ask, SourceFailed } from "./source.ts";

export interface LogLine {
  readonly atMs: number;
  readonly text: string;
}

export type LogAnswer =
  /** The newest first. */
  | { readonly kind: "lines"; readonly lines: readonly LogLine[] }
  | { readonly kind: "series"; readonly series: readonly RawSeries[] };

const Answer = z.object({ status: z.literal("success"), data: z.unknown().optional() });
const Result = z.object({ resultType: z.string(), result: z.unknown() });
const Streams = z.array(
  z.object({ values: z.array(z.tuple([z.string().regex(/^\d{10,20}$/), z.string()])) }),
);

type Span = Pick<Window, "fromMs" | "toMs">;

/** Loki's HTTP API. Every method rejects with `SourceFailed` and nothing else. */
export function createLoki(access: SourceAccess) {
  async function askApi(path: string, params: Readonly<Record<string, string>>): Promise<unknown> {
    const form = new URLSearchParams(params).toString();
    const answer = Answer.safeParse(await ask("Loki", access, `/loki/api/v1/${path}?${form}`));
    if (!answer.success) throw notUnderstood();
    return answer.data.data;
  }

  /** What a query gives over a time: lines, or numbers where it counts some. */
  async function query(logql: string, window: Window, limit: number): Promise<LogAnswer> {
    const data = Result.safeParse(
      await askApi("query_range", {
        ...{ query: logql, direction: "backward", limit: String(limit) },
        ...span(window),
        step: String(window.stepMs / 1000),
      }),
    );
    if (!data.success) throw notUnderstood();
    const { resultType, result } = data.data;
    if (resultType === "matrix") {
      const matrix = readMatrix(result);
      if (matrix === null) throw notUnderstood();
      return { kind: "series", series: matrix.series };
    }
    const streams = Streams.safeParse(result);
    if (resultType !== "streams" || !streams.success) throw notUnderstood();
    const lines = streams.data
      .flatMap(({ values }) => values.map(([at, text]) => ({ atMs: milliseconds(at), text })))
      .sort((a, b) => b.atMs - a.atMs)
      .slice(0, limit);
    return { kind: "lines", lines };
  }

  /** How many lines a log query has within a time. */
  async function count(selector: string, { fromMs, toMs }: Span): Promise<number> {
    const seconds = Math.max(1, Math.round((toMs - fromMs) / 1000));
    const data = Result.safeParse(
      await askApi("query", {
        query: `sum(count_over_time(${selector} [${seconds}s]))`,
        time: nanoseconds(toMs),
      }),
    );
    const samples =
      data.success && data.data.resultType === "vector" ? readVector(data.data.result) : null;
    if (samples === null) throw notUnderstood();
    return samples[0]?.value ?? 0;
  }

  /** The names of the labels it has within a time. */
  async function labels(window: Span): Promise<readonly string[]> {
    return await names("labels", window);
  }

  async function valuesOf(label: string, window: Span): Promise<readonly string[]> {
    return await names(`label/${encodeURIComponent(label)}/values`, window);
  }

  async function names(path: string, window: Span): Promise<readonly string[]> {
    // With nothing stored Loki leaves the list out.
    const answer = z.array(z.string()).safeParse((await askApi(path, span(window))) ?? []);
    if (!answer.success) throw notUnderstood();
    return answer.data;
  }

  /** The same lines again are the same lines: Loki keeps one of each. */
  async function push(stream: Labels, lines: readonly LogLine[]): Promise<void> {
    const values = lines.map(({ atMs, text }) => [nanoseconds(atMs), text]);
    const json = { streams: [{ stream, values }] };
    await ask("Loki", access, "/loki/api/v1/push", { method: "POST", json });
  }

  async function check(): Promise<string> {
    const now = Date.now();
    await labels({ fromMs: now - 3_600_000, toMs: now });
    return "answers queries";
  }

  return { query, count, labels, valuesOf, push, check };
}

export type Loki = ReturnType<typeof createLoki>;

function span({ fromMs, toMs }: Span) {
  return { start: nanoseconds(fromMs), end: nanoseconds(toMs) };
}

function nanoseconds(ms: number): string {
  return `${Math.round(ms)}000000`;
}

function milliseconds(ns: string): number {
  return Number(ns.slice(0, -6));
}

function notUnderstood(): SourceFailed {
  return new SourceFailed("Loki: the answer is not one we understand");
}
