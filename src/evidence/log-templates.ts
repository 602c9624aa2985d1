/** Log lines as their templates: what differs from line to line is masked, so that the same message counts as the same. */

/** Longer lines are stack traces and payloads: their beginning says which. */
const LONGEST = 400;

/** In this order: an address would be four numbers otherwise. Each pattern is bounded, for a log line is anybody's text. */
const MASKS: readonly (readonly [RegExp, string])[] = [
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals' colours are control characters
  [/\u001b\[[\d;]{0,20}m/g, ""],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?/g, "<time>"],
  [/\b\d\d:\d\d:\d\d(?:[.,]\d{1,9})?/g, "<time>"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "<id>"],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g, "<address>"],
  [/\b0x[0-9a-f]{1,32}\b/gi, "<hex>"],
  [/\b(?=[0-9a-f]{0,63}\d)(?=[0-9a-f]{0,63}[a-f])[0-9a-f]{8,64}\b/gi, "<hex>"],
  [/(?<![\w<])[-+]?\d{1,30}(?:\.\d{1,30})?/g, "<n>"],
  [/\s{1,400}/g, " "],
];

/** What a reader looks for first. */
const ALARMING =
  /\b(?:error|err|fatal|panic|exception|critical|crit|emerg|alert|fail(?:ed|ure)?|refused|denied|timeout|timed out|out of memory|oom|killed|segfault|traceback)\b/i;

export interface Template {
  readonly template: string;
  readonly now: number;
  readonly before: number;
  readonly isAlarming: boolean;
}

export function templateOf(line: string): string {
  return MASKS.reduce(
    (text, [pattern, mask]) => text.replace(pattern, mask),
    line.slice(0, LONGEST),
  ).trim();
}

/**
 * The templates whose share of the lines has changed most, the strangest first: what is new and alarming, then what is
 * new, then what is more. What has become rarer comes last.
 */
export function compareTemplates(now: readonly string[], before: readonly string[]): Template[] {
  const [here, there] = [counted(now), counted(before)];
  return [...here]
    .map(([template, n]) => ({
      template,
      now: n,
      before: there.get(template) ?? 0,
      isAlarming: ALARMING.test(template),
    }))
    .sort((a, b) => weight(b) - weight(a) || b.now - a.now || (a.template < b.template ? -1 : 1));

  /** How unlikely the two shares are, were they the same; with one line more of each, so that nothing is certain. */
  function weight({ now: k, before: b, isAlarming }: Template): number {
    const [n, m] = [now.length + 1, before.length + 1];
    const pooled = (k + b + 1) / (n + m);
    const z = (k / n - b / m) / Math.sqrt(pooled * (1 / n + 1 / m));
    return z * (isAlarming && z > 0 ? 3 : 1);
  }
}

function counted(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const template = templateOf(line);
    counts.set(template, (counts.get(template) ?? 0) + 1);
  }
  return counts;
}
