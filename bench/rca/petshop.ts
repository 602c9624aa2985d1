import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { number, readRows } from "./csv.ts";

/** One metric of every node, in rows of five minutes. */
export interface Recording {
  readonly times: Float64Array;
  readonly nodes: ReadonlyMap<string, Float64Array>;
}

export interface Aim {
  readonly node: string;
  readonly metric: string;
  readonly agg: string;
}

export interface Issue {
  readonly name: string;
  readonly target: Aim;
  readonly truth: string;
  /** Of any metric and statistic of the issue's rows. */
  readonly recording: (aim: Aim) => Recording;
}

export interface Traffic {
  readonly name: string;
  readonly callees: ReadonlyMap<string, readonly string[]>;
  readonly normal: (aim: Aim) => Recording;
  readonly issues: readonly Issue[];
}

const Target = z.object({
  target: z.object({ node: z.string(), metric: z.string(), agg: z.string() }),
  root_cause: z.object({ node: z.string() }),
});

/** Every kind of traffic in the folder that has its ordinary days beside its issues. */
export function loadTraffic(dir: string): Traffic[] {
  return readdirSync(dir)
    .sort()
    .filter((name) => existsSync(join(dir, name, "noissue", "metrics.csv")))
    .map((name) => ({
      name,
      callees: loadGraph(join(dir, name, "graph.csv")),
      normal: loadRecording(join(dir, name, "noissue", "metrics.csv")),
      issues: ["train", "test"].flatMap((split) =>
        readdirSync(join(dir, name, split))
          .filter((issue) => issue.startsWith("issue_"))
          .sort()
          .map((issue) => loadIssue(join(dir, name, split, issue), `${split}/${issue}`)),
      ),
    }));
}

function loadIssue(path: string, name: string): Issue {
  const { target, root_cause } = Target.parse(
    JSON.parse(readFileSync(join(path, "target.json"), "utf8")),
  );
  const recording = loadRecording(join(path, "metrics.csv"));
  return { name, target, truth: root_cause.node, recording };
}

/** A row calls the columns that are not 0. */
function loadGraph(path: string): Map<string, string[]> {
  const [[, ...names] = [], ...rows] = readRows(path);
  return new Map(
    rows.map(([caller = "", ...calls]) => [caller, names.filter((_, i) => number(calls[i]) > 0)]),
  );
}

/** Three rows name each column: node, metric, statistic. */
function loadRecording(path: string): (aim: Aim) => Recording {
  const [[, ...nodes] = [], [, ...metrics] = [], [, ...statistics] = [], ...rest] = readRows(path);
  const rows = rest.filter(([time]) => !Number.isNaN(number(time)));
  return ({ metric, agg }) => ({
    times: Float64Array.from(rows, ([time]) => number(time)),
    nodes: new Map(
      nodes.flatMap((node, i) =>
        metrics[i] === metric && statistics[i] === agg
          ? [[node, Float64Array.from(rows, (row) => number(row[i + 1]))] as const]
          : [],
      ),
    ),
  });
}

export function sliced({ times, nodes }: Recording, from: number, to?: number): Recording {
  return {
    times: times.slice(from, to),
    nodes: new Map([...nodes].map(([node, values]) => [node, values.slice(from, to)])),
  };
}

/** Where the published protocol cuts the ordinary days in two: what comes after the cut must raise no suspicion. */
export function cuts(rows: number): number[] {
  const step = Math.floor(rows * 0.1);
  const first = Math.floor(rows / 2);
  return Array.from({ length: Math.ceil((rows - 3 - first) / step) }, (_, i) => first + i * step);
}
