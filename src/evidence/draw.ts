import { LineChart } from "echarts/charts";
import {
  GraphicComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
} from "echarts/components";
import { init, setPlatformAPI, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { describe, limitOf, plain } from "./describe.ts";
import type { BandPoint, Graph, Mark, Theme } from "./graph.ts";
import type { Point } from "./measurement.ts";
import type { Scale } from "./scale.ts";
import { clockTime, daysOf, readable, timeTicks, valueScale } from "./scale.ts";
import { stretchesOf, thinned } from "./thin.ts";

use([
  LineChart,
  GridComponent,
  MarkLineComponent,
  MarkAreaComponent,
  GraphicComponent,
  SVGRenderer,
]);
// Only places are computed from it; nothing is cut that would have fitted.
setPlatformAPI({
  measureText: (text, font) => ({
    width: widthOf(text, Number.parseFloat(/[\d.]+px/.exec(font ?? "")?.[0] ?? "12")),
  }),
});

/** As a phone shows it: the letters are then as large as those of the chat around it. */
export const WIDTH = 480;
export const HEIGHT = 320;
/** The first is the one we bring along; a browser may have the others. */
const FONT = "DejaVu Sans, Verdana, sans-serif";

const LARGE = 16;
const SMALL = 13;
const MARGIN = 14;
const NARROW = /[ijltfrI.,:;'|!()[\]{}/\\ -]/;
const WIDE = /[mwMW@%…]/;
const FRAME = { right: 14, top: 84, bottom: 46 };
const MOST_SERIES = 8;
const NAMED = 3;
const LEGEND_GAP = 34;
const MOST_POINTS = 400;

export interface Palette {
  readonly paper: string;
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly series: readonly [string, string, string];
  readonly others: string;
  readonly usual: string;
  readonly threshold: string;
  readonly alert: string;
  readonly fix: string;
  readonly recovery: string;
}

export const PALETTES: Readonly<Record<Theme, Palette>> = {
  light: {
    paper: "#ffffff",
    ink: "#1e2127",
    soft: "#5d616b",
    line: "#e4e1da",
    series: ["#2a4bb5", "#b06a00", "#0b7a75"],
    others: "#b9bac1",
    usual: "#dfe4f5",
    threshold: "#b3261e",
    alert: "#fbe3e0",
    fix: "#6a3fb0",
    recovery: "#1d6b42",
  },
  dark: {
    paper: "#1b1e25",
    ink: "#e7e6e2",
    soft: "#a9adb8",
    line: "#333844",
    series: ["#9db1ff", "#f0bf5b", "#58cfc6"],
    others: "#5d6270",
    usual: "#2c3350",
    threshold: "#ff8f85",
    alert: "#452a2c",
    fix: "#c9a7ff",
    recovery: "#6fcf97",
  },
};

/** The graph as SVG, with what it shows as its title. Every text in it is escaped. */
export function drawSvg(graph: Graph, theme: Theme): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height: HEIGHT });
  try {
    chart.setOption(optionOf(graph, PALETTES[theme]));
    return titled(chart.renderToSVGString(), describe(graph));
  } finally {
    // Its timers would keep the thread for ever.
    chart.dispose();
  }
}

function titled(svg: string, title: string): string {
  return (
    svg
      .replace("<svg ", '<svg role="img" ')
      .replace(">", () => `>\n<title>${escaped(title)}</title>`)
      .replace(/<style >.*?<\/style>/s, "")
      // Where styles are forbidden, as on our own pages, the letters keep their size.
      .replace(/style="font: (\d+px) ([\w, -]+)"/g, 'font-size="$1" font-family="$2"')
      .replace(
        /style="font-size:(\d+px);font-family:([\w, -]+);"/g,
        'font-size="$1" font-family="$2"',
      )
  );
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function optionOf(graph: Graph, palette: Palette) {
  const { fromMs, toMs, unit, threshold } = graph;
  const lines = graph.series.slice(0, MOST_SERIES).map(({ points }) => visible(points, graph));
  const usual = graph.usual?.points.filter(([at]) => at >= fromMs && at <= toMs) ?? [];
  const y = valueScale(
    [
      ...lines.flatMap((points) => points.map(([, value]) => value)),
      ...usual.flatMap(([, low, high]) => [low, high]),
      ...(threshold === null ? [] : [threshold.limit]),
    ],
    unit,
  );
  const left = leftOf(y);
  return {
    animation: false,
    backgroundColor: palette.paper,
    grid: { ...FRAME, left, outerBoundsMode: "none" as const },
    xAxis: timeAxis(graph, palette),
    yAxis: {
      ...{
        type: "value" as const,
        min: y.min,
        max: y.max,
        interval: (y.max - y.min) / (y.ticks.length - 1),
      },
      axisLabel: {
        ...textOf(palette),
        formatter: (value: number) => y.labels[nearest(y.ticks, value)] ?? "",
      },
      splitLine: { lineStyle: { color: palette.line } },
    },
    series: [
      ...bandOf(usual, palette),
      marksOf(graph, palette),
      // The one that matters lies on top.
      ...lines.map((points, i) => lineOf(points, { graph, palette, i })).reverse(),
    ],
    graphic: [
      ...headOf(graph, palette),
      ...markNames(graph, { left, palette }),
      writing(daysOf(graph, graph.timeZone), {
        x: WIDTH - FRAME.right,
        y: HEIGHT - 21,
        color: palette.soft,
        align: "right",
      }),
      ...(lines.every(({ length }) => length === 0) ? [noData(left, palette)] : []),
    ],
  };
}

/** What is not a number is a gap, and infinity has no place on paper. */
function visible(points: readonly Point[], { fromMs, toMs }: Graph): readonly Point[] {
  return points.filter(([at, value]) => at >= fromMs && at <= toMs && Number.isFinite(value));
}

function timeAxis(graph: Graph, palette: Palette) {
  const { fromMs, toMs } = graph;
  const { ticks, labels } = timeTicks(graph, graph.timeZone);
  return {
    type: "value" as const,
    min: fromMs,
    max: Math.max(toMs, fromMs + 1),
    axisLine: { onZero: false, lineStyle: { color: palette.soft } },
    axisTick: { show: true, customValues: [...ticks], lineStyle: { color: palette.soft } },
    axisLabel: {
      ...textOf(palette),
      customValues: [...ticks],
      formatter: (at: number) => labels[nearest(ticks, at)] ?? "",
    },
    splitLine: { show: false },
  };
}

/** As much as the longest label takes. */
function leftOf({ labels }: Scale): number {
  return MARGIN + 8 + Math.max(...labels.map((label) => widthOf(label, SMALL)));
}

function textOf({ soft }: Palette) {
  return { fontFamily: FONT, fontSize: SMALL, color: soft };
}

function nearest(ticks: readonly number[], value: number): number {
  const distances = ticks.map((tick) => Math.abs(tick - value));
  return distances.indexOf(Math.min(...distances));
}

function lineOf(
  points: readonly Point[],
  { graph, palette, i }: { graph: Graph; palette: Palette; i: number },
) {
  const color = palette.series[i] ?? palette.others;
  const stretches = stretchesOf(points, 2.5 * graph.stepMs).map((stretch) =>
    thinned(stretch, Math.max(2, Math.ceil((MOST_POINTS * stretch.length) / points.length))),
  );
  const alone = new Set(
    stretches.filter(({ length }) => length === 1).flatMap((one) => one[0]?.[0] ?? []),
  );
  const data = stretches.flatMap((stretch) => [
    // The gap before it.
    [stretch[0]?.[0] ?? 0, null],
    ...stretch,
  ]);
  return {
    type: "line" as const,
    silent: true,
    data,
    symbol: ([at]: [number]) => (alone.has(at) ? "circle" : "none"),
    symbolSize: 7,
    itemStyle: { color },
    lineStyle: { color, width: i === 0 ? 2 : 1.5 },
    z: i === 0 ? 5 : 3,
  };
}

/** Two lines nobody sees, with what lies between them filled. */
function bandOf(usual: readonly BandPoint[], palette: Palette) {
  if (usual.length === 0) return [];
  const line = {
    type: "line" as const,
    silent: true,
    symbol: "none",
    stack: "usual",
    stackStrategy: "all" as const,
    lineStyle: { opacity: 0 },
  };
  return [
    { ...line, data: usual.map(([at, low]) => [at, low]) },
    {
      ...line,
      data: usual.map(([at, low, high]) => [at, high - low]),
      areaStyle: { color: palette.usual, opacity: 1 },
    },
  ];
}

/** Not data, but lines and areas across the whole graph. */
function marksOf(graph: Graph, palette: Palette) {
  const { alert, threshold, unit, fromMs, toMs, marks } = graph;
  const start = alert && Math.max(alert.fromMs, fromMs);
  const end = alert && Math.min(alert.toMs ?? toMs, toMs);
  const isSeen = start !== null && end !== null && start < end;
  return {
    type: "line" as const,
    silent: true,
    data: [],
    markArea: {
      silent: true,
      itemStyle: { color: palette.alert, opacity: 1 },
      data: isSeen
        ? [[{ xAxis: start }, { xAxis: end }] as [{ xAxis: number }, { xAxis: number }]]
        : [],
    },
    markLine: {
      silent: true,
      symbol: "none",
      label: { show: false },
      data: [
        ...marks
          .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
          .map(({ kind, atMs }) => ({
            xAxis: atMs,
            lineStyle: {
              color: palette[kind],
              width: 2,
              type: kind === "fix" ? [7, 4] : ("solid" as const),
            },
          })),
        ...(threshold === null
          ? []
          : [
              {
                yAxis: threshold.limit,
                lineStyle: { color: palette.threshold, width: 1.5, type: [3, 3] },
                label: {
                  ...textOf(palette),
                  show: true,
                  color: palette.threshold,
                  position: "insideStartTop" as const,
                  // Readable also where a line runs through it.
                  textBorderColor: palette.paper,
                  textBorderWidth: 3,
                  formatter: `alert ${limitOf(threshold, unit)}`,
                },
              },
            ]),
      ],
    },
  };
}

/** Its title, how it stands, and which line is which. */
function headOf(graph: Graph, palette: Palette) {
  const last = graph.series[0]?.points.findLast(([, value]) => Number.isFinite(value));
  const standing = last === undefined ? "" : `last ${readable(last[1], graph.unit)}`;
  const room = WIDTH - 2 * MARGIN - (standing === "" ? 0 : widthOf(standing, LARGE) + 12);
  const title = fitted(plain(graph.title, 200), room, LARGE);
  const right = { x: WIDTH - MARGIN, y: 10, size: LARGE, align: "right" as const };
  return [
    writing(title, { x: MARGIN, y: 10, color: palette.ink, size: LARGE }),
    ...(standing === "" ? [] : [writing(standing, { ...right, color: palette.series[0] })]),
    ...legendOf(graph, palette),
  ];
}

interface Entry {
  readonly text: string;
  readonly color: string;
  readonly height: number;
}

function legendOf(graph: Graph, palette: Palette) {
  let entries = entriesOf(graph, palette, NAMED);
  for (let named = NAMED - 1; named > 0 && lengthOf(entries) > WIDTH - 2 * MARGIN; named -= 1)
    entries = entriesOf(graph, palette, named);
  // Of the only name left, as much as there is room for.
  const over = lengthOf(entries) - (WIDTH - 2 * MARGIN);
  let x = MARGIN;
  return entries.flatMap(({ text, color, height }, i) => {
    const shown = i === 0 && over > 0 ? fitted(text, widthOf(text, SMALL) - over, SMALL) : text;
    const at = x;
    x += widthOf(shown, SMALL) + LEGEND_GAP;
    return [
      {
        type: "rect" as const,
        silent: true,
        shape: { x: at, y: 45 - height / 2, width: 16, height },
        style: { fill: color },
      },
      writing(shown, { x: at + 22, y: 38, color: palette.ink }),
    ];
  });
}

function entriesOf({ series, usual }: Graph, palette: Palette, named: number): Entry[] {
  const shown = series.slice(0, named).flatMap(({ name }, i): Entry[] => {
    const text = plain(name, 60);
    return text === "" ? [] : [{ text, color: palette.series[i] ?? palette.others, height: 3 }];
  });
  const more = series.length - named;
  return [
    ...shown,
    ...(more > 0
      ? [{ text: `${more} more`, color: palette.series[named] ?? palette.others, height: 3 }]
      : []),
    ...(usual === null
      ? []
      : [{ text: `usual (${plain(usual.from, 40)})`, color: palette.usual, height: 11 }]),
  ];
}

function lengthOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { text }) => sum + widthOf(text, SMALL) + LEGEND_GAP, 0) - 12;
}

/** In one row over the graph, each as near to its line as its neighbours let it. */
function markNames(
  { alert, marks, fromMs, toMs, timeZone }: Graph,
  { left, palette }: { left: number; palette: Palette },
) {
  const at = (ms: number) =>
    left + ((ms - fromMs) / Math.max(1, toMs - fromMs)) * (WIDTH - left - FRAME.right);
  const last = (kind: Mark["kind"]) =>
    marks.filter((mark) => mark.kind === kind && mark.atMs >= fromMs && mark.atMs <= toMs).at(-1);
  const [fix, recovery] = [last("fix"), last("recovery")];
  const wanted = [
    ...(alert === null || alert.fromMs > toMs
      ? []
      : [{ words: "alert", ms: alert.fromMs, color: palette.threshold }]),
    ...(fix === undefined ? [] : [{ words: "fix", ms: fix.atMs, color: palette.fix }]),
    ...(recovery === undefined
      ? []
      : [{ words: "recovered", ms: recovery.atMs, color: palette.recovery }]),
  ].map(({ words, ms, color }) => {
    const text = `${words} ${clockTime(ms, timeZone)}`;
    return { text, color, width: widthOf(text, SMALL), x: at(Math.max(ms, fromMs)) };
  });
  let end = MARGIN;
  const placed = wanted.map((one) => {
    const x = Math.max(end + 8, one.x - one.width / 2);
    end = x + one.width;
    return { ...one, x };
  });
  let start = WIDTH - 6;
  return placed.reverse().map((one) => {
    const x = Math.min(one.x, start - one.width);
    start = x - 8;
    return writing(one.text, { x, y: FRAME.top - 20, color: one.color });
  });
}

function noData(left: number, { soft, paper }: Palette) {
  const place = { x: (WIDTH + left) / 2, y: (HEIGHT + FRAME.top - FRAME.bottom) / 2 };
  const text = writing("No data in this time", {
    ...place,
    color: soft,
    size: LARGE,
    align: "center",
  });
  return { ...text, z: 100, style: { ...text.style, backgroundColor: paper, padding: 6 } };
}

function writing(
  text: string,
  {
    x,
    y,
    color,
    size = SMALL,
    align = "left",
  }: { x: number; y: number; color: string; size?: number; align?: "left" | "center" | "right" },
) {
  return {
    type: "text" as const,
    silent: true,
    x,
    y,
    style: { text, fill: color, font: `${size}px ${FONT}`, align },
  };
}

function fitted(text: string, width: number, size: number): string {
  if (widthOf(text, size) <= width) return text;
  const chars = [...text];
  while (chars.length > 0 && widthOf(`${chars.join("")}…`, size) > width) chars.pop();
  return `${chars.join("").trimEnd()}…`;
}

/** About as wide as the font is, and rather a little more. */
function widthOf(text: string, size: number): number {
  let ems = 0;
  for (const char of text)
    ems += NARROW.test(char) ? 0.36 : WIDE.test(char) ? 0.95 : char > "\u2e80" ? 1 : 0.63;
  return ems * size;
}
