import { z } from "zod";
import type { SourceAccess } from "./source.ts";
import { ask, SourceFailed } from "./source.ts";

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const Answer = z.object({
  status: z.literal("success"),
  data: z.object({
    resultType: z.enum(["vector", "scalar", "matrix", "string"]),
    result: z.unknown(),
  }),
});
const Vector = z.array(
  z.object({
    metric: z.record(z.string(), z.string()),
    value: z.tuple([z.number(), z.string()]),
  }),
);

const Rules = z.object({
  status: z.literal("success"),
  data: z.object({ groups: z.array(z.object({ rules: z.array(z.object({ name: z.string() })) })) }),
});

/** Instant queries, and the names of alerts, against Prometheus' HTTP API. Every method rejects with `SourceFailed` and nothing else. */
export function createPrometheus(access: SourceAccess) {
  async function query(promql: string): Promise<Sample[]> {
    const body = await ask("Prometheus", access, "/api/v1/query", {
      method: "POST",
      body: new URLSearchParams({ query: promql, timeout: "5s" }),
    });
    const answer = Answer.safeParse(body);
    if (!answer.success) throw new SourceFailed("Prometheus: the answer is not one we understand");
    const { resultType, result } = answer.data.data;
    if (resultType !== "vector" && resultType !== "scalar") {
      throw new SourceFailed(`Prometheus: the query gives a ${resultType}`);
    }
    const series = resultType === "vector" ? result : [{ metric: {}, value: result }];
    const samples = Vector.safeParse(series);
    if (!samples.success) throw new SourceFailed("Prometheus: the answer is not one we understand");
    return samples.data.map(({ metric, value }) => ({
      labels: metric,
      value: Number(value[1].replace("Inf", "Infinity")),
    }));
  }

  /** A condition holds when its query gives something, and nothing it gives is zero or NaN: `up == 1` and `bool` both work. */
  async function holds(promql: string): Promise<boolean> {
    const samples = await query(promql);
    return samples.length > 0 && samples.every(({ value }) => value !== 0 && !Number.isNaN(value));
  }

  /** The names of all alert rules it has loaded. */
  async function alertNames(): Promise<string[]> {
    const answer = Rules.safeParse(await ask("Prometheus", access, "/api/v1/rules?type=alert"));
    if (!answer.success) throw new SourceFailed("Prometheus: the answer is not one we understand");
    return answer.data.data.groups.flatMap(({ rules }) => rules.map(({ name }) => name));
  }

  async function check(): Promise<string> {
    await query("1");
    return "answers queries";
  }

  return { query, holds, alertNames, check };
}
