import { expect, it, onTestFinished } from "vitest";
import type { IncidentView } from "../src/chat/card.ts";
import { createGrafana } from "../src/evidence/grafana.ts";
import { createLoki } from "../src/evidence/loki.ts";
import type { NoteTaker } from "../src/note-taking.ts";
import { createNoteTaking } from "../src/note-taking.ts";
import { grafanaTaker, lokiTaker } from "../src/notes.ts";
import { startFakeGrafana } from "./fakes/grafana.ts";
import { anExecution, aVerification, aView, NOW } from "./fakes/incidents.ts";
import { startFakeLoki } from "./fakes/loki.ts";

const MINUTE = 60_000;
const after = (minutes: number) => new Date(NOW.getTime() + minutes * MINUTE);
const item = {
  ...{ id: "E1", kind: "promql" as const, title: "CPU", text: "93% <b> & more" },
  ...{ collectedAt: NOW, status: "found" as const },
};
const found = aView({
  evidence: [item],
  diagnosis: { by: "rules", cause: "password=hunter2 <b>", confidence: "high", cites: ["E1"] },
});
const ran = {
  ...found,
  executions: [anExecution({ startedAt: after(1), finishedAt: after(2) })],
  verifications: [aVerification({ judgedAt: after(3) })],
};
const over: IncidentView = {
  ...ran,
  incident: { ...ran.incident, state: "resolved", resolvedAt: after(4) },
};
const { id } = found.incident;

function open(takers: readonly NoteTaker[]) {
  const now = { view: found as IncidentView | null };
  const warnings: object[] = [];
  const taking = createNoteTaking({
    takers,
    open: () => Promise.resolve([id]),
    incident: () => Promise.resolve(now.view),
    log: { warn: (fields) => void warnings.push(fields) },
  });
  return { ...taking, now, warnings };
}

async function withGrafana(token?: string) {
  const grafana = await startFakeGrafana();
  onTestFinished(() => grafana.stop());
  const access = { url: grafana.url, authorization: `Bearer ${token ?? grafana.token}` };
  const taker = () => grafanaTaker(createGrafana(access), "http://console");
  return { grafana, access, taker };
}

async function withLoki(now = () => NOW) {
  const loki = await startFakeLoki([]);
  onTestFinished(() => loki.stop());
  const taker = () => lokiTaker(createLoki({ url: loki.url, authorization: null }), now);
  return { loki, taker };
}

it("notes incident and fix in Grafana as regions, each once, also after a restart", async () => {
  const { grafana, access, taker } = await withGrafana();
  const taking = open([taker()]);
  taking.look(id);
  await taking.turn();
  const [first] = grafana.annotations();
  expect(first).toMatchObject({
    time: first?.timeEnd,
    tags: ["countersign", id, "incident", "warning"],
  });
  expect(first?.text).toBe(
    `HighCPU on 192.168.1.101 (warning)\nOpinion of the rules: password=[redacted] &lt;b>\nhttp://console/incidents/${id}`,
  );

  taking.now.view = over;
  taking.look(id);
  await taking.turn();
  const again = open([taker()]);
  again.now.view = over;
  again.look(id);
  await again.turn();

  const all = grafana.annotations();
  expect(all).toHaveLength(2);
  expect(all[0]).toMatchObject({ time: first?.time, timeEnd: after(4).getTime() });
  expect(all[1]).toMatchObject({
    time: after(1).getTime(),
    timeEnd: after(2).getTime(),
    tags: expect.arrayContaining(["fix", id]),
    text: expect.stringContaining("verified"),
  });
  // It is no news to ourselves.
  expect(await createGrafana(access).annotations(after(-60), after(60))).toEqual([]);
});

it("asks Grafana nothing while nothing has changed", async () => {
  const { grafana, taker } = await withGrafana();
  const taking = open([taker()]);
  for (const _ of [1, 2, 3]) {
    taking.look(id);
    await taking.turn();
  }

  expect(grafana.asked).toEqual(["GET /api/annotations", "POST /api/annotations"]);
});

it("writes what was found, done and seen to end to Loki, without secrets, a line each", async () => {
  const { loki, taker } = await withLoki(() => after(5));
  const taking = open([taker()]);
  for (const view of [found, ran, over, over]) {
    taking.now.view = view;
    taking.look(id);
    await taking.turn();
  }

  const lines = loki.pushed.map(({ labels, atMs, text }) => ({
    labels,
    atMs,
    ...JSON.parse(text),
  }));
  expect(lines).toMatchObject([
    { what: "found", incident: id, atMs: NOW.getTime(), evidence: [{ id: "E1" }] },
    { what: "ran", atMs: after(2).getTime() },
    { what: "checked", outcome: "verified" },
    { what: "over", atMs: after(4).getTime() },
  ]);
  expect(new Set(lines.map(({ labels }) => JSON.stringify(labels)))).toEqual(
    new Set(['{"job":"countersign"}']),
  );
  expect(JSON.stringify(lines)).not.toContain("hunter2");
  expect(Math.max(...loki.pushed.map(({ text }) => text.length))).toBeLessThan(16_384);
});

it("sends Loki nothing that it would find too old", async () => {
  const { loki, taker } = await withLoki(() => after(60));
  const taking = open([taker()]);
  taking.look(id);
  await taking.turn();

  expect(loki.pushed).toEqual([]);
  expect(taking.check()).toBe("told: Loki");
});

it("tries a few times, says so in /health, holds up no other, and is well again", async () => {
  const { grafana, taker } = await withGrafana();
  const { loki, taker: other } = await withLoki();
  const taking = open([taker(), other()]);
  grafana.answerWith(500);
  taking.look(id);
  for (const _ of [1, 2, 3, 4, 5]) await taking.turn();

  expect(grafana.asked).toHaveLength(3);
  expect(taking.warnings).toHaveLength(3);
  expect(loki.pushed).toHaveLength(1);
  expect(() => taking.check()).toThrow("Grafana answers 500");

  grafana.answerWith(200);
  taking.look(id);
  await taking.turn();
  expect(grafana.annotations()).toHaveLength(1);
  expect(taking.check()).toBe("told: Grafana, Loki");
});

it("says what a token that may only read lacks", async () => {
  const { taker } = await withGrafana("glsa_viewer");
  const taking = open([taker()]);
  taking.look(id);
  await taking.turn();

  expect(() => taking.check()).toThrow(/Grafana answers 403: .* \(set GRAFANA_TOKEN\)/);
});

it("remembers a storm no further than its newest", async () => {
  const { grafana, taker } = await withGrafana();
  const taking = open([taker()]);
  for (let i = 0; i < 1_000; i += 1) taking.look(`inc_${i}`);
  await taking.turn();

  expect(grafana.asked.length).toBeLessThanOrEqual(400);
});
