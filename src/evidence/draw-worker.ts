import { parentPort } from "node:worker_threads";
import { drawSvg } from "./draw.ts";
import type { DrawingOrder, Drawn } from "./drawing.ts";
import { rasterize } from "./rasterize.ts";

/** The thread that draws: it knows nothing and asks nobody, and takes a tenth of a second at a time. */
parentPort?.on("message", ({ id, graph, theme, format }: DrawingOrder) => {
  parentPort?.postMessage(
    answerOf(id, () => {
      const svg = drawSvg(graph, theme);
      return format === "svg" ? svg : rasterize(svg);
    }),
  );
});

function answerOf(id: number, draw: () => string | Uint8Array): Drawn {
  try {
    return { id, picture: draw() };
  } catch (error) {
    return { id, why: error instanceof Error ? error.message : String(error) };
  }
}
