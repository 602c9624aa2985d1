/** Location and spread that a fifth of wrong values can't move far, where a mean and a standard deviation break. */
export interface Spread {
  readonly median: number;
  /** In the measure of a standard deviation, were the values normal; 0 where they are all alike. */
  readonly spread: number;
}

const MAD_TO_SIGMA = 1.4826;
const IQR_TO_SIGMA = 1.349;
const TENTH_TO_SIGMA = 1.2816;

/**
 * Of at least one value: the median, and 1.4826 × the median absolute deviation. More than half of the values alike leave none,
 * though the rest may move: then it is the interquartile range / 1.349.
 */
export function spreadOf(values: Float64Array): Spread {
  const scratch = values.slice();
  const median = selectQuantile(scratch, 0.5);
  const deviations = new Float64Array(values.length);
  // A loop, for this is where the time goes.
  for (let i = 0; i < values.length; i++) deviations[i] = Math.abs((values[i] ?? 0) - median);
  const mad = MAD_TO_SIGMA * selectQuantile(deviations, 0.5);
  if (mad > 0) return { median, spread: mad };
  const range = selectQuantile(scratch, 0.75) - selectQuantile(scratch, 0.25);
  return { median, spread: range / IQR_TO_SIGMA };
}

/** How far the highest tenth begins from the median, or the lowest, / 1.2816: the spread as that tail has it. */
export function tailOf(values: Float64Array, median: number, isUpper: boolean): number {
  const tenth = selectQuantile(values.slice(), isUpper ? 0.9 : 0.1);
  return Math.abs(tenth - median) / TENTH_TO_SIGMA;
}

/** By linear interpolation between the two nearest values. Moves the values about, which is why sorting them is not needed. */
export function selectQuantile(values: Float64Array, share: number): number {
  const at = (values.length - 1) * share;
  const rank = Math.floor(at);
  const low = select(values, rank);
  if (at === rank) return low;
  let high = Number.POSITIVE_INFINITY;
  for (let i = rank + 1; i < values.length; i++) high = Math.min(high, values[i] ?? high);
  const part = at - rank;
  // Not `low + (high - low) × part`: the difference of two huge values is more than a number holds.
  return low === high ? low : low * (1 - part) + high * part;
}

/** Hoare's selection: the value of that rank, with no larger one before it and no smaller one after it. */
export function select(values: Float64Array, rank: number): number {
  let [from, to] = [0, values.length - 1];
  while (from < to) {
    const pivot = values[(from + to) >>> 1] ?? 0;
    let [left, right] = [from, to];
    while (left <= right) {
      while ((values[left] ?? pivot) < pivot) left++;
      while ((values[right] ?? pivot) > pivot) right--;
      if (left > right) break;
      const held = values[left] ?? 0;
      values[left++] = values[right] ?? 0;
      values[right--] = held;
    }
    if (rank <= right) to = right;
    else if (rank >= left) from = left;
    else break;
  }
  return values[rank] ?? Number.NaN;
}
