import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { GRAPHS } from "../../demo/cards/graphs.ts";
import { createDrawing } from "../../src/evidence/drawing.ts";
import type { Graph } from "../../src/evidence/graph.ts";

const worker = pathToFileURL("dist/evidence/draw-worker.js");

function draw(over: Parameters<typeof createDrawing>[0] = {}) {
  const drawing = createDrawing({ worker, ...over });
  onTestFinished(() => drawing.close());
  return drawing;
}

async function until(look: () => boolean): Promise<void> {
  while (!look()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const step = GRAPHS.step as Graph;

it("draws elsewhere, as SVG and as PNG", async () => {
  const drawing = draw();

  const [svg, png] = await Promise.all([drawing.svg(step, "dark"), drawing.png(step, "light")]);

  expect(svg).toMatch(/^<svg role="img"/);
  expect(Buffer.from(png).subarray(1, 4).toString()).toBe("PNG");
});

it("T19 nothing that draws is loaded into the thread that everything else needs", () => {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const read = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, from = ""] of readFileSync(file, "utf8").matchAll(
      /(?:from|import\(?) ?"([^"]+)"/g,
    )) {
      if (from.startsWith(".")) read(join(dirname(file), from));
      else packages.add(from.replace(/^((?:@[^/]+\/)?[^/]+).*/, "$1"));
    }
  };
  read("dist/main.js");

  expect(seen).toContain("dist/evidence/drawing.js");
  expect([...packages]).toContain("hono");
  expect([...packages]).not.toContain("echarts");
  expect([...packages]).not.toContain("@resvg/resvg-js");
});

it("has no thread before the first picture, and none when no more are wanted", async () => {
  const drawing = draw({ idleMs: 20 });
  expect(drawing.isAwake()).toBe(false);

  await drawing.svg(step, "light");
  expect(drawing.isAwake()).toBe(true);
  await until(() => !drawing.isAwake());

  expect(await drawing.svg(step, "light")).toContain("<svg");
});

it("says what can't be drawn, and goes on", async () => {
  const drawing = draw();

  await expect(drawing.svg({ ...step, timeZone: "Nowhere/At-All" }, "light")).rejects.toThrow(
    /time ?zone/i,
  );
  expect(await drawing.svg(step, "light")).toContain("<svg");
});

it("ends a thread that hangs, and the next picture gets another", async () => {
  const hangs = new URL("data:text/javascript,for(;;);");
  const drawing = draw({ worker: hangs, withinMs: 50 });

  await expect(drawing.svg(step, "light")).rejects.toThrow("no picture in 0.05 s");
  expect(drawing.isAwake()).toBe(false);
});

it("tells of a thread that can't begin", async () => {
  const drawing = draw({ worker: pathToFileURL("/nowhere/at-all.js") });

  await expect(drawing.svg(step, "light")).rejects.toThrow(/Cannot find module/);
  expect(drawing.isAwake()).toBe(false);
});

it("refuses more than it can draw soon", async () => {
  const drawing = draw();
  const all = Array.from({ length: 51 }, () => drawing.svg(step, "light"));

  await expect(all.at(-1)).rejects.toThrow("too many pictures at once");
  expect(await Promise.all(all.slice(0, 50))).toHaveLength(50);
});
