import type { Alert, Labels } from "../incident/alert.ts";
import type { Finding, Question } from "./collect.ts";
import { createLimit } from "./limit.ts";
import type { Template } from "./log-templates.ts";
import { compareTemplates } from "./log-templates.ts";
import type { LogLine, Loki } from "./loki.ts";
import type { Window } from "./measurement.ts";
import { equal } from "./promql-text.ts";
import { amount, cut, labelsText, median, roughly } from "./tell.ts";
import { frameAround } from "./windows.ts";

const AT_ONCE = 4;
const MOST_LINES = 500;
const TEMPLATES_SHOWN = 4;
const LINES_SHOWN = 3;
const LONGEST_LINE = 200;
const SERIES_SHOWN = 5;

/** Names that log collectors use for what an alert's label calls otherwise. */
const ALSO_CALLED: Readonly<Record<string, readonly string[]>> = {
  name: ["name", "container", "container_name", "unit"],
  container: ["container", "container_name"],
  instance: ["instance", "host", "hostname", "node"],
  host: ["host", "hostname", "node", "instance"],
  service: ["service", "service_name", "unit"],
  job: ["job"],
  app: ["app", "app_kubernetes_io_name"],
  namespace: ["namespace"],
  pod: ["pod"],
  unit: ["unit", "systemd_unit"],
};
/** What narrows most comes first. */
const ORDER = [
  "pod",
  "container",
  "name",
  "unit",
  "service",
  "app",
  "namespace",
  "host",
  "instance",
  "job",
];

/** Questions to Loki about an alert: the lines around it, as what they say, against those before. */
export function createLokiQuestions(source: Loki, now: () => Date) {
  const limited = createLimit(AT_ONCE);
  const loki = {
    query: (...args: Parameters<Loki["query"]>) => limited(() => source.query(...args)),
    count: (...args: Parameters<Loki["count"]>) => limited(() => source.count(...args)),
    labels: (...args: Parameters<Loki["labels"]>) => limited(() => source.labels(...args)),
    valuesOf: (...args: Parameters<Loki["valuesOf"]>) => limited(() => source.valuesOf(...args)),
  };

  async function askAround(alert: Labels, frame: ReturnType<typeof frameAround>) {
    const selector = await selectorFor(alert, frame.now);
    return selector === null ? null : await askLogs(selector, frame);
  }

  /** The narrowest labels of the alert that Loki has with the same value; those it agrees on together. */
  async function selectorFor(alert: Labels, window: Window): Promise<string | null> {
    const known = new Set(await loki.labels(window));
    const wanted = ORDER.flatMap((name) => {
      const value = alert[name];
      if (value === undefined) return [];
      const names = (ALSO_CALLED[name] ?? [name]).filter((one) => known.has(one));
      return names.map((one) => ({ name: one, values: spellings(one, value) }));
    });
    const found = await Promise.all(
      wanted.map(async ({ name, values }) => {
        const there = new Set(await loki.valuesOf(name, window));
        const value = values.find((one) => there.has(one));
        return value === undefined ? [] : [{ [name]: value }];
      }),
    );
    const [narrowest, ...others] = found.flat();
    if (narrowest === undefined) return null;
    const all = equal(Object.assign({}, ...others.toReversed(), narrowest) as Labels);
    const together = `{${all.join(", ")}}`;
    if ((await loki.count(together, window)) > 0) return together;
    const [alone] = equal(narrowest);
    return `{${alone}}`;
  }

  /** A query of a runbook, or our own selector: lines with what changed in them, or the numbers it counts. */
  async function askLogs(
    logql: string,
    { now: window, baselines }: ReturnType<typeof frameAround>,
  ): Promise<Finding> {
    const [here, there] = await Promise.all([
      loki.query(logql, window, MOST_LINES),
      loki.query(logql, baselines.before, MOST_LINES),
    ]);
    if (here.kind === "series") {
      const before = there.kind === "series" ? there.series : [];
      const lines = here.series.slice(0, SERIES_SHOWN).map(({ labels, points }) => {
        const past = before.find((one) => labelsText(one.labels) === labelsText(labels));
        const usual = median((past?.points ?? []).map(([, value]) => value));
        const last = points.at(-1)?.[1] ?? Number.NaN;
        return `${labelsText(labels)} now ${amount(last, null)}${usual === null ? "" : `, before ${amount(usual, null)}`}`.trim();
      });
      return { text: lines.join("\n") || "no such lines" };
    }
    const earlier = there.kind === "lines" ? there.lines : [];
    if (here.lines.length === 0) {
      const past = earlier.length === 0 ? "none before either" : `${many(earlier.length)} before`;
      return { text: `No lines in ${minutes(window)} (${past})` };
    }
    return { text: tellLines(here.lines, earlier, window, baselines.before) };
  }

  return {
    /** What Loki holds around an alert, and what its runbook wants to read. */
    about({ labels, startsAt }: Pick<Alert, "labels" | "startsAt">) {
      const frame = () => frameAround(startsAt, { forMs: 0, now: now() });
      const question = (title: string, ask: () => Promise<Finding | null>): Question => ({
        kind: "logql",
        title,
        ask,
      });
      return {
        logql: (title: string, query: string) => question(title, () => askLogs(query, frame())),
        later: [question("Log lines around it", () => askAround(labels, frame()))],
      };
    },
  };
}

function tellLines(
  here: readonly LogLine[],
  earlier: readonly LogLine[],
  window: Window,
  before: Window,
): string {
  const templates = compareTemplates(here.map(textOf), earlier.map(textOf));
  return [
    `${many(here.length)} lines in ${minutes(window)} (before: ${many(earlier.length)} in ${minutes(before)}). Most unusual:`,
    ...templates.slice(0, TEMPLATES_SHOWN).map(templateLine),
    "The last ones:",
    ...here.slice(0, LINES_SHOWN).map(({ text }) => cut(text, LONGEST_LINE)),
  ].join("\n");
}

function templateLine({ template, now, before }: Template): string {
  return `${now}× (before ${before}×) ${cut(template, LONGEST_LINE)}`;
}

/** An address with a port may be a host's name there. */
function spellings(label: string, value: string): string[] {
  const host = value.replace(/:\d+$/, "");
  const short = /^[a-z]/i.test(host) ? host.replace(/\..*$/, "") : host;
  const unit = /unit$/.test(label) && !value.includes(".") ? [`${value}.service`] : [];
  return [...new Set([value, host, short, ...unit])];
}

function many(count: number): string {
  return count >= MOST_LINES ? `${MOST_LINES} or more` : String(count);
}

function minutes({ fromMs, toMs }: Window): string {
  return roughly((toMs - fromMs) / 1000);
}

function textOf({ text }: LogLine): string {
  return text;
}
