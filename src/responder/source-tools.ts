import { z } from "zod";
import type { Tool } from "../diagnosis/reading.ts";
import type { Window } from "../evidence/measurement.ts";
import { metricsIn, promqlFlaw, selectorFlaw } from "../evidence/promql.ts";
import type { Episode } from "../incident/alert.ts";
import { logqlFlaw } from "../remediation/logql.ts";
import type { Keep } from "./look-tools.ts";
import { nameOf, numbers } from "./numbers.ts";
import type { Ports } from "./ports.ts";
import { tool } from "./tool.ts";

const LONGEST_QUERY = 1_000;
const MOST_LINES = 40;
const MOST_SERIES = 30;
const MOST_NAMES = 100;
const LONGEST_LINE = 300;
const BEFORE_MS = 10 * 60_000;
const LONGEST_MS = 6 * 3_600_000;
const NAMES_SUGGESTED = 8;

/** What Prometheus and Loki can be asked, each query checked before it is sent. */
export function sourceTools(ports: Ports, { startsAt }: Episode, keep: Keep): Tool[] {
  const window = (): Window => {
    const toMs = ports.now().getTime();
    const fromMs = Math.max(startsAt.getTime() - BEFORE_MS, toMs - LONGEST_MS);
    return { fromMs: Math.min(fromMs, toMs - BEFORE_MS), toMs, stepMs: 60_000 };
  };
  return [
    ...promqlTool(ports, window, keep),
    ...seriesTool(ports, window, keep),
    ...logqlTool(ports, window, keep),
    ...labelsTool(ports, window, keep),
  ];
}

function promqlTool(ports: Ports, window: () => Window, keep: Keep): Tool[] {
  const { prometheus } = ports;
  if (prometheus === null) return [];
  const description = "Asks Prometheus for the current value of an expression.";
  const Input = z.strictObject({ query: query("one PromQL expression, for now") });
  // Where it can't say which metrics it has, it says what it makes of the query.
  const known = () => prometheus.valuesOf("__name__", window()).catch(() => null);
  return [
    tool(ports, { name: "promql", description, Input }, async ({ query: promql }) => {
      refuse(promqlFlaw(promql));
      const metrics = metricsIn(promql);
      if (metrics.length > 0) refuse(unknownMetric(metrics, await known()));
      const text = numbers(await prometheus.query(promql));
      return await keep({ kind: "promql", title: promql, text });
    }),
  ];
}

function unknownMetric(metrics: readonly string[], known: readonly string[] | null): string | null {
  if (known === null) return null;
  const there = new Set(known);
  const unknown = metrics.find((name) => !there.has(name));
  if (unknown === undefined) return null;
  const words = unknown.split(/[_:]/).filter((word) => word.length > 2);
  const shared = (name: string) => words.filter((word) => name.includes(word)).length;
  const near = known
    .filter((name) => shared(name) > 0)
    .sort((a, b) => shared(b) - shared(a))
    .slice(0, NAMES_SUGGESTED);
  return `there is no metric ${unknown}${near.length === 0 ? "" : `; there are: ${near.join(", ")}`}`;
}

function seriesTool(ports: Ports, window: () => Window, keep: Keep): Tool[] {
  const { prometheus } = ports;
  if (prometheus === null) return [];
  const description = "Lists the series in Prometheus that a selector matches around the alert.";
  const Input = z.strictObject({
    selector: query('one selector, such as {instance="web-01:9100"}'),
  });
  return [
    tool(ports, { name: "series", description, Input }, async ({ selector }) => {
      refuse(selectorFlaw(selector));
      const found = await prometheus.series([selector], window(), MOST_SERIES);
      const text = lines(ports, found.map(nameOf), MOST_SERIES) || "no such series";
      return await keep({ kind: "promql", title: `Series of ${selector}`, text });
    }),
  ];
}

function logqlTool(ports: Ports, window: () => Window, keep: Keep): Tool[] {
  const { loki } = ports;
  if (loki === null) return [];
  const description = "Reads the newest log lines around the alert from Loki.";
  const Input = z.strictObject({
    query: query('a stream selector and filters of lines: {job="web"} |= "error"'),
  });
  return [
    tool(ports, { name: "logql", description, Input }, async ({ query: logql }) => {
      refuse(logqlFlaw(logql));
      const answer = await loki.query(logql, window(), MOST_LINES);
      const found = answer.kind === "lines" ? answer.lines.map((line) => line.text) : [];
      const text = lines(ports, found, MOST_LINES) || "no such lines around the alert";
      return await keep({ kind: "logql", title: logql, text });
    }),
  ];
}

function labelsTool(ports: Ports, window: () => Window, keep: Keep): Tool[] {
  const { prometheus: metrics, loki: logs } = ports;
  const [first, ...others] = Object.entries({ metrics, logs }).flatMap(([name, source]) =>
    source === null ? [] : [name],
  );
  if (first === undefined) return [];
  const description =
    "Lists the names of the labels that metrics or logs have around the alert, or one label's values.";
  const Input = z.strictObject({
    of: z.enum([first, ...others]),
    label: z.string().max(100).nullable().describe("whose values are wanted; null for the names"),
  });
  return [
    tool(ports, { name: "labels", description, Input }, async ({ of, label }) => {
      const source = of === "metrics" ? metrics : logs;
      if (source === null) throw new Error(`there are no ${of}`);
      const names = await (label === null
        ? source.labels(window())
        : source.valuesOf(label, window()));
      return await keep({
        kind: of === "metrics" ? "promql" : "logql",
        title: label === null ? `Labels of the ${of}` : `Values of ${label} in the ${of}`,
        text: lines(ports, names, MOST_NAMES) || "none",
      });
    }),
  ];
}

function query(description: string) {
  return z.string().min(1).max(LONGEST_QUERY).describe(description);
}

function refuse(flaw: string | null): void {
  if (flaw !== null) throw new Error(flaw);
}

/** What is cut is cut after its secrets are out: half of one would not be known as one. */
function lines({ redact }: Ports, found: readonly string[], most: number): string {
  const shown = found.slice(0, most).map((line) => redact(line).slice(0, LONGEST_LINE));
  const more = found.length - shown.length;
  return [...shown, ...(more > 0 ? [`… ${more} more`] : [])].join("\n");
}
