import { selectQuantile } from "../../src/evidence/robust.ts";
import type { Case } from "./sock-shop.ts";

/**
 * The methods of others, as they were published, to prove that the data is read and counted as they did.
 * Sources: Pham et al., BARO, FSE 2024; Lin et al. and Pham et al., RCAEval, ASE 2024, for N-sigma.
 */
export type Scorer = (normal: Float64Array, anomalous: Float64Array) => number;

/** BARO's RobustScorer: the highest excursion above the median, in interquartile ranges. */
export function robustScorer(normal: Float64Array, anomalous: Float64Array): number {
  const [low = 0, middle = 0, high = 0] = [0.25, 0.5, 0.75].map((share) =>
    selectQuantile(normal.slice(), share),
  );
  return highest(anomalous, middle, high - low);
}

/** The same by mean and standard deviation. */
export function nSigma(normal: Float64Array, anomalous: Float64Array): number {
  const mean = sum(normal) / normal.length;
  const variance = sum(normal.map((value) => (value - mean) ** 2)) / normal.length;
  return highest(anomalous, mean, Math.sqrt(variance));
}

/** Columns by score, after the published preparation: what is constant in either window goes, memory is in megabytes. */
export function rankColumns({ normal, anomalous }: Case, scorer: Scorer): string[] {
  return [...normal]
    .flatMap(([name, before]) => {
      const after = anomalous.get(name);
      if (after === undefined || isConstant(before) || isConstant(after)) return [];
      const scale = name.endsWith("_mem") ? 1e-6 : 1;
      const scaled = (values: Float64Array) => values.map((value) => value * scale);
      return [{ name, score: scorer(scaled(before), scaled(after)) }];
    })
    .sort((a, b) => b.score - a.score)
    .map(({ name }) => name);
}

function highest(values: Float64Array, middle: number, spread: number): number {
  const scale = spread <= 10 * Number.EPSILON ? 1 : spread;
  return values.reduce((most, value) => Math.max(most, (value - middle) / scale), -Infinity);
}

function isConstant(values: Float64Array): boolean {
  return values.every((value) => value === values[0]);
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
