import type { Labels } from "../incident/alert.ts";

/** Milliseconds since 1970, and a number: never NaN, which is a point that is not there. Infinities may occur. */
export type Point = readonly [atMs: number, value: number];

export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

/**
 * What a series is compared with: the four times as long window right before, and the same hour of yesterday and of last
 * week with half an hour around it; less where the source keeps less.
 */
export type BaselineName = "before" | "yesterday" | "last_week";
export const BASELINES: readonly BaselineName[] = ["before", "yesterday", "last_week"];

/** One time series around an alert, on the step of its window: what a ranking reads and a graph draws. */
export interface Series {
  /** With `__name__` where the query kept it. */
  readonly labels: Labels;
  /** Ascending; a gap is a point left out. */
  readonly now: readonly Point[];
  /** At the times they were measured, not moved onto `now`; one that is not there is empty. */
  readonly baselines: Readonly<Record<BaselineName, readonly Point[]>>;
}

/** Where an alert's rule draws its line through the value. */
export interface Threshold {
  /** The alert fires while `value operator limit` holds. */
  readonly operator: ">" | ">=" | "<" | "<=" | "==" | "!=";
  readonly limit: number;
}

/**
 * Why a query was asked: the alert's own rule, a query of its runbook, one of the four signals, a series that shares its
 * labels, or a number that the business lives by.
 */
export type Role = "rule" | "runbook" | "signal" | "related" | "logs" | "kpi";

/** What a query gave over the window and its baselines. It hangs on an evidence item, beside the item's text. */
export interface Measurement {
  readonly role: Role;
  /** For people: what the numbers are. */
  readonly title: string;
  readonly query: string;
  /** Of the metric, where the source knows it: counter, gauge, histogram, summary; its unit as metadata or name say. */
  readonly type: string | null;
  readonly unit: string | null;
  readonly window: Window;
  readonly alertAtMs: number;
  readonly threshold: Threshold | null;
  readonly series: readonly Series[];
  /** How many series there were where only the first are here. */
  readonly seriesTotal: number;
  /** Baselines that could not be had, with the reason. */
  readonly missing: Readonly<Partial<Record<BaselineName, string>>>;
  /** What the source warned of, and what was cut. */
  readonly warnings: readonly string[];
}
