import { describe, expect, it, onTestFinished } from "vitest";
import type { Measurement } from "../src/evidence/measurement.ts";
import { createPushgateway } from "../src/evidence/pushgateway.ts";
import { createScores, scoreOf } from "../src/scores.ts";
import { startPushgateway } from "./lab/pushgateway.ts";
import { havePeer } from "./peers.ts";
import type { Lab } from "./store/lab.ts";
import { aGroup, anIncoming, createLab, MINUTE, START } from "./store/lab.ts";

const ODD = 'odd "name" \\ with a\nline, token=abcdef0123456789';

function measured(now: number): Measurement {
  const [fromMs, toMs] = [START.getTime() - 10 * MINUTE, START.getTime()];
  const points = (from: number, to: number, value: number) =>
    Array.from({ length: 40 }, (_, i): [number, number] => [
      from + (i * (to - from)) / 40,
      value + (i % 2) / 10,
    ]);
  return {
    ...{ role: "rule", title: "queue_length", query: "queue_length", type: null, unit: null },
    ...{ window: { fromMs, toMs, stepMs: 15_000 }, alertAtMs: toMs, threshold: null },
    series: [
      {
        labels: {},
        now: points(fromMs, toMs, now),
        baselines: {
          before: points(fromMs - 40 * MINUTE, fromMs, 1),
          yesterday: [],
          last_week: [],
        },
      },
    ],
    ...{ seriesTotal: 1, missing: {}, warnings: [] },
  };
}

async function fire(lab: Lab, name: string, now: number | null) {
  const episode = await lab.fire({ alertname: name });
  const item = {
    kind: "promql" as const,
    title: "The rule",
    text: "x",
    collectedAt: lab.now(),
    status: "found" as const,
    measurements: now === null ? [] : [measured(now)],
  };
  await lab.store.findings.save(episode, [item], () => ({
    ...{ by: "rules", cause: "c", confidence: "low", cites: [] },
  }));
  return episode;
}

function open(lab: Lab, url: string | null) {
  const gauges: number[] = [];
  const scores = createScores({
    views: lab.store.views,
    gateway: url === null ? null : createPushgateway(url, "127.0.0.1:9095"),
    gauge: (score) => void gauges.push(score),
    log: { warn: () => undefined },
  });
  return { ...scores, gauges };
}

it("is the largest deviation of all that was measured, and none where nothing was", async () => {
  const lab = createLab();
  const low = await fire(lab, "Low", 1);
  await fire(lab, "High", 90);
  await fire(lab, "None", null);
  const scores = open(lab, null);
  await scores.turn();

  const evidenceOf = async (id: string) => (await lab.store.views.incident(id))?.evidence ?? [];
  expect(scoreOf(await evidenceOf(low.incidentId))).toBeLessThan(1);
  expect(scoreOf([])).toBeNull();
  expect(scores.gauges).toEqual([expect.any(Number)]);
  expect(scores.gauges[0]).toBeGreaterThan(10);
});

describe.skipIf(!havePeer("pushgateway"))("a real Pushgateway", { timeout: 60_000 }, () => {
  it("has a group for each open incident that something was measured of, until it is over", async () => {
    const gateway = await startPushgateway();
    onTestFinished(() => gateway.stop());
    const lab = createLab();
    const { incidentId, labels } = await fire(lab, ODD, 90);
    await fire(lab, "None", null);
    const scores = open(lab, gateway.url);
    await scores.turn();

    const [line, ...others] = await gateway.metrics();
    expect(others).toEqual([]);
    expect(line).toMatch(
      new RegExp(
        `^countersign_incident_anomaly_score\\{alertname="odd \\\\"name\\\\" \\\\\\\\ with a\\\\nline, token=\\[redacted\\]",incident="${incidentId}",instance="127\\.0\\.0\\.1:9095",job="countersign",severity="warning"\\} \\d`,
      ),
    );

    await lab.accept(
      aGroup([anIncoming({ status: "resolved", endsAt: lab.now() }, labels)], {
        groupKey: JSON.stringify({ alertname: ODD }),
      }),
    );
    await scores.turn();
    expect(await gateway.metrics()).toEqual([]);
  });

  it("gets again what it lost, and loses what an earlier life left there; others' groups stay", async () => {
    const first = await startPushgateway();
    const lab = createLab();
    await fire(lab, "High", 90);
    await open(lab, first.url).turn();
    const scores = open(lab, first.url);
    await scores.turn();
    await first.stop();
    await expect(scores.turn()).rejects.toThrow(
      /^Pushgateway at 127\.0\.0\.1:\d+: can't be reached/,
    );

    const again = await startPushgateway(first.port);
    onTestFinished(() => again.stop());
    await createPushgateway(again.url, "127.0.0.1:9095").push("inc_left", 3, {});
    await createPushgateway(again.url, "other:9095").push("inc_other", 3, {});
    await scores.turn();

    const found = (await again.metrics()).map((line) => /incident="(\w+)"/.exec(line)?.[1]);
    expect(found).toHaveLength(2);
    expect(found).toContain("inc_other");
    expect(found).not.toContain("inc_left");
  });
});
