export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.ceil((p / 100) * sorted.length) - 1);
  return sorted[Math.max(0, at)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** Where the true share lies with 95 % certainty, after Wilson: honest for few cases and near 100 %. */
export function wilson(right: number, of: number): [number, number] {
  if (of === 0) return [0, 1];
  const z2 = 1.959964 ** 2;
  const share = right / of;
  const middle = (share + z2 / (2 * of)) / (1 + z2 / of);
  const half =
    Math.sqrt((share * (1 - share)) / of + z2 / (4 * of * of)) * (1.959964 / (1 + z2 / of));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** How a time grows with a size, as the exponent of the size: 0 is not at all, 1 as fast. The best line through the logarithms. */
export function exponentOf(points: readonly (readonly [size: number, time: number])[]): number {
  const logs = points.map(([size, time]) => [Math.log(size), Math.log(time)] as const);
  const mean = (of: 0 | 1) => logs.reduce((sum, log) => sum + log[of], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const both = logs.reduce((sum, log) => sum + (log[0] - x) * (log[1] - y), 0);
  return both / logs.reduce((sum, log) => sum + (log[0] - x) ** 2, 0);
}
