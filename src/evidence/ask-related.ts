import type { AroundAlert, Asking, Surroundings } from "./around.ts";
import { chooseRelated, isCounter } from "./choose-related.ts";
import type { Finding } from "./collect.ts";
import { measure } from "./measure.ts";
import type { Measurement } from "./measurement.ts";
import { anyOf } from "./promql-text.ts";
import type { Evidence } from "./rank.ts";
import { rankMeasured } from "./rank-measured.ts";
import { sayFinding } from "./say-finding.ts";
import type { Metric } from "./signals.ts";
import { remarksOn } from "./tell.ts";
import type { Frame } from "./windows.ts";
import { coarser } from "./windows.ts";

const MOST_SERIES = 400;
const SHOWN = 6;
const SUSPECTS_SHOWN = 3;
const EVIDENCE: Readonly<Record<Evidence, string>> = {
  inside: "for what it uses itself",
  edge: "for what is lost on its calls",
  outside: "for what its callers feel",
  calls: "for how often it is called",
};
/** Finer than any scrape that is worth it; a rate looks at four of them. */
const RESOLUTION = "15s";
/** No exporter has a label of this name. */
const NAME = "countersign_metric";
const UNKNOWN = { title: "", type: null, unit: null, threshold: null };

/** Every series that shares the alert's labels, those that left their past furthest first. */
export async function askRelated(around: AroundAlert): Promise<Finding | null> {
  const [{ frame }, found] = await Promise.all([around.ground(), around.surroundings()]);
  const parts = found.map((part) => ({ ...part, ...chooseRelated(part.metrics) }));
  const filled = parts.filter(({ metrics }) => metrics.length > 0);
  if (filled.length === 0) return null;
  const measured = await Promise.all(
    filled.map((part) => measureAll(around.prometheus, part, coarser(frame))),
  );
  const measurements = measured.flat();
  const { findings, suspects, order } = rankMeasured(measurements);
  const leftOut = parts.reduce((sum, one) => sum + one.leftOut, 0);
  const where = filled.map(({ scope }) => scope.words).join(" and ");
  const tooMany = leftOut > 0 ? `; ${leftOut} metrics left out for their many series` : "";
  return {
    text: [
      `${order.length} series of ${measurements.length} metrics about ${where}${tooMany}.`,
      findings.length === 0
        ? "None stands out from its past."
        : `${findings.length} left their past; first:`,
      ...findings.slice(0, SHOWN).map(sayFinding),
      ...suspects
        .slice(0, SUSPECTS_SHOWN)
        .map(({ service, evidence }) => `Suspected: ${service}, ${EVIDENCE[evidence]}`),
      ...new Set(measured.flatMap(([one]) => (one === undefined ? [] : baselinesOf(one)))),
    ].join("\n"),
    measurements,
  };
}

function baselinesOf(measurement: Measurement): string[] {
  return remarksOn({ ...measurement, seriesTotal: measurement.series.length });
}

/** Two questions for all of them: what only grows is asked for by what it grows by. */
async function measureAll(
  prometheus: Asking,
  { scope, metrics, range }: Pick<Surroundings, "scope" | "metrics" | "range">,
  frame: Frame,
): Promise<Measurement[]> {
  const counters = metrics.filter(isCounter);
  const others = metrics.filter((metric) => !isCounter(metric));
  const selectorOf = (some: readonly Metric[]) =>
    `{${anyOf(
      "__name__",
      some.map(({ name }) => name),
    )}, ${scope.selector}}`;
  // `rate` drops the name, and without one two metrics would be the same series.
  const named = `label_replace(${selectorOf(counters)}, "${NAME}", "$1", "__name__", "(.+)")`;
  const ask = (query: string) =>
    measure(prometheus, { ...UNKNOWN, role: "related", query }, frame, MOST_SERIES);
  const [grown, plain] = await Promise.all([
    counters.length === 0 ? null : ask(`rate(${named}[${range}:${RESOLUTION}])`),
    others.length === 0 ? null : ask(selectorOf(others)),
  ]);
  return [
    ...(grown === null ? [] : [grown]).flatMap((all) =>
      counters.flatMap((metric) => {
        const query = `rate(${metric.name}{${scope.selector}}[${range}])`;
        // Seconds a second are a share.
        const unit = metric.unit === "seconds" ? null : metric.unit;
        return of(all, metric.name, { title: `${metric.name} a second`, query, unit });
      }),
    ),
    ...(plain === null ? [] : [plain]).flatMap((all) =>
      others.flatMap(({ name, unit }) =>
        of(all, name, { title: name, query: `${name}{${scope.selector}}`, unit }),
      ),
    ),
  ];
}

/** The part of an answer that is about one metric, as if it had been asked for alone. */
function of(
  all: Measurement,
  name: string,
  about: Pick<Measurement, "title" | "query" | "unit">,
): Measurement[] {
  const series = all.series
    .filter(({ labels }) => (labels[NAME] ?? labels.__name__) === name)
    .map(({ labels: { [NAME]: _, ...labels }, ...points }) => ({
      ...points,
      labels: { ...labels, __name__: name },
    }));
  return series.length === 0 ? [] : [{ ...all, ...about, series, seriesTotal: series.length }];
}
