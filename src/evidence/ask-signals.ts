import type { AroundAlert, Asking, Surroundings } from "./around.ts";
import type { Finding } from "./collect.ts";
import { measure } from "./measure.ts";
import type { SignalName, SignalQuery } from "./signals.ts";
import { requestCounters, STATUS_LABELS, signalQueries } from "./signals.ts";
import { remarksOn, tellSeries } from "./tell.ts";
import type { Frame } from "./windows.ts";

const MOST_SERIES = 5;
const MOST_OF_A_SIGNAL = 3;
const STATUS_COUNTERS = 3;
const SERIES_LOOKED_AT = 200;
const NAMES: readonly SignalName[] = ["latency", "errors", "traffic", "saturation"];

/** Latency, errors, traffic and saturation, of what exists around the alert. Null where none of it does. */
export async function askSignals(around: AroundAlert): Promise<Finding | null> {
  const [{ frame }, parts] = await Promise.all([around.ground(), around.surroundings()]);
  const { prometheus } = around;
  const all = (await Promise.all(parts.map((part) => queriesFor(prometheus, part, frame)))).flat();
  // The narrower scope comes first, so it is the machine's that give way.
  const queries = NAMES.flatMap((name) =>
    all.filter(({ signal }) => signal === name).slice(0, MOST_OF_A_SIGNAL),
  );
  const measured = await Promise.all(
    queries.map(async ({ signal, title, query, unit }) => {
      const wanted = { role: "signal" as const, title, query, type: null, unit, threshold: null };
      return { signal, measurement: await measure(prometheus, wanted, frame, MOST_SERIES) };
    }),
  );
  const filled = measured.filter(({ measurement }) => measurement.series.length > 0);
  if (filled.length === 0) return null;
  const lines = filled.map(({ signal, measurement: { title, series, unit } }) => {
    const more = series.length > 1 ? ` (1 of ${series.length})` : "";
    return `${signal}: ${title}${more}: ${series[0] === undefined ? "" : tellSeries(series[0], unit)}`;
  });
  const remarks = new Set(filled.flatMap(({ measurement }) => remarksOn(measurement)));
  return {
    text: [...lines, ...remarks].join("\n"),
    measurements: filled.map(({ measurement }) => measurement),
  };
}

async function queriesFor(
  { series }: Asking,
  { scope: { selector }, metrics, range }: Surroundings,
  { now }: Frame,
): Promise<SignalQuery[]> {
  const counters = requestCounters(metrics).slice(0, STATUS_COUNTERS);
  const statusLabels = await Promise.all(
    counters.map(async (name) => {
      const sets = await series([`${name}{${selector}}`], now, SERIES_LOOKED_AT);
      const label = STATUS_LABELS.find((one) =>
        sets.some((labels) => /^\d{3}$/.test(labels[one] ?? "")),
      );
      return label === undefined ? [] : [[name, label] as const];
    }),
  );
  return signalQueries(metrics, { selector, range, statusLabels: new Map(statusLabels.flat()) });
}
