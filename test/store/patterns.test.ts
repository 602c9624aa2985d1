import { expect, it } from "vitest";
import type { Measurement, Threshold } from "../../src/evidence/measurement.ts";
import { createLab } from "./lab.ts";

function measured(role: Measurement["role"], threshold: Threshold, values: readonly number[]) {
  const baselines = { before: [], yesterday: [], last_week: [] };
  const now = values.map((value, n) => [n * 15_000, value] as const);
  return {
    ...{ role, threshold, title: "t", query: "q", type: null, unit: null },
    window: { fromMs: 0, toMs: 900_000, stepMs: 15_000 },
    ...{ alertAtMs: 0, seriesTotal: 1, missing: {}, warnings: [] },
    series: [{ labels: {}, now, baselines }],
  } satisfies Measurement;
}

it("reads how far the value of an alert's own rule went, and nothing else that was measured", async () => {
  const { store, fire, now } = createLab();
  const episode = await fire();
  const above = { operator: ">", limit: 80 } as const;
  const below = { operator: "<", limit: 10 } as const;
  const item = {
    kind: "promql",
    title: "t",
    text: "t",
    status: "found",
    collectedAt: now(),
  } as const;

  await store.findings.save(
    episode,
    [
      { ...item, measurements: [measured("rule", above, [81, Number.POSITIVE_INFINITY, 88, 79])] },
      { ...item, measurements: [measured("rule", below, [9, 4, 12])] },
      { ...item, measurements: [measured("related", above, [99])] },
      { ...item, measurements: [measured("rule", above, [])] },
    ],
    () => ({ by: "rules", cause: "c", confidence: "low", cites: [] }),
  );

  expect(await store.patterns.peaksOf("WebDown", [episode.incidentId, "inc_other"])).toEqual([
    { name: "WebDown", ...above, value: 88 },
    { name: "WebDown", ...below, value: 4 },
  ]);
  expect(await store.patterns.peaksOf("WebDown", [])).toEqual([]);
});
