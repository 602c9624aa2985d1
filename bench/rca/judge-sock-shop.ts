import type { Observed } from "../../src/evidence/rank.ts";
import { rank } from "../../src/evidence/rank.ts";
import type { SignalKind, Unit } from "../../src/evidence/signal.ts";
import { signal } from "../../src/evidence/signal.ts";
import type { Figure } from "./measure.ts";
import { averageAt5, figuresOf, placeOf, unique } from "./score.ts";
import type { Case } from "./sock-shop.ts";
import { late, loadCases, serviceOf } from "./sock-shop.ts";
import { rankThroughPrometheus } from "./through-prometheus.ts";
import { nSigma, rankColumns, robustScorer } from "./yardsticks.ts";

const SIGNALS: Record<string, readonly [SignalKind, Unit]> = {
  cpu: ["processor", "percent"],
  mem: ["memory", "bytes"],
  lat: ["latency", "seconds"],
  lod: ["traffic", "count"],
};

/** RCAEval, table 5: Avg@5 of services. */
const YARDSTICKS = [
  { who: "BARO", scorer: robustScorer, published: { 0: [0.99, 0.99], 60: [0.98, 0.98] } },
  { who: "N-sigma", scorer: nSigma, published: { 0: [0.98, 0.99], 60: [0.15, 0.33] } },
] as const;

export function judgeSockShop(dir: string): Figure[] {
  return variantsOf(dir).flatMap(({ seconds, set, given }) => {
    return [
      ...YARDSTICKS.flatMap(({ who, scorer, published }) => {
        const rankings = given.map((one) => rankColumns(one, scorer));
        return [
          ...(["cpu", "mem"] as const).map((metric, i) => {
            const places = servicePlaces(given, rankings).filter(
              (_, at) => given[at]?.metric === metric,
            );
            return {
              ...{ set, who, measure: `service Avg@5, ${metric}`, right: 0, of: places.length },
              ...{ value: averageAt5(places), published: published[seconds][i] ?? 0 },
            };
          }),
          ...figuresFor({ set, who }, given, rankings, false),
        ];
      }),
      ...figuresFor({ set, who: "Countersign" }, given, given.map(rankOf), true),
    ];
  });
}

/** The same, asked for as the program asks: of a real Prometheus, with its own queries. */
export async function judgeSockShopInPrometheus(dir: string): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { set, given } of variantsOf(dir)) {
    const rankings = await rankThroughPrometheus(given);
    const about = { set: `${set}, in Prometheus`, who: "Countersign" };
    const fromFiles = given.map(rankOf);
    const same = rankings.filter((ranking, i) => ranking[0] === fromFiles[i]?.[0]).length;
    figures.push(...figuresFor(about, given, rankings, true), {
      ...about,
      measure: "same first metric as from the files",
      right: same,
      of: given.length,
    });
  }
  return figures;
}

function variantsOf(dir: string) {
  const cases = loadCases(dir);
  return [
    { seconds: 0, set: "Sock Shop", given: cases },
    { seconds: 60, set: "Sock Shop, 60 s late", given: cases.map((one) => late(one, 60)) },
  ] as const;
}

function figuresFor(
  about: Pick<Figure, "set" | "who">,
  cases: readonly Case[],
  rankings: readonly string[][],
  isOurs: boolean,
): Figure[] {
  const places = servicePlaces(cases, rankings);
  const metricPlaces = cases.map((one, i) =>
    placeOf(`${one.service}_${one.metric}`, rankings[i] ?? []),
  );
  return [
    ...figuresOf(about, "service AC", places, [[1, isOurs ? { goal: "1.00" } : {}], [3]]),
    {
      ...about,
      ...{ measure: "service Avg@5", right: 0, of: cases.length, value: averageAt5(places) },
    },
    ...figuresOf(about, "metric AC", metricPlaces, [[1, isOurs ? { goal: "> .90" } : {}], [3]]),
  ];
}

function servicePlaces(cases: readonly Case[], rankings: readonly string[][]) {
  return cases.map((one, i) =>
    placeOf(one.service, unique((rankings[i] ?? []).map((column) => serviceOf(column)))),
  );
}

/** The columns that stand out, those of the first suspect first. */
function rankOf({ normal, anomalous }: Case): string[] {
  const [rows = 0] = [...normal.values()].map(({ length }) => length);
  const [more = 0] = [...anomalous.values()].map(({ length }) => length);
  const times = Float64Array.from({ length: rows + more }, (_, i) => i);
  const observed = [...anomalous].flatMap(([id, after]): Observed[] => {
    const before = normal.get(id);
    const [service = "", metric = ""] = id.split("_");
    const known = SIGNALS[metric];
    if (before === undefined || known === undefined) return [];
    const values = new Float64Array(rows + more);
    values.set(before);
    values.set(after, rows);
    return [
      { series: { id, labels: {}, times, values, remarks: [] }, signal: signal(...known), service },
    ];
  });
  const ranking = rank(
    observed,
    { from: rows, to: rows + more - 1 },
    { baselines: [{ name: "before", windows: [{ from: 0, to: rows - 1 }] }] },
  );
  return ranking.findings.map(({ series }) => series.id);
}
