import type { IncidentView } from "./chat/card.ts";
import type { Sketch } from "./chat/illustrator.ts";
import { describe } from "./evidence/describe.ts";
import type { Drawing } from "./evidence/drawing.ts";
import type { Graph, Mark, Theme } from "./evidence/graph.ts";
import { graphOf } from "./evidence/graph-of.ts";
import { keyOf } from "./evidence/measure.ts";
import type { Measurement, Role } from "./evidence/measurement.ts";
import type { Prometheus } from "./evidence/prometheus.ts";

/** One measurement of an incident that can be drawn. */
interface Shot {
  readonly evidenceId: string;
  readonly n: number;
  readonly measurement: Measurement;
}

const BY_USE: readonly Role[] = ["rule", "runbook", "signal", "related", "logs", "kpi"];
const KEPT = 20;
/** How much of its width a graph goes on after what happened last. */
const AFTER = 0.05;

/** The graphs of stored incidents, for chats and console alike: what was measured, and what has happened since. */
export function createGraphs({
  drawing,
  prometheus,
  now,
  timeZone = "UTC",
}: {
  readonly drawing: Pick<Drawing, "svg" | "png">;
  /** For how it went on after it was measured; without it a graph ends where the measurement did. */
  readonly prometheus: Pick<Prometheus, "queryRange"> | null;
  readonly now: () => Date;
  readonly timeZone?: string;
}) {
  const drawn = new Map<string, Promise<string>>();
  const continued = new Map<string, Promise<Measurement>>();

  /** What stands under the card in a chat: the one measurement that says most. */
  async function sketch(view: IncidentView): Promise<Sketch | null> {
    const [shot] = [...shotsOf(view)].sort(
      (a, b) => BY_USE.indexOf(a.measurement.role) - BY_USE.indexOf(b.measurement.role),
    );
    if (shot === undefined) return null;
    const { graph, phase } = await graphFor(view, shot);
    return {
      key: `${shot.evidenceId}/${shot.n} ${phase}`,
      title: graph.title,
      alt: describe(graph),
      draw: () => drawing.png(graph, "light"),
    };
  }

  /** What the console shows; each is drawn when its picture is asked for. */
  function list(view: IncidentView) {
    return shotsOf(view).map((shot) => ({
      evidenceId: shot.evidenceId,
      n: shot.n,
      version: phaseOf(view, shot.measurement).phase,
      alt: describe(graphOf(shot.measurement, storyOf(view, shot.measurement, timeZone))),
    }));
  }

  /** Null where there is no such graph. */
  async function svg(
    view: IncidentView,
    wanted: { readonly evidenceId: string; readonly n: number; readonly theme: Theme },
  ): Promise<string | null> {
    const { evidenceId, n, theme } = wanted;
    const shot = shotsOf(view).find((each) => each.evidenceId === evidenceId && each.n === n);
    if (shot === undefined) return null;
    const { graph, phase } = await graphFor(view, shot);
    const at = shot.measurement.window.toMs;
    const key = [view.incident.id, evidenceId, n, at, phase, theme].join(" ");
    return await remembered(drawn, key, () => drawing.svg(graph, theme));
  }

  async function graphFor(
    view: IncidentView,
    shot: Shot,
  ): Promise<{ graph: Graph; phase: string }> {
    const { measurement } = shot;
    const { phase, lastMs } = phaseOf(view, measurement);
    const story = storyOf(view, measurement, timeZone);
    if (lastMs <= measurement.window.toMs) return { graph: graphOf(measurement, story), phase };
    const key = [view.incident.id, shot.evidenceId, shot.n, phase].join(" ");
    try {
      const longer = await remembered(continued, key, () => continuation(measurement, lastMs));
      return { graph: graphOf(longer, story), phase };
    } catch {
      // What is not known any more can't be drawn: the graph stays as it was.
      return { graph: graphOf(measurement, story), phase: FIRING };
    }
  }

  /** The same series, up to a little after what happened last. */
  async function continuation(measurement: Measurement, lastMs: number): Promise<Measurement> {
    if (prometheus === null) throw new Error("no source knows how it went on");
    const { window, query } = measurement;
    const fromMs = window.toMs + window.stepMs;
    const after = Math.max(5 * window.stepMs, AFTER * (lastMs - window.fromMs));
    const toMs = Math.max(fromMs, Math.min(now().getTime(), lastMs + after));
    const { series } = await prometheus.queryRange(query, { fromMs, toMs, stepMs: window.stepMs });
    const found = new Map(series.map(({ labels, points }) => [keyOf(labels), points]));
    return {
      ...measurement,
      window: { ...window, toMs },
      series: measurement.series.map((one) => ({
        ...one,
        now: [...one.now, ...(found.get(keyOf(one.labels)) ?? [])],
      })),
    };
  }

  return { sketch, list, svg };
}

export type Graphs = ReturnType<typeof createGraphs>;

const FIRING = "firing";

/** What of the evidence can be drawn. */
export function shotsOf({ evidence }: Pick<IncidentView, "evidence">): Shot[] {
  return evidence.flatMap(({ id, measurements = [] }) =>
    measurements.flatMap((measurement, n) =>
      measurement.series.some(({ now }) => now.some(([, value]) => Number.isFinite(value)))
        ? [{ evidenceId: id, n, measurement }]
        : [],
    ),
  );
}

/** What a graph has to show that an earlier one could not: how each run ended, and that it is over. */
function phaseOf(
  view: IncidentView,
  { alertAtMs }: Measurement,
): { phase: string; lastMs: number } {
  const judged = view.verifications
    .filter(({ judgedAt }) => judgedAt.getTime() > alertAtMs)
    .map(({ judgedAt, outcome }) => ({ atMs: judgedAt.getTime(), outcome }));
  const lastMs = Math.max(0, ...judged.map(({ atMs }) => atMs));
  const isSeenToEnd = judged.some(({ outcome }) => outcome === "verified");
  const overMs = view.incident.resolvedAt?.getTime() ?? 0;
  if (overMs > alertAtMs && !isSeenToEnd)
    return { phase: "over", lastMs: Math.max(lastMs, overMs) };
  return judged.length === 0
    ? { phase: FIRING, lastMs: 0 }
    : { phase: `run ${judged.length}`, lastMs };
}

function storyOf(view: IncidentView, measurement: Measurement, timeZone: string) {
  const { alertAtMs, title } = measurement;
  const { alerts, resolvedAt } = view.incident;
  const alert = alerts.find(({ startsAt }) => startsAt.getTime() === alertAtMs);
  const ended = alert?.status === "resolved" ? alert.endsAt : resolvedAt;
  const endedMs = ended !== null && ended.getTime() > alertAtMs ? ended.getTime() : null;
  const helped = view.verifications.find(({ outcome }) => outcome === "verified");
  const recoveredMs = endedMs ?? helped?.judgedAt.getTime() ?? null;
  const marks: Mark[] = [
    ...view.executions.flatMap(({ startedAt }): Mark[] =>
      startedAt === null ? [] : [{ kind: "fix", atMs: startedAt.getTime() }],
    ),
    ...(recoveredMs === null ? [] : [{ kind: "recovery" as const, atMs: recoveredMs }]),
  ];
  return { title, alert: { fromMs: alertAtMs, toMs: recoveredMs }, marks, timeZone };
}

/** The last few; what failed is not kept. */
function remembered<T>(
  kept: Map<string, Promise<T>>,
  key: string,
  make: () => Promise<T>,
): Promise<T> {
  const before = kept.get(key);
  if (before !== undefined) return before;
  const made = make();
  kept.set(key, made);
  made.catch(() => kept.delete(key));
  const [oldest] = kept.keys();
  if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
  return made;
}
