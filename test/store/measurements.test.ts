import { expect, it } from "vitest";
import type { Measurement, Point } from "../../src/evidence/measurement.ts";
import { pack, unpack } from "../../src/store/measurements.ts";
import { createLab } from "./lab.ts";

const points: readonly Point[] = [
  [1_772_334_000_000, 0.123456789],
  [1_772_334_015_000, Number.POSITIVE_INFINITY],
  // A gap.
  [1_772_334_060_000, -3e-9],
  [1_772_334_075_000, 0],
];
const measurement: Measurement = {
  role: "rule",
  title: "HighCPU",
  query: "up > 1",
  type: null,
  unit: "ratio",
  window: { fromMs: 1_772_334_000_000, toMs: 1_772_334_900_000, stepMs: 15_000 },
  alertAtMs: 1_772_334_600_000,
  threshold: { operator: ">", limit: 0.9 },
  series: [
    {
      labels: { instance: 'odd "x"' },
      now: points,
      baselines: { before: [], yesterday: points.slice(0, 1), last_week: points.slice(2) },
    },
  ],
  seriesTotal: 7,
  missing: { before: "nothing is kept of that time" },
  warnings: ["a store was not reached"],
};

it("keeps what was measured to six digits, with its gaps and infinities", () => {
  const [kept] = unpack(pack([measurement]));

  expect(kept?.series[0]?.now).toEqual([
    [1_772_334_000_000, 0.123457],
    [1_772_334_015_000, Number.POSITIVE_INFINITY],
    [1_772_334_060_000, -3e-9],
    [1_772_334_075_000, 0],
  ]);
  expect({ ...kept, series: [] }).toEqual({ ...measurement, series: [] });
  expect(kept?.series[0]?.baselines.before).toEqual([]);
  expect(kept?.series[0]?.baselines.yesterday).toHaveLength(1);
  expect(unpack(pack([]))).toEqual([]);
});

it("takes little room", () => {
  const long = Array.from(
    { length: 400 },
    (_, i): Point => [1_772_334_000_000 + i * 15_000, i / 7],
  );
  const series = {
    labels: {},
    now: long,
    baselines: { before: long, yesterday: long, last_week: long },
  };

  expect(pack([{ ...measurement, series: [series] }])?.length).toBeLessThan(16_000);
});

it("lies with its item, is shown with it, and is replaced when it is collected anew", async () => {
  const { store, fire, now } = createLab();
  const episode = await fire();
  const item = {
    kind: "promql" as const,
    title: "t",
    status: "found" as const,
    collectedAt: now(),
  };
  const reading = () => ({
    by: "rules" as const,
    cause: "c",
    confidence: "low" as const,
    cites: [],
  });

  await store.findings.save(
    episode,
    [
      { ...item, text: "a", measurements: [measurement] },
      { ...item, title: "u", text: "b" },
    ],
    reading,
  );
  const first = await store.views.incident(episode.incidentId);
  await store.findings.refresh(episode, [{ ...item, text: "c", measurements: [] }], reading);
  const second = await store.findings.of(episode);

  expect(
    first?.evidence.map(({ measurements }) => measurements?.map(({ title }) => title)),
  ).toEqual([["HighCPU"], []]);
  expect(second.map(({ text, measurements }) => [text, measurements])).toEqual([
    ["c", []],
    ["b", []],
  ]);
});
