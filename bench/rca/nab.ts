import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { number, readRows } from "./csv.ts";

export interface Recorded {
  readonly group: string;
  readonly name: string;
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** The anomalous windows, in seconds since 1970. */
  readonly anomalies: readonly { readonly from: number; readonly to: number }[];
}

const Windows = z.record(z.string(), z.array(z.tuple([z.string(), z.string()])));

export function loadRecorded(dir: string): Recorded[] {
  const labels: unknown = JSON.parse(
    readFileSync(join(dir, "labels", "combined_windows.json"), "utf8"),
  );
  const windows = Windows.parse(labels);
  return readdirSync(join(dir, "data"))
    .sort()
    .flatMap((group) =>
      readdirSync(join(dir, "data", group))
        .filter((file) => file.endsWith(".csv"))
        .sort()
        .map((file) => {
          const [, ...rows] = readRows(join(dir, "data", group, file));
          return {
            group,
            name: file.replace(/\.csv$/, ""),
            times: Float64Array.from(rows, ([time = ""]) => secondsOf(time)),
            values: Float64Array.from(rows, ([, value]) => number(value)),
            anomalies: (windows[`${group}/${file}`] ?? []).map(([from, to]) => ({
              from: secondsOf(from),
              to: secondsOf(to),
            })),
          };
        }),
    );
}

/** In no zone: all that matters is which hour of the day it is. */
function secondsOf(text: string): number {
  return Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`) / 1_000;
}
