import type { Unit } from "./graph.ts";

export interface Scale {
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
  /** All in one unit, so that they compare at a glance. */
  readonly labels: readonly string[];
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MOST_TICKS = 5;
/** Values that differ by less of themselves are one: ticks between them could not be told apart. */
const AS_ONE = 1e-9;

/** Few round numbers that hold all the values. */
export function valueScale(values: readonly number[], unit: Unit): Scale {
  const finite = values.filter(Number.isFinite);
  const [low, high] = rangeOf(finite, unit);
  const step = stepOf(
    (high - low) / (MOST_TICKS - 1),
    unit,
    Math.max(Math.abs(low), Math.abs(high)),
  );
  const min = Math.floor(low / step + 1e-9) * step;
  const max = Math.ceil(high / step - 1e-9) * step;
  const count = Math.round((max - min) / step);
  const ticks = Array.from({ length: count + 1 }, (_, i) => tidy(min + i * step));
  return { min, max, ticks, labels: labelsOf(ticks, unit) };
}

/** Zero belongs to it, unless all the values lie close together far away from it. */
function rangeOf(values: readonly number[], unit: Unit): [low: number, high: number] {
  if (values.length === 0) return [0, 1];
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  const low = least > 0 && least < 0.7 * most ? 0 : least;
  const high = most < 0 && most > 0.7 * least ? 0 : most;
  const isOne = high - low <= AS_ONE * Math.max(Math.abs(low), Math.abs(high));
  const [from, to] = isOne ? aroundOne(low, unit) : withRoom(low, high);
  const top = unit === "percent" ? 100 : unit === "ratio" ? 1 : Number.POSITIVE_INFINITY;
  return [from, high <= top ? Math.min(to, top) : to];
}

function withRoom(low: number, high: number): [low: number, high: number] {
  const room = 0.08 * (high - low);
  return [low === 0 ? 0 : low - room, high === 0 ? 0 : high + room];
}

function aroundOne(value: number, unit: Unit): [low: number, high: number] {
  if (value === 0) return [0, unit === "ratio" ? 0.04 : unit === "percent" ? 4 : 1];
  return value > 0 ? [0, 1.25 * value] : [1.25 * value, 0];
}

/** 1, 2 or 5 and so on, of the unit the labels are in; for longer times as a clock counts. */
function stepOf(least: number, unit: Unit, largest: number): number {
  if (unit === "bytes" || unit === "bytes_per_second") {
    const { by } = sizeOf(largest, unit);
    return roundUp(least / by) * by;
  }
  if (unit === "seconds" && largest >= 120) {
    const found = CLOCK.find((step) => step * SECOND >= least * SECOND);
    if (found !== undefined) return found;
  }
  return roundUp(least);
}

const CLOCK: readonly number[] = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
  172_800, 432_000, 864_000,
];

function roundUp(least: number): number {
  const size = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 2.5, 5, 10].find((one) => one * size >= least * (1 - 1e-9)) ?? 10;
  return factor * size;
}

/** 0.1 + 0.2 is meant to be 0.3. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}

interface Sized {
  readonly by: number;
  readonly name: string;
}

const BYTES: readonly Sized[] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"].map((name, i) => ({
  by: 1024 ** i,
  name: ` ${name}`,
}));
const COUNTS: readonly Sized[] = [
  { by: 1, name: "" },
  { by: 1e3, name: " k" },
  { by: 1e6, name: " M" },
  { by: 1e9, name: " G" },
  { by: 1e12, name: " T" },
];
const TIMES: readonly Sized[] = [
  { by: 1e-6, name: " µs" },
  { by: 1e-3, name: " ms" },
  { by: 1, name: " s" },
  { by: 60, name: " min" },
  { by: 3600, name: " h" },
  { by: 86_400, name: " d" },
];
const PERCENT: readonly Sized[] = [{ by: 1, name: " %" }];
const RATIO: readonly Sized[] = [{ by: 0.01, name: " %" }];

const SIZES: Readonly<Record<Unit, readonly Sized[]>> = {
  bytes: BYTES,
  bytes_per_second: BYTES.map(({ by, name }) => ({ by, name: `${name}/s` })),
  percent: PERCENT,
  ratio: RATIO,
  seconds: TIMES,
  per_second: COUNTS.map(({ by, name }) => ({ by, name: `${name}/s` })),
  number: COUNTS,
};

/** One value for people, such as `97.3 %`, `1.2 GiB` or `350 ms`. */
export function readable(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "∞" : "-∞";
  const { by, name } = sizeOf(value, unit);
  return `${inDigits(value / by, 3)}${name}`;
}

function labelsOf(ticks: readonly number[], unit: Unit): string[] {
  const largest = Math.max(...ticks.map(Math.abs));
  const { by, name } = sizeOf(largest, unit);
  return ticks.map((tick) =>
    tick === 0 && name.trim() !== "%" ? "0" : `${inDigits(tick / by, 6)}${name}`,
  );
}

function sizeOf(value: number, unit: Unit): Sized {
  const sizes = SIZES[unit];
  const size = Math.abs(value) * (1 + 1e-9);
  const fitting = sizes.filter(({ by }) => by <= size).at(-1);
  const first = sizes[0] ?? { by: 1, name: "" };
  if (value === 0) return unit === "seconds" ? { by: 1, name: " s" } : first;
  // Two minutes are easier read as 120 s than one and a half hours as 5,400 s.
  if (unit === "seconds" && fitting !== undefined && fitting.by >= 60 && size < 2 * fitting.by)
    return sizes[sizes.indexOf(fitting) - 1] ?? first;
  return fitting ?? first;
}

function inDigits(value: number, digits: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e15)) return value.toExponential(1);
  if (size >= 1000) return String(Math.round(value));
  return String(Number(value.toPrecision(digits)));
}

const TIME_STEPS: readonly number[] = [
  ...[1, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 30].map((n) => n * DAY),
];

/** Few round times of the zone's own clock. */
export function timeTicks(
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  timeZone: string,
): { readonly ticks: readonly number[]; readonly labels: readonly string[] } {
  const span = toMs - fromMs;
  const step = TIME_STEPS.find((one) => span / one <= MOST_TICKS) ?? span;
  const offset = offsetOf(fromMs, timeZone);
  const first = Math.ceil((fromMs + offset) / step) * step - offset;
  const ticks: number[] = [];
  for (let at = first; at <= toMs; at += step) ticks.push(at);
  const format = formatOf(step, timeZone);
  return { ticks, labels: ticks.map((at) => format.format(at)) };
}

function formatOf(step: number, timeZone: string): Intl.DateTimeFormat {
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  const day = { day: "numeric", month: "short" } as const;
  const shown =
    step >= DAY ? day : step < MINUTE ? { ...clock, second: "2-digit" as const } : clock;
  return new Intl.DateTimeFormat("en-GB", { timeZone, ...shown });
}

/** By how much the zone's clocks are ahead of UTC. */
function offsetOf(atMs: number, timeZone: string): number {
  const whole = Math.floor(atMs / SECOND) * SECOND;
  const local = new Intl.DateTimeFormat("sv-SE", {
    timeZone,
    dateStyle: "short",
    timeStyle: "medium",
  }).format(whole);
  return Date.parse(`${local.replace(" ", "T")}Z`) - whole;
}

/** The days a graph covers, and whose clock it goes by. */
export function daysOf(
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  timeZone: string,
): string {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    day: "numeric",
    month: "short",
  });
  const [first, last] = [format.format(fromMs), format.format(toMs)];
  return `${first === last ? last : `${first} to ${last}`}, ${timeZone}`;
}

export function clockTime(atMs: number, timeZone: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(atMs);
}
