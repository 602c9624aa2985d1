import type { Baseline } from "../../src/evidence/baseline.ts";
import type { Observed } from "../../src/evidence/rank.ts";
import { rank } from "../../src/evidence/rank.ts";
import { edgeDelay, readSeries } from "../../src/evidence/read-series.ts";
import type { Series, Window } from "../../src/evidence/series.ts";
import type { SignalKind, Unit } from "../../src/evidence/signal.ts";
import { signal } from "../../src/evidence/signal.ts";
import type { Call } from "../../src/evidence/topology.ts";
import type { Figure } from "./measure.ts";
import type { Column, Day, Fault } from "./nezha.ts";
import { loadDays } from "./nezha.ts";
import type { Places } from "./score.ts";
import { figuresOf, placeOf } from "./score.ts";

/** A fault lasts three minutes, is looked at from half a minute on, and is over a minute later. */
const [LASTS, BEGINS, FADES] = [180, 30, 60];
const HOUR = 3_600;

const SIGNALS: Record<string, readonly [SignalKind, Unit]> = {
  "CpuUsage(m)": ["processor", "millicores"],
  "MemoryUsage(Mi)": ["memory", "mebibytes"],
  "PodServerLatencyP90(s)": ["latency", "seconds"],
  "PodWorkload(Ops)": ["traffic", "count"],
};

/** Table 3 of Yu et al., Nezha, FSE 2023, for this system, AS@1/3/5; their own protocol, so that it is no yardstick. */
export const NEZHA_PUBLISHED =
  "Published for Online Boutique (56 faults of two days, AS@1/3/5): MicroScope .125/.411/.554, MicroRCA .161/.625/.928, " +
  "PDiagnose .411/.732/.821, Nezha with logs and traces .929/.964/.964.";

export function judgeNezha(dir: string): Figure[] {
  return loadDays(dir).flatMap((day) => {
    const { observed, calls } = observe(day);
    const judged = day.faults.map((fault) => ({
      ...fault,
      place: placeOf(
        fault.service,
        rank(
          observed,
          { from: fault.at + BEGINS, to: fault.at + BEGINS + LASTS },
          { baselines: [hourOf(day, fault)], topology: { calls } },
        ).suspects.map(({ service }) => service),
      ),
    }));
    const set = `Nezha, ${day.name}`;
    const figures = (name: string, places: Places, goal?: string) =>
      figuresOf({ set, who: "Countersign" }, `${name} AS`, places, [
        [1, goal === undefined ? {} : { goal }],
        [3],
        [5],
      ]);
    const types = [...new Set(day.faults.map(({ type }) => type))].sort();
    const placesOf = (faults: typeof judged) => faults.map(({ place }) => place);
    return [
      ...figures("all", placesOf(judged), ">= .84"),
      ...types.flatMap((type) =>
        figures(type, placesOf(judged.filter((fault) => fault.type === type))).slice(0, 1),
      ),
    ];
  });
}

function observe(day: Day): { observed: Observed[]; calls: Call[] } {
  const own = [...day.metrics].flatMap(([service, columns]) =>
    columns.flatMap((column): Observed[] => {
      const known = SIGNALS[column.name];
      if (known === undefined) return [];
      return [
        {
          series: seriesOf(`${service} ${column.name}`, column),
          signal: signal(...known),
          service,
        },
      ];
    }),
  );
  const edges = day.byCaller.flatMap((column): Observed[] => {
    const byCallee = day.byCallee.find(({ name }) => name === column.name);
    const [caller = "", callee = ""] = column.name.split("_");
    if (byCallee === undefined) return [];
    const [outer, inner] = [seriesOf(`${caller} → ${callee}`, column), seriesOf("", byCallee)];
    return [
      {
        series: edgeDelay(outer, inner, 30),
        signal: signal("edge delay", "seconds"),
        service: null,
        call: { caller, callee },
      },
    ];
  });
  return { observed: [...own, ...edges], calls: edges.flatMap(({ call }) => call ?? []) };
}

function seriesOf(id: string, { times, values }: Column): Series {
  return readSeries(
    id,
    {},
    times.map((time, i) => [time, values[i] ?? Number.NaN] as const),
  );
}

/** The hour before without the other faults; for the first of a day, which has nothing before it, the hour after. */
function hourOf({ metrics, faults }: Day, { at }: Fault): Baseline {
  const begin = [...metrics.values()][0]?.[0]?.times[0] ?? 0;
  const after = at + LASTS + FADES;
  const hour =
    at - begin < HOUR / 3 ? { from: after, to: after + HOUR } : { from: at - HOUR, to: at - 1 };
  const windows = faults.reduce<Window[]>(
    (parts, fault) =>
      parts
        .flatMap(({ from, to }) => [
          { from, to: Math.min(to, fault.at - 1) },
          { from: Math.max(from, fault.at + LASTS + FADES), to },
        ])
        .filter(({ from, to }) => from < to),
    [hour],
  );
  return { name: "the hour around", windows };
}
