import type { Labels } from "../incident/alert.ts";
import type { AroundAlert, Asking, Ground } from "./around.ts";
import type { Finding } from "./collect.ts";
import { ownLabels } from "./find-rule.ts";
import { measure } from "./measure.ts";
import type { Measurement, Threshold } from "./measurement.ts";
import type { AlertRule, Sample } from "./prometheus.ts";
import { onlyWith } from "./promql-text.ts";
import type { Condition } from "./split-condition.ts";
import { splitCondition } from "./split-condition.ts";
import { amount, cut, remarksOn, seriesLine, tellThreshold, unitOf, withoutName } from "./tell.ts";

const MOST_SERIES = 20;
const LINES = 5;
const LONGEST_EXPRESSION = 300;
const SKEW_WORTH_SAYING_MS = 5_000;

/** The expression that fired, with its line and its past. Null where no loaded rule has the alert's name. */
export async function askRule({ alert, prometheus, ground }: AroundAlert): Promise<Finding | null> {
  const known = await ground();
  const { rule } = known;
  if (rule === null || rule.query === "") return null;
  const condition = splitCondition(rule.query);
  const value = condition?.value ?? rule.query;
  const [samples, threshold] = await Promise.all([
    prometheus.query(value),
    condition === null ? null : thresholdOf(prometheus, condition),
  ]);
  const mine = closestTo(ownLabels(rule, alert.labels), samples);
  const unit = unitOf(/^[\w:]+/.exec(value)?.[0] ?? "");
  const wanted = {
    role: "rule" as const,
    title: `${rule.name}: ${cut(value, LONGEST_EXPRESSION)}`,
    query: mine === null ? value : onlyWith(value, withoutName(mine.labels)),
    type: null,
    unit,
    threshold,
  };
  const measured = await measure(prometheus, wanted, known.frame, MOST_SERIES);
  // People look for the rule's own words.
  const measurement = { ...measured, query: value };
  const others = samples.length - (mine === null ? 0 : 1);
  return {
    text: tell(rule, measurement, mine === null ? 0 : others, known),
    measurements: [measurement],
  };
}

function tell(
  rule: AlertRule,
  measurement: Measurement,
  others: number,
  { aheadMs }: Ground,
): string {
  const { threshold, unit, series, query } = measurement;
  const held = rule.forMs > 0 ? ` for ${amount(rule.forMs / 1000, "seconds")}` : "";
  const line = threshold === null ? "" : `, ${tellThreshold(threshold, unit)}${held}`;
  const isSkewed = Math.abs(aheadMs) >= SKEW_WORTH_SAYING_MS;
  const skew = `${amount(Math.round(Math.abs(aheadMs) / 1000), "seconds")} ${aheadMs > 0 ? "ahead of" : "behind"} ours`;
  return [
    `${cut(query, LONGEST_EXPRESSION)}${line}`,
    ...series.slice(0, LINES).map((one) => seriesLine(one, unit)),
    ...(series.length === 0 ? ["It gives nothing around the alert"] : []),
    ...(others > 0 ? [`The expression has ${others} other series`] : []),
    ...(isSkewed ? [`Prometheus' clock is ${skew}`] : []),
    ...remarksOn(measurement),
  ].join("\n");
}

async function thresholdOf(
  { query }: Pick<Asking, "query">,
  { operator, limit }: Condition,
): Promise<Threshold | null> {
  const number = Number(limit);
  if (!Number.isNaN(number)) return { operator, limit: number };
  // `14 * 86400`: Prometheus can count.
  const [counted] = await query(limit);
  return counted === undefined ? null : { operator, limit: counted.value };
}

/** The sample with the most labels of the alert, and none that the alert has otherwise. */
function closestTo(own: Labels, samples: readonly Sample[]): Sample | null {
  const agreeing = samples
    .map((sample) => ({ sample, labels: Object.entries(withoutName(sample.labels)) }))
    .filter(({ labels }) =>
      labels.every(([name, value]) => own[name] === undefined || own[name] === value),
    )
    .map(({ sample, labels }) => ({
      sample,
      shared: labels.filter(([name]) => own[name] !== undefined).length,
    }))
    .sort((a, b) => b.shared - a.shared);
  return agreeing[0]?.sample ?? null;
}
