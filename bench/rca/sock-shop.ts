import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Table } from "./csv.ts";
import { readTable } from "./csv.ts";

/** One injected fault: the five minutes before it and the five after, second by second. */
export interface Case {
  readonly name: string;
  readonly service: string;
  readonly metric: string;
  readonly normal: ReadonlyMap<string, Float64Array>;
  readonly anomalous: ReadonlyMap<string, Float64Array>;
}

const WINDOW = 300;

export function loadCases(dir: string): Case[] {
  return readdirSync(dir)
    .filter((fault) => /-(?:cpu|mem)$/.test(fault))
    .sort()
    .flatMap((fault) =>
      readdirSync(join(dir, fault))
        .sort()
        .map((run) => loadCase(join(dir, fault, run), fault, run)),
    );
}

function loadCase(path: string, fault: string, run: string): Case {
  const at = fault.lastIndexOf("-");
  const normal = readTable(join(path, "normal.csv"));
  const anomalous = readTable(join(path, "anomalous.csv"));
  return {
    name: `${fault}/${run}`,
    service: fault.slice(0, at),
    metric: fault.slice(at + 1),
    normal: columnsOf(normal, -WINDOW, undefined),
    anomalous: columnsOf(anomalous, 0, WINDOW),
  };
}

function columnsOf(table: Table, from: number, to: number | undefined) {
  return new Map(
    table.columns
      .map((name, i) => [name, filled(table.values[i] ?? new Float64Array())] as const)
      .filter(([name]) => name !== "time" && !/_lat_(?:50|99)$/.test(name))
      .map(([name, values]) => [name, values.slice(from, to)]),
  );
}

/** What is missing repeats the value before it, and is 0 where there was none: so do those who published. */
function filled(values: Float64Array): Float64Array {
  let last = 0;
  return values.map((value) => {
    if (!Number.isNaN(value)) last = value;
    return last;
  });
}

/** The fault is noticed late: its first seconds count as normal. */
export function late({ normal, anomalous, ...rest }: Case, seconds: number): Case {
  return {
    ...rest,
    normal: new Map(
      [...normal].map(([name, values]) => [
        name,
        Float64Array.from([...values, ...(anomalous.get(name)?.slice(0, seconds) ?? [])]).slice(
          -WINDOW,
        ),
      ]),
    ),
    anomalous: new Map([...anomalous].map(([name, values]) => [name, values.slice(seconds)])),
  };
}

/** A service and its database count as one. */
export function serviceOf(column: string): string {
  return (column.split("_")[0] ?? "").replace(/-db$/, "");
}
