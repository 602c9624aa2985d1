import type { Baseline, Comparing } from "../../src/evidence/baseline.ts";
import { compare, THROUGHOUT, usualBaselines, WATCHED } from "../../src/evidence/baseline.ts";
import { STANDS_OUT } from "../../src/evidence/rank.ts";
import type { Window } from "../../src/evidence/series.ts";
import { signal, signalOf } from "../../src/evidence/signal.ts";
import type { Figure } from "./measure.ts";
import type { Recorded } from "./nab.ts";
import { loadRecorded } from "./nab.ts";
import { unique } from "./score.ts";

const HOUR = 3_600;

/** One way to look at each hour. */
interface Way {
  readonly who: string;
  readonly baselines: (hour: Window) => Baseline[];
  /** The excursion it calls out from, and with fewer baselines than this it says nothing. */
  readonly from: number;
  readonly atLeast: number;
}

const WAYS: readonly Way[] = [
  {
    who: "median hour, yesterday and last week",
    baselines: (hour) =>
      usualBaselines(hour)
        .slice(1)
        .map(({ name, windows }) => ({ name, windows })),
    from: STANDS_OUT,
    atLeast: 2,
  },
  {
    who: "Countersign",
    baselines: usualBaselines,
    from: WATCHED.from,
    atLeast: WATCHED.baselines,
  },
];

export function judgeNab(dir: string): Figure[] {
  const all = loadRecorded(dir);
  return unique(all.map(({ group }) => group)).flatMap((group) =>
    WAYS.flatMap((way) => {
      const recorded = all.filter((one) => one.group === group);
      const judged = recorded.map((one) => judge(one, way));
      const sum = (of: (one: (typeof judged)[number]) => number) =>
        judged.reduce((total, one) => total + of(one), 0);
      const about = { set: `NAB, ${group}`, who: way.who };
      const isOurs = way.who === "Countersign";
      const windows = sum((one) => one.windows);
      return [
        ...(windows === 0
          ? []
          : [
              {
                ...{ ...about, measure: "windows hit", right: sum((one) => one.hits), of: windows },
                ...(isOurs ? { goal: ">= .63 (24 of 38)" } : {}),
              },
            ]),
        {
          ...{ ...about, measure: "false hours", right: sum((one) => one.wrong) },
          ...{ of: sum((one) => one.hours), ...(isOurs ? { goal: "<= .015" } : {}) },
        },
      ];
    }),
  );
}

/** Every hour is looked at by itself, as a watch does, and counts as ordinary where it touches no anomalous window. */
function judge(recorded: Recorded, { baselines, from, atLeast }: Way) {
  const { name, times, values, anomalies } = recorded;
  const series = { id: name, labels: {}, times, values, remarks: [] };
  // CloudWatch gives the use of processors in percent.
  const known = /cpu/.test(name) ? signal("processor", "percent") : signalOf(name);
  const flagged = new Set<Window>();
  let [wrong, hours] = [0, 0];
  for (let end = (times[0] ?? 0) + HOUR; end <= (times.at(-1) ?? 0); end += HOUR) {
    const window = { from: end - HOUR + 1, to: end };
    const comparing: Comparing = { window, baselines: baselines(window), lasts: THROUGHOUT };
    const { score, comparisons } = compare(series, known, comparing);
    const calls = comparisons.length >= atLeast && Math.abs(score) >= from;
    const touched = anomalies.filter((one) => end >= one.from && end - HOUR <= one.to);
    if (touched.length === 0) hours++;
    if (!calls) continue;
    if (touched.length === 0) wrong++;
    for (const one of touched) flagged.add(one);
  }
  return { windows: anomalies.length, hits: flagged.size, wrong, hours };
}
