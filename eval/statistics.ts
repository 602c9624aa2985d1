export interface Rate {
  readonly hits: number;
  readonly of: number;
  readonly rate: number;
  /** The 95% interval of Wilson, which holds for few trials and for none or all of them, too. */
  readonly low: number;
  readonly high: number;
}

const Z = 1.959963984540054;

export function rateOf(hits: number, of: number): Rate {
  if (of === 0) return { hits, of, rate: 0, low: 0, high: 1 };
  const rate = hits / of;
  const denominator = 1 + Z ** 2 / of;
  const centre = rate + Z ** 2 / (2 * of);
  const spread = Z * Math.sqrt((rate * (1 - rate) + Z ** 2 / (4 * of)) / of);
  return {
    ...{ hits, of, rate },
    low: Math.max(0, (centre - spread) / denominator),
    high: Math.min(1, (centre + spread) / denominator),
  };
}

export function rateText({ hits, of, rate, low, high }: Rate): string {
  const percent = (share: number) => `${(share * 100).toFixed(0)}%`;
  return `${hits} of ${of}, ${percent(rate)} (${percent(low)} to ${percent(high)})`;
}
