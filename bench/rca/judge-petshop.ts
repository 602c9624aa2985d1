import type { Observed } from "../../src/evidence/rank.ts";
import { rank } from "../../src/evidence/rank.ts";
import { signal } from "../../src/evidence/signal.ts";
import { madTraversal } from "./mad-traversal.ts";
import type { Figure } from "./measure.ts";
import type { Aim, Recording, Traffic } from "./petshop.ts";
import { cuts, loadTraffic, sliced } from "./petshop.ts";
import { figuresOf, placeOf } from "./score.ts";

const STEP = 300;
/** An issue is recorded in five rows: so much is looked at of the ordinary days, too, at every place where it fits. */
const ROWS = 5;

/** As the authors' notebook recorded them: top-1, top-3, specificity. */
const PUBLISHED: Record<string, readonly [number, number, number]> = {
  "low_traffic latency": [0.571, 0.571, 0.167],
  "low_traffic availability": [0.833, 1, 1],
  "high_traffic latency": [0.571, 0.786, 0.333],
  "high_traffic availability": [0.667, 1, 1],
};

type Method = (traffic: Traffic, aim: Aim, normal: Recording, abnormal: Recording) => string[];

export function judgePetShop(dir: string): Figure[] {
  return loadTraffic(dir).flatMap((traffic) => {
    const metrics = [...new Set(traffic.issues.map(({ target }) => target.metric))]
      .sort()
      .reverse();
    return metrics.flatMap((metric) => [
      ...figuresFor(traffic, metric, "PetShop's baseline", traversal, traversal),
      ...figuresFor(traffic, metric, "Countersign", suspects, anywhere),
    ]);
  });
}

function figuresFor(
  traffic: Traffic,
  metric: string,
  who: string,
  method: Method,
  onOrdinaryDays: Method,
): Figure[] {
  const about = { set: `PetShop, ${traffic.name.replace("_", " ")}, ${metric}`, who };
  const isOurs = method === suspects;
  const published = isOurs ? undefined : PUBLISHED[`${traffic.name} ${metric}`];
  const told = (i: 0 | 1 | 2, goal: string) =>
    isOurs ? { goal } : published === undefined ? {} : { published: published[i] };
  const issues = traffic.issues.filter(({ target }) => target.metric === metric);
  const places = issues.map(({ target, recording, truth }) =>
    placeOf(truth, method(traffic, target, traffic.normal(target), recording(target))),
  );
  const aims = new Map(issues.map(({ target }) => [JSON.stringify(target), target]));
  const silent = [...aims.values()].flatMap((aim) => {
    const days = traffic.normal(aim);
    return cuts(days.times.length).map(
      (cut) => onOrdinaryDays(traffic, aim, sliced(days, 0, cut), sliced(days, cut)).length === 0,
    );
  });
  return [
    ...figuresOf(about, "top", places, [
      [1, told(0, "> .654 over all")],
      [3, told(1, "> .827 over all")],
    ]),
    {
      ...{ ...about, measure: "specificity", of: silent.length },
      ...{ right: silent.filter(Boolean).length, ...told(2, "1.00") },
    },
  ];
}

function traversal({ callees }: Traffic, aim: Aim, normal: Recording, abnormal: Recording) {
  return madTraversal(callees, aim, normal, abnormal);
}

function suspects(traffic: Traffic, aim: Aim, normal: Recording, abnormal: Recording): string[] {
  const [before, after] = [normal.times.length, abnormal.times.length];
  const observed = [...abnormal.nodes].map(([node, values]): Observed => {
    const known = normal.nodes.get(node) ?? new Float64Array();
    const joined = [...known, ...values].map((value, i) => [i, value] as const);
    // A node without ordinary days has its rows right after them, like the others.
    const shift = before - known.length;
    const points = joined.filter(([, value]) => !Number.isNaN(value));
    return {
      series: {
        ...{ id: node, labels: {}, remarks: [] },
        times: Float64Array.from(points, ([i]) => (i + shift) * STEP),
        values: Float64Array.from(points, ([, value]) => value),
      },
      signal:
        aim.metric === "latency" ? signal("latency", "seconds") : signal("availability", "percent"),
      service: node,
    };
  });
  const ranking = rank(
    observed,
    { from: before * STEP, to: (before + after - 1) * STEP },
    {
      baselines: [{ name: "ordinary days", windows: [{ from: 0, to: before * STEP - 1 }] }],
      topology: {
        calls: [...traffic.callees].flatMap(([caller, callees]) =>
          callees.map((callee) => ({ caller, callee })),
        ),
        // X-Ray's names for what it only knows from those who call it.
        seenByCallersOnly: new Set(
          [...abnormal.nodes.keys()].filter((node) => /_(?:remote|client)$/.test(node)),
        ),
      },
      alerting: aim.node,
    },
  );
  return ranking.suspects.map(({ service }) => service).filter((service) => service !== aim.node);
}

/** Whether five rows anywhere raise a suspicion: stricter than the published way, which looks at the first alarm only. */
function anywhere(traffic: Traffic, aim: Aim, normal: Recording, rest: Recording): string[] {
  for (let row = 0; row + ROWS <= rest.times.length; row++) {
    const found = suspects(traffic, aim, normal, sliced(rest, row, row + ROWS));
    if (found.length > 0) return found;
  }
  return [];
}
