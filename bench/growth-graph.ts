import { LineChart } from "echarts/charts";
import { GridComponent, LegendComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { PALETTES } from "../src/evidence/draw.ts";

use([LineChart, GridComponent, LegendComponent, SVGRenderer]);

const { paper, ink, soft, line, series: colours, alert } = PALETTES.light;

export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [size: number, ms: number])[];
}

/** Times against the size of the history, both by their logarithms: what does not grow lies flat. */
export function growthGraph(curves: readonly Curve[]): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width: 720, height: 400 });
  const axis = { type: "log" as const, axisLabel: { color: soft }, minorTick: { show: false } };
  const name = { nameLocation: "middle" as const, nameTextStyle: { color: soft } };
  chart.setOption({
    animation: false,
    backgroundColor: paper,
    color: [...colours, alert],
    textStyle: { fontFamily: "DejaVu Sans, Verdana, sans-serif", fontSize: 13 },
    legend: { top: 12, textStyle: { color: ink, fontSize: 13 } },
    grid: { left: 70, right: 30, top: 56, bottom: 56 },
    xAxis: {
      ...{ ...axis, ...name, name: "incidents in the history", nameGap: 32 },
      ...{ min: 1_000, splitLine: { show: false } },
      axisLabel: { color: soft, formatter: (size: number) => size.toLocaleString("en") },
    },
    yAxis: {
      ...{ ...axis, ...name, name: "milliseconds", nameGap: 48 },
      splitLine: { lineStyle: { color: line } },
    },
    series: curves.map((curve) => ({
      ...{ type: "line" as const, name: curve.name, symbol: "circle", symbolSize: 7 },
      data: curve.points.map((point) => [...point]),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
