import type { Collected } from "./collect.ts";
import type { Measurement, Series } from "./measurement.ts";
import { rankMeasured } from "./rank-measured.ts";
import { redact } from "./redact.ts";

const SERIES_OF_A_QUERY = 5;
const RELATED_SERIES = 8;

/** Of what was measured, what is worth keeping: a ranking reads everything, a page and a graph show a few. */
export function keep(items: readonly Collected[]): Collected[] {
  return items.map((item) =>
    item.measurements === undefined || item.measurements.length === 0
      ? item
      : { ...item, measurements: few(item.measurements).map(withoutSecrets) },
  );
}

function few(measurements: readonly Measurement[]): Measurement[] {
  const related = measurements.filter(({ role }) => role === "related");
  const kept = new Map<Measurement, Series[]>();
  for (const { measurement, series } of rankMeasured(related).order.slice(0, RELATED_SERIES)) {
    kept.set(measurement, [...(kept.get(measurement) ?? []), series]);
  }
  return measurements.flatMap((one) => {
    const series = one.role === "related" ? kept.get(one) : one.series.slice(0, SERIES_OF_A_QUERY);
    return series === undefined ? [] : [{ ...one, series }];
  });
}

function withoutSecrets({ title, query, series, warnings, ...rest }: Measurement): Measurement {
  return {
    ...rest,
    title: redact(title),
    query: redact(query),
    warnings: warnings.map(redact),
    series: series.map(({ labels, ...points }) => ({
      ...points,
      labels: Object.fromEntries(
        Object.entries(labels).map(([name, value]) => [name, redact(value)]),
      ),
    })),
  };
}
