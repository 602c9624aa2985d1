import type { Observed } from "../../src/evidence/rank.ts";
import { rank } from "../../src/evidence/rank.ts";
import { signal } from "../../src/evidence/signal.ts";
import { median, percentile } from "../stats.ts";

const SERIES = 300;
const ROUNDS = 60;
/** A quarter of an hour every 30 s; with what it is compared to, 450 points a series. */
const STEP = 30;
const WINDOW = { from: 0, to: 15 * 60 };

/** How long 300 series of 60 services with calls among them take, with all three baselines; and the least that could be done. */
export function measureSpeed() {
  const observed = Array.from({ length: SERIES }, (_, i) => made(i));
  const calls = Array.from({ length: 59 }, (_, i) => ({
    caller: `s${Math.floor(i / 3)}`,
    callee: `s${i + 1}`,
  }));
  const ours: number[] = [];
  const sorting: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(timed(() => rank(observed, WINDOW, { topology: { calls }, alerting: "s0" })));
    sorting.push(timed(() => observed.map(({ series }) => series.values.slice().sort())));
  }
  // The first rounds are the compiler's.
  const warm = (all: readonly number[]) => all.slice(ROUNDS / 3);
  return {
    ours: median(warm(ours)),
    worst: percentile(warm(ours), 95),
    first: ours[0] ?? Number.NaN,
    sorting: median(warm(sorting)),
    points: observed.reduce((sum, { series }) => sum + series.values.length, 0),
  };
}

function made(i: number): Observed {
  const day = 86_400;
  const around = (at: number, before: number, after: number) =>
    Array.from({ length: (before + after) / STEP }, (_, k) => at - before + k * STEP);
  const times = Float64Array.from([
    ...around(-7 * day, 1_800, 2_700),
    ...around(-day, 1_800, 2_700),
    ...around(0, 3_600, 900 + STEP),
  ]);
  // Deterministic, and no two alike.
  const values = times.map(
    (time, k) => 100 + 10 * Math.sin(k * (i + 1)) + (time >= 0 && i % 7 === 0 ? 300 : 0),
  );
  const series = { id: `m${i}`, labels: {}, times, values, remarks: [] };
  const kind =
    (["processor", "memory", "latency", "traffic", "failures"] as const)[i % 5] ?? "other";
  return { series, signal: signal(kind, null), service: `s${Math.floor(i / 5)}` };
}

/** By the processor's time: on a busy machine the clock counts the work of others. */
function timed(work: () => unknown): number {
  const since = process.cpuUsage();
  work();
  return process.cpuUsage(since).user / 1_000;
}
