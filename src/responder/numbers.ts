const MAX_SERIES_SHOWN = 5;

/** What a query found, as lines that people can read. */
export function numbers(
  samples: readonly { labels: Readonly<Record<string, string>>; value: number }[],
): string {
  if (samples.length === 0) return "no such series";
  const lines = samples.slice(0, MAX_SERIES_SHOWN).map(({ labels, value }) => {
    return `${nameOf(labels)} ${readable(value)}`.trim();
  });
  const more = samples.length - lines.length;
  return [...lines, ...(more > 0 ? [`… ${more} more series`] : [])].join("\n");
}

/** A series, as it is written in a query. */
export function nameOf({ __name__: name = "", ...rest }: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(rest).map(([key, text]) => `${key}="${text}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(", ")}}` : ""}`;
}

function readable(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}
