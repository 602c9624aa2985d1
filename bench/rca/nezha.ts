import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { number, readRows } from "./csv.ts";

export interface Fault {
  /** Seconds since 1970. */
  readonly at: number;
  readonly service: string;
  readonly type: string;
}

/** A column as it was recorded, minute by minute. */
export interface Column {
  readonly name: string;
  readonly times: readonly number[];
  readonly values: readonly number[];
}

export interface Day {
  readonly name: string;
  readonly faults: readonly Fault[];
  /** By service. */
  readonly metrics: ReadonlyMap<string, readonly Column[]>;
  /** By `caller_callee`: how long the median call took, in seconds, as its caller and as its callee saw it. */
  readonly byCaller: readonly Column[];
  readonly byCallee: readonly Column[];
}

const Faults = z.record(
  z.string(),
  z.array(z.object({ inject_time: z.string(), inject_pod: z.string(), inject_type: z.string() })),
);

export function loadDays(dir: string): Day[] {
  return readdirSync(dir)
    .filter((name) => /^\d{4}-\d\d-\d\d$/.test(name))
    .sort()
    .map((name) => loadDay(join(dir, name), name));
}

function loadDay(path: string, name: string): Day {
  const list: unknown = JSON.parse(readFileSync(join(path, `${name}-fault_list.json`), "utf8"));
  const faults = Object.values(Faults.parse(list))
    .flat()
    .map((fault) => ({
      at: secondsOf(fault.inject_time),
      service: serviceOf(fault.inject_pod),
      type: fault.inject_type,
    }))
    .sort((a, b) => a.at - b.at);
  const files = readdirSync(join(path, "metric")).sort();
  const metrics = files
    .filter((file) => file.endsWith("_metric.csv"))
    .map((file) => [serviceOf(file), loadColumns(join(path, "metric", file))] as const);
  return {
    name,
    faults,
    metrics: new Map(metrics),
    byCaller: loadColumns(join(path, "metric", "source_50.csv")),
    byCallee: loadColumns(join(path, "metric", "destination_50.csv")),
  };
}

function loadColumns(path: string): Column[] {
  // Not every system was recorded with its calls.
  if (!existsSync(path)) return [];
  const [head = [], ...rows] = readRows(path);
  // The two columns for the time disagree where the day was recorded in another zone: the written-out one is in UTC.
  const times = rows.map(([time = ""]) => secondsOf(time));
  return head
    .map((name, i) => ({ name, times, values: rows.map((row) => number(row[i])) }))
    .filter(({ name }) => !/^(?:time|timestamp|podname)$/i.test(name));
}

/** `2022-08-22 03:51:19.607158889 +0000 UTC …` and `2022-08-22 03:53:54`, both in UTC. */
function secondsOf(text: string): number {
  return Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`) / 1_000;
}

/** A pod is named after its service. */
function serviceOf(pod: string): string {
  return pod.split("-")[0] ?? pod;
}
