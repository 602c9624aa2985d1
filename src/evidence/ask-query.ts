import type { AroundAlert } from "./around.ts";
import type { Finding } from "./collect.ts";
import { measure } from "./measure.ts";
import type { Sample } from "./prometheus.ts";
import { HISTOGRAMS } from "./prometheus-answer.ts";
import { amount, labelsText, remarksOn, sameLabels, seriesLine } from "./tell.ts";

const MOST_SERIES = 20;
const LINES = 5;

/** A query of the runbook: what it gives now, beside what it gave before. */
export async function askQuery(
  { prometheus, ground }: AroundAlert,
  title: string,
  query: string,
): Promise<Finding> {
  const { frame } = await ground();
  const wanted = { title, query, type: null, unit: null, threshold: null };
  const [samples, measured] = await Promise.all([
    prometheus.query(query),
    // That the past can't be had takes nothing from what is known now.
    measure(prometheus, { ...wanted, role: "runbook" }, frame, MOST_SERIES).catch(
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    ),
  ]);
  if (samples.length === 0) return { text: "no such series" };
  const shown = samples.slice(0, LINES);
  const more = samples.length > LINES ? [`… ${samples.length - LINES} more series`] : [];
  if (typeof measured === "string") {
    return { text: [...shown.map(sampleLine), ...more, `Its past: ${measured}`].join("\n") };
  }
  const lines = shown.map((sample) => {
    const series = measured.series.find(({ labels }) => sameLabels(labels, sample.labels));
    // A point that the window ended before is newer than its last.
    return series === undefined ? sampleLine(sample) : seriesLine(series, null, "", sample.value);
  });
  const hasMeans = samples.some(({ isMean }) => isMean === true);
  const warnings = new Set([...measured.warnings, ...(hasMeans ? [HISTOGRAMS] : [])]);
  const known = { ...measured, warnings: [...warnings], seriesTotal: measured.series.length };
  return { text: [...lines, ...more, ...remarksOn(known)].join("\n"), measurements: [measured] };
}

function sampleLine({ labels, value }: Sample): string {
  return `${labelsText(labels)} ${amount(value, null)}`.trim();
}
