import { describe, expect, it } from "vitest";
import type { IncidentView } from "../src/chat/card.ts";
import type { Graph, Theme } from "../src/evidence/graph.ts";
import type { Measurement, Point, Role, Series, Window } from "../src/evidence/measurement.ts";
import { createGraphs } from "../src/graphs.ts";
import { anAlert, anExecution, aVerification, aView, OPENED } from "./fakes/incidents.ts";

const MINUTE = 60_000;
const FROM = OPENED.getTime() - 30 * MINUTE;
const points = (from: number, to: number, value = 95): Point[] =>
  Array.from({ length: Math.round((to - from) / MINUTE) + 1 }, (_, i) => [
    from + i * MINUTE,
    value,
  ]);

function aMeasurement(role: Role = "rule", over: Partial<Measurement> = {}): Measurement {
  const series: Series = {
    labels: { instance: "web-01" },
    now: points(FROM, OPENED.getTime()),
    baselines: { before: [], yesterday: [], last_week: [] },
  };
  return {
    role,
    title: `Measured for the ${role}`,
    query: "node_load1",
    type: null,
    unit: null,
    window: { fromMs: FROM, toMs: OPENED.getTime(), stepMs: MINUTE },
    alertAtMs: OPENED.getTime(),
    threshold: null,
    series: [series],
    seriesTotal: 1,
    missing: {},
    warnings: [],
    ...over,
  };
}

function aMeasuredView(measurements: readonly Measurement[], over: Partial<IncidentView> = {}) {
  const item = { id: "E1", kind: "promql", title: "Load", text: "9", status: "found" } as const;
  const evidence = [{ ...item, collectedAt: OPENED, measurements }];
  return aView({ evidence, ...over });
}

/** Graphs with an ink that keeps what it was asked to draw, and a source that knows how it went on. */
function lab({ isDown = false, hasSource = true } = {}) {
  const drawn: { graph: Graph; theme: Theme }[] = [];
  const asked: Window[] = [];
  const graphs = createGraphs({
    drawing: {
      async svg(graph, theme) {
        drawn.push({ graph, theme });
        return `<svg ${theme} ${drawn.length}>`;
      },
      async png(graph, theme) {
        drawn.push({ graph, theme });
        return new Uint8Array([drawn.length]);
      },
    },
    prometheus: hasSource
      ? {
          queryRange: async (_, window) => {
            asked.push(window);
            if (isDown) throw new Error("it is down");
            const labels = { instance: "web-01" };
            return {
              series: [{ labels, points: points(window.fromMs, window.toMs, 5) }],
              warnings: [],
            };
          },
        }
      : null,
    now: () => new Date(OPENED.getTime() + 60 * MINUTE),
  });
  return { graphs, drawn, asked };
}

const later = (minutes: number) => new Date(OPENED.getTime() + minutes * MINUTE);
const verified = {
  executions: [anExecution({ startedAt: later(5) })],
  verifications: [aVerification({ judgedAt: later(8) })],
};

describe("the one under a card", () => {
  it("is of the alert's own rule rather than of anything else", async () => {
    const view = aMeasuredView([
      aMeasurement("related"),
      aMeasurement("rule"),
      aMeasurement("signal"),
    ]);

    expect((await lab().graphs.sketch(view))?.title).toBe("Measured for the rule");
  });

  it("is of something that has a number in it, or there is none", async () => {
    const empty: Series = {
      labels: {},
      now: [[FROM, Number.POSITIVE_INFINITY]],
      baselines: { before: [], yesterday: [], last_week: [] },
    };
    const { graphs } = lab();

    expect(
      await graphs.sketch(aMeasuredView([aMeasurement("rule", { series: [empty] })])),
    ).toBeNull();
    expect(await graphs.sketch(aMeasuredView([]))).toBeNull();
    expect(await graphs.sketch(aView())).toBeNull();
  });

  it("stays the same while nothing happens that it could show", async () => {
    const { graphs, asked } = lab();
    const view = aMeasuredView([aMeasurement()]);

    const before = await graphs.sketch(view);
    const after = await graphs.sketch({
      ...view,
      executions: [anExecution({ startedAt: later(5) })],
    });

    expect(after?.key).toBe(before?.key);
    expect(asked).toEqual([]);
  });

  it("goes on after a run was judged, with the fix and the recovery in it", async () => {
    const { graphs, drawn } = lab();
    const view = aMeasuredView([aMeasurement()]);

    const before = await graphs.sketch(view);
    const after = await graphs.sketch({ ...view, ...verified });
    await after?.draw();

    expect(after?.key).not.toBe(before?.key);
    const graph = drawn[0]?.graph;
    expect(graph?.marks).toEqual([
      { kind: "fix", atMs: later(5).getTime() },
      { kind: "recovery", atMs: later(8).getTime() },
    ]);
    expect(graph?.alert).toEqual({ fromMs: OPENED.getTime(), toMs: later(8).getTime() });
    expect(graph?.toMs).toBe(later(13).getTime());
    expect(graph?.series[0]?.points.at(-1)).toEqual([later(13).getTime(), 5]);
  });

  it("is told once more when it is over, and only then", async () => {
    const { graphs } = lab();
    const view = aMeasuredView([aMeasurement()]);
    const over = {
      ...view.incident,
      state: "resolved" as const,
      resolvedAt: later(9),
      alerts: [anAlert({ status: "resolved", endsAt: later(9) })],
    };

    const keys = [
      await graphs.sketch({ ...view, ...verified }),
      await graphs.sketch({ ...view, ...verified, incident: over }),
      await graphs.sketch({ ...view, incident: over }),
    ].map((sketch) => sketch?.key);

    expect(keys).toEqual(["E1/0 run 1", "E1/0 run 1", "E1/0 over"]);
  });

  it.each([
    ["is down", { isDown: true }],
    ["is not there", { hasSource: false }],
  ])("stays as it was where the source %s", async (_, given) => {
    const { graphs } = lab(given);
    const view = aMeasuredView([aMeasurement()]);

    expect((await graphs.sketch({ ...view, ...verified }))?.key).toBe(
      (await graphs.sketch(view))?.key,
    );
  });

  it("says in words what it shows", async () => {
    const sketch = await lab().graphs.sketch(aMeasuredView([aMeasurement()]));

    expect(sketch?.alt).toBe(
      "Measured for the rule, web-01, 10:00 to 10:30 UTC: last 95, least 95, most 95; alert since 10:30",
    );
  });
});

describe("those of the console", () => {
  const view = aMeasuredView([aMeasurement("rule"), aMeasurement("signal")]);

  it("are all there are, and each is drawn once a theme", async () => {
    const { graphs, drawn } = lab();

    expect(graphs.list(view).map(({ evidenceId, n }) => [evidenceId, n])).toEqual([
      ["E1", 0],
      ["E1", 1],
    ]);
    const wanted = { evidenceId: "E1", n: 1, theme: "dark" } as const;
    const first = await graphs.svg(view, wanted);
    expect(await graphs.svg(view, wanted)).toBe(first);
    await graphs.svg(view, { ...wanted, theme: "light" });

    expect(drawn.map(({ theme }) => theme)).toEqual(["dark", "light"]);
  });

  it("have another version when there is more to see", () => {
    const { graphs } = lab();
    const versions = (given: IncidentView) => graphs.list(given).map(({ version }) => version);

    expect(versions({ ...view, ...verified })).not.toEqual(versions(view));
  });

  it.each([
    ["E2", 0],
    ["E1", 2],
    ["E1", -1],
    ["E1", Number.NaN],
  ])("there is none of %s %d", async (evidenceId, n) => {
    expect(await lab().graphs.svg(view, { evidenceId, n, theme: "light" })).toBeNull();
  });

  it("what could not be drawn is tried again", async () => {
    let attempts = 0;
    const graphs = createGraphs({
      drawing: {
        svg: async () => {
          attempts += 1;
          if (attempts === 1) throw new Error("no ink");
          return "<svg>";
        },
        png: async () => new Uint8Array(),
      },
      prometheus: null,
      now: () => OPENED,
    });
    const wanted = { evidenceId: "E1", n: 0, theme: "light" } as const;

    await expect(graphs.svg(view, wanted)).rejects.toThrow("no ink");
    expect(await graphs.svg(view, wanted)).toBe("<svg>");
  });
});
