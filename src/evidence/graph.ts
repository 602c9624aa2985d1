import type { Point, Threshold } from "./measurement.ts";

/** How the numbers of a graph are to be read. A ratio is shown as percent. */
export type Unit =
  | "bytes"
  | "bytes_per_second"
  | "percent"
  | "ratio"
  | "seconds"
  | "per_second"
  | "number";

/** What was usual, at one time. */
export type BandPoint = readonly [atMs: number, low: number, high: number];

/** One picture, as a value: the same for every channel, in light and dark. Its texts are data from outside. */
export interface Graph {
  readonly title: string;
  readonly unit: Unit;
  readonly fromMs: number;
  readonly toMs: number;
  /** The one that matters first; a gap is a point left out. */
  readonly series: readonly { readonly name: string; readonly points: readonly Point[] }[];
  /** How far apart points are; what lies much further apart is a gap. */
  readonly stepMs: number;
  readonly threshold: Threshold | null;
  /** `from` says what it was taken from, such as `yesterday`. */
  readonly usual: { readonly from: string; readonly points: readonly BandPoint[] } | null;
  /** Open ended while it fires. */
  readonly alert: { readonly fromMs: number; readonly toMs: number | null } | null;
  readonly marks: readonly Mark[];
  readonly timeZone: string;
}

/** Something that was done or happened, at one time. */
export interface Mark {
  readonly kind: "fix" | "recovery";
  readonly atMs: number;
}

export type Theme = "light" | "dark";
