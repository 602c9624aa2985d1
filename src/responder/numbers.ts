const MAX_SERIES_SHOWN = 5;

/** What a query found, as lines that people can read. */
export function numbers(
  samples: readonly { labels: Readonly<Record<string, string>>; value: number }[],
): string {
  if (samples.length === 0) return "no such series";
  const lines = samples.slice(0, MAX_SERIES_SHOWN).map(({ labels, value }) => {
    const { __name__: name = "", ...rest } = labels;
    const pairs = Object.entries(rest).map(([key, text]) => `${key}="${text}"`);
    return `${name}${pairs.length > 0 ? `{${pairs.join(", ")}}` : ""} ${readable(value)}`.trim();
  });
  const more = samples.length - lines.length;
  return [...lines, ...(more > 0 ? [`… ${more} more series`] : [])].join("\n");
}

function readable(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}
