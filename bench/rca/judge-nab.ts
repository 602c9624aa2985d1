import { compare, THROUGHOUT, usualBaselines } from "../../src/evidence/baseline.ts";
import { callOut } from "../../src/evidence/call-out.ts";
import { STANDS_OUT } from "../../src/evidence/rank.ts";
import type { Series, Window } from "../../src/evidence/series.ts";
import type { Signal } from "../../src/evidence/signal.ts";
import { signal, signalOf } from "../../src/evidence/signal.ts";
import type { Figure } from "./measure.ts";
import type { Recorded } from "./nab.ts";
import { loadRecorded } from "./nab.ts";
import { unique } from "./score.ts";

const HOUR = 3_600;

/** One way to look at each hour. */
interface Way {
  readonly who: string;
  isCalledOut(series: Series, signal: Signal, hour: Window): boolean;
}

const WAYS: readonly Way[] = [
  {
    who: "median hour, yesterday and last week",
    isCalledOut(series, known, hour) {
      const baselines = usualBaselines(hour).flatMap(({ name, windows }) =>
        name === "before" ? [] : [{ name, windows }],
      );
      const asked = { window: hour, baselines, lasts: THROUGHOUT };
      const { score, comparisons } = compare(series, known, asked);
      return comparisons.length === 2 && Math.abs(score) >= STANDS_OUT;
    },
  },
  { who: "Countersign", isCalledOut: (...hour) => callOut(...hour) !== null },
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
function judge({ name, times, values, anomalies }: Recorded, { isCalledOut }: Way) {
  const series = { id: name, labels: {}, times, values, remarks: [] };
  // CloudWatch gives the use of processors in percent.
  const known = /cpu/.test(name) ? signal("processor", "percent") : signalOf(name);
  const flagged = new Set<Window>();
  let [wrong, hours] = [0, 0];
  for (let end = (times[0] ?? 0) + HOUR; end <= (times.at(-1) ?? 0); end += HOUR) {
    const isCalled = isCalledOut(series, known, { from: end - HOUR + 1, to: end });
    const touched = anomalies.filter((one) => end >= one.from && end - HOUR <= one.to);
    if (touched.length === 0) hours++;
    if (isCalled && touched.length === 0) wrong++;
    if (isCalled) for (const one of touched) flagged.add(one);
  }
  return { windows: anomalies.length, hits: flagged.size, wrong, hours };
}
