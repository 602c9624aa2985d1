import { spawnSync } from "node:child_process";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { GRAPHS } from "../demo/cards/graphs.ts";
import { createDrawing } from "../src/evidence/drawing.ts";
import type { Graph } from "../src/evidence/graph.ts";
import type { Bench } from "./result.ts";
import { ms, spread, times } from "./result.ts";
import { median } from "./stats.ts";

/** From wanting a graph to having it, and how long the thread that does everything else was held up meanwhile. */
export const graphs: Bench = {
  name: "graphs",
  async run({ quick }) {
    const rounds = quick ? 10 : 50;
    const graph = GRAPHS.step as Graph;
    const drawing = createDrawing({ worker: pathToFileURL("dist/evidence/draw-worker.js") });
    const first = await timed(() => drawing.png(graph, "light"));
    // The engine makes the code fast while it runs.
    for (let i = 0; i < 10; i += 1) await drawing.png(graph, "light");
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const [png, svg]: [number[], number[]] = [[], []];
    for (let i = 0; i < rounds; i += 1) {
      png.push(await timed(() => drawing.png(graph, "light")));
      svg.push(await timed(() => drawing.svg(graph, "dark")));
    }
    delay.disable();
    drawing.close();
    const node = nodeAlone(Math.min(rounds, 10));
    const heldUp = delay.percentile(99) / 1e6;
    return {
      rows: [
        { what: "graph, PNG", who: "Countersign, warm", result: spread(png) },
        { what: "graph, PNG", who: "Countersign, the first one", result: ms(first) },
        { what: "graph, SVG", who: "Countersign, warm", result: spread(svg) },
        {
          what: "graph, PNG",
          who: "a start of Node that does nothing",
          result: spread(node),
          countersign: times(median(png), median(node)),
        },
        {
          what: "graph, everything else held up",
          who: "Countersign",
          result: `p99 ${ms(heldUp)}, at most ${ms(delay.max / 1e6)}`,
        },
      ],
      raw: { png, svg, first, heldUp, node },
    };
  },
};

async function timed(act: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  await act();
  return performance.now() - since;
}

function nodeAlone(rounds: number): number[] {
  return Array.from({ length: rounds }, () => {
    const since = performance.now();
    spawnSync(process.execPath, ["-e", ""]);
    return performance.now() - since;
  });
}
