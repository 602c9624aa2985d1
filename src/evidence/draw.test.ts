import { describe, expect, it } from "vitest";
import { describe as textOf } from "./describe.ts";
import { drawSvg, HEIGHT, PALETTES, WIDTH } from "./draw.ts";
import type { Graph, Theme } from "./graph.ts";
import type { Point } from "./measurement.ts";
import { PNG_WIDTH, rasterize } from "./rasterize.ts";

const FROM = Date.parse("2026-11-20T02:10:00Z");
const MINUTE = 60_000;
const points = (value: (i: number) => number): Point[] =>
  Array.from({ length: 121 }, (_, i) => [FROM + i * 30_000, value(i)]);

const graph: Graph = {
  title: "Processor time in use",
  unit: "percent",
  fromMs: FROM,
  toMs: FROM + 60 * MINUTE,
  stepMs: 30_000,
  series: [{ name: "web-01", points: points((i) => (i > 60 && i < 90 ? 95 : 20)) }],
  threshold: { operator: ">", limit: 90 },
  usual: {
    from: "yesterday",
    points: [
      [FROM, 15, 25],
      [FROM + 60 * MINUTE, 15, 25],
    ],
  },
  alert: { fromMs: FROM + 35 * MINUTE, toMs: FROM + 50 * MINUTE },
  marks: [
    { kind: "fix", atMs: FROM + 44 * MINUTE },
    { kind: "recovery", atMs: FROM + 50 * MINUTE },
  ],
  timeZone: "UTC",
};

/** What people read, in the order of the file. */
function wordsIn(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text ?? "");
}

describe.each<Theme>(["light", "dark"])("in the %s theme", (theme) => {
  const svg = drawSvg(graph, theme);
  const palette = PALETTES[theme];

  it("draws the line, what was usual, the alert, the threshold, the fix and the recovery", () => {
    const paths = [...svg.matchAll(/<(?:path|polyline|polygon|rect)[^>]*>/g)].map(([tag]) => tag);
    const lines = (color: string) => paths.filter((tag) => tag.includes(`stroke="${color}"`));
    const areas = (color: string) => paths.filter((tag) => tag.includes(`fill="${color}"`));

    expect(lines(palette.series[0])).toHaveLength(1);
    expect(areas(palette.alert)).toHaveLength(1);
    // Once in the graph, once in the legend.
    expect(areas(palette.usual)).toHaveLength(2);
    expect(lines(palette.threshold)).toHaveLength(1);
    expect(lines(palette.threshold)[0]).toContain("stroke-dasharray");
    expect(lines(palette.fix)[0]).toContain("stroke-dasharray");
    expect(lines(palette.recovery)).toHaveLength(1);
    expect(lines(palette.recovery)[0]).not.toContain("stroke-dasharray");
  });

  it("names each of them in words, not by colour alone", () => {
    expect(wordsIn(svg)).toEqual(
      expect.arrayContaining([
        "Processor time in use",
        "last 20 %",
        "web-01",
        "usual (yesterday)",
        "alert above 90 %",
        "alert 02:45",
        "fix 02:54",
        "recovered 03:00",
        "Fri 20 Nov, UTC",
      ]),
    );
  });

  it("carries nothing that acts, loads or needs a style sheet", () => {
    expect(svg).not.toMatch(/<(?:script|style|image|foreignObject|a)\b/i);
    expect(svg).not.toMatch(/\s(?:on\w+|style|(?:xlink:)?href)=/i);
    expect(svg).toMatch(new RegExp(`^<svg role="img" width="${WIDTH}" height="${HEIGHT}"`));
  });

  it("says in its title what it shows", () => {
    expect(svg).toContain(`<title>${textOf(graph).replaceAll("&", "&amp;")}</title>`);
  });

  it("is a PNG of a phone's width", () => {
    const png = rasterize(svg);

    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect(png.readUInt32BE(16)).toBe(PNG_WIDTH);
    expect(png.readUInt32BE(20)).toBe(Math.round((PNG_WIDTH * HEIGHT) / WIDTH));
    expect(png.length).toBeLessThan(200_000);
  });
});

describe("T33 hostile text", () => {
  const hostile = '\u0000\u202e\ud800</text><script>alert(1)</script><image href="http://x/"/>]]>&';

  it.each([
    ["in the title", { ...graph, title: hostile }],
    [
      "in a name",
      { ...graph, series: [{ ...graph.series[0], name: hostile, points: points(() => 1) }] },
    ],
    [
      "of 10 KB",
      {
        ...graph,
        title: hostile.repeat(150),
        series: [{ name: hostile.repeat(150), points: points(() => 1) }],
      },
    ],
    [
      "in what was usual",
      { ...graph, usual: { from: hostile, points: graph.usual?.points ?? [] } },
    ],
  ])("%s is only text", (_, given) => {
    const svg = drawSvg(given, "light");

    expect(svg).not.toMatch(/<(?:script|image)\b/);
    expect(svg.length).toBeLessThan(30_000);
    expect([...svg].filter((char) => /(?!\n)\p{C}/u.test(char))).toEqual([]);
    expect(rasterize(svg).length).toBeGreaterThan(1_000);
  });
});

describe("odd data", () => {
  const of = (given: readonly Point[]): Graph => ({
    ...graph,
    usual: null,
    series: [{ name: "x", points: given }],
  });
  const linesOf = (svg: string) =>
    [...svg.matchAll(/<(?:path|polyline)[^>]*>/g)]
      .map(([tag]) => tag)
      .filter((tag) => tag.includes(`stroke="${PALETTES.light.series[0]}"`));

  it("without a series, or a point, it says so and keeps the marks", () => {
    for (const given of [{ ...graph, series: [], usual: null }, of([])]) {
      const words = wordsIn(drawSvg(given, "light"));

      expect(words).toContain("No data in this time");
      expect(words).toContain("alert 02:45");
      expect(words).toContain("alert above 90 %");
      expect(textOf(given)).toContain("no data");
    }
  });

  it("NaN and infinity are gaps, and nothing bridges a gap", () => {
    const given = of(
      points((i) => (i % 40 === 20 ? Number.POSITIVE_INFINITY : i % 40 > 20 ? Number.NaN : 50)),
    );
    const [line] = linesOf(drawSvg(given, "light"));

    expect(line?.match(/M/g)).toHaveLength(4);
    expect(drawSvg(given, "light")).not.toMatch(/NaN|Infinity/);
  });

  it("one point alone is a dot, also between gaps", () => {
    const one = drawSvg(of([[FROM + 20 * MINUTE, 42]]), "light");
    const many = drawSvg(
      of([
        [FROM, 1],
        [FROM + 20 * MINUTE, 42],
        [FROM + 40 * MINUTE, 2],
      ]),
      "light",
    );
    const dots = (svg: string) =>
      svg.match(
        new RegExp(`<(?:path|circle|ellipse)[^>]*fill="${PALETTES.light.series[0]}"`, "g"),
      ) ?? [];

    // One more in the legend.
    expect(dots(one)).toHaveLength(1 + 1);
    expect(dots(many)).toHaveLength(3 + 1);
  });

  it("a constant is a straight line that is not at the edge", () => {
    const svg = drawSvg({ ...of(points(() => 1)), unit: "number", threshold: null }, "light");

    expect(linesOf(svg)).toHaveLength(1);
    expect(wordsIn(svg)).toEqual(expect.arrayContaining(["0", "0.5", "1", "1.5"]));
  });

  it("what lies outside the window is left out", () => {
    const svg = drawSvg(
      {
        ...of([
          [FROM - MINUTE, 9e9],
          [FROM, 1],
          [FROM + 30_000, 1],
        ]),
        marks: [{ kind: "fix", atMs: FROM - MINUTE }],
        alert: { fromMs: FROM - 90 * MINUTE, toMs: null },
      },
      "light",
    );

    expect(svg).not.toContain(PALETTES.light.fix);
    expect(wordsIn(svg)).not.toContain("fix 02:09");
    expect(wordsIn(svg)).toContain("alert 00:40");
  });

  it("ten thousand points stay a small picture, and a spike of one point stays in it", () => {
    const many: Point[] = Array.from({ length: 10_000 }, (_, i) => [
      FROM + i * 360,
      i === 7_777 ? 99 : 20,
    ]);
    const svg = drawSvg({ ...of(many), threshold: null, stepMs: 360 }, "light");

    expect(svg.length).toBeLessThan(30_000);
    expect(wordsIn(svg)).toContain("100 %");
  });

  it("of many series the first are named, the others counted", () => {
    const series = Array.from({ length: 40 }, (_, i) => ({
      name: `series number ${i}`,
      points: points(() => i),
    }));
    const words = wordsIn(drawSvg({ ...graph, series }, "light"));

    expect(words).toContain("series number 0");
    expect(words.filter((text) => /^\d+ more$/.test(text))).toHaveLength(1);
  });
});

it("says in words what there is to see", () => {
  expect(textOf(graph)).toBe(
    "Processor time in use, web-01, 02:10 to 03:10 UTC: last 20 %, least 20 %, most 95 %; threshold: above 90 %; alert since 02:45 until 03:00; fix at 02:54; recovered at 03:00",
  );
});
