import type { AroundAlert } from "./around.ts";
import type { Finding as Compared } from "./baseline.ts";
import { compare, SOMEWHERE, usualBaselines } from "./baseline.ts";
import type { AskedKpi, Finding } from "./collect.ts";
import type { Measurement, Series } from "./measurement.ts";
import { STANDS_OUT } from "./rank.ts";
import { pointsOf } from "./rank-measured.ts";
import { readSeries } from "./read-series.ts";
import { sayDistance } from "./say-finding.ts";
import { signalOf } from "./signal.ts";
import type { Standing } from "./standing.ts";
import { STANDING_WORDS } from "./standing.ts";
import { amount, labelsText, remarksOn, seriesLine, unitOf, withoutName } from "./tell.ts";

const MOST_SERIES = 5;
/** One that is worse speaks for all. */
const ORDER: readonly Standing[] = ["worse", "better", "usual", "unknown"];

interface Judged {
  readonly standing: Standing;
  readonly compared: Compared;
}

/** A number that the business lives by, against its own past, by the rules that every series is compared with. */
export async function askKpi({ measureForAll }: AroundAlert, kpi: AskedKpi): Promise<Finding> {
  const unit = unitOf(kpi.id);
  const wanted = { title: kpi.title, query: kpi.promql, type: null, unit, threshold: null };
  const measured = await measureForAll({ ...wanted, role: "kpi" }, MOST_SERIES);
  const [first] = measured.series
    .map((series) => judge(kpi, series, measured))
    .sort(
      (a, b) =>
        ORDER.indexOf(a.standing) - ORDER.indexOf(b.standing) ||
        Math.abs(b.compared.score) - Math.abs(a.compared.score),
    );
  return {
    text: [
      first === undefined
        ? `${STANDING_WORDS.unknown}: the query gives nothing`
        : tell(first, unit),
      ...measured.series.map((series) => seriesLine(series, unit)),
      ...remarksOn(measured),
    ].join("\n"),
    measurements: [measured],
  };
}

function judge({ id, better }: AskedKpi, series: Series, { window }: Measurement): Judged {
  const span = { from: window.fromMs / 1000, to: window.toMs / 1000 };
  const read = readSeries(id, series.labels, pointsOf(series));
  const compared = compare(read, signalOf(id), {
    ...{ window: span, baselines: usualBaselines(span), lasts: SOMEWHERE },
  });
  const { score, closest } = compared;
  if (closest === null) return { standing: "unknown", compared };
  if (Math.abs(score) < STANDS_OUT) return { standing: "usual", compared };
  return { standing: score > 0 === (better === "high") ? "better" : "worse", compared };
}

function tell({ standing, compared: { series, score, closest } }: Judged, unit: string | null) {
  const words = STANDING_WORDS[standing];
  const labels = labelsText(withoutName(series.labels));
  const where = labels === "" ? words : `${words} for ${labels}`;
  if (closest === null) return `${where}: too few points`;
  if (standing === "usual") return where;
  const shift = `${amount(closest.usual, unit)} → ${amount(closest.now, unit)}`;
  return `${where}, ${shift}, ${sayDistance(score, closest)}`;
}
