import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, it } from "vitest";
import { anAnswer } from "../diagnosis/an-opinion.ts";
import { startAnthropic } from "../fakes/anthropic.ts";
import type { Program } from "../harness.ts";
import { createProgram, testAlert } from "../harness.ts";
import { ANA } from "./box.ts";

const KEY = "a-key-of-the-webhook";

/** A test alert whose runbook looks at something, too. */
const RUNBOOK = `---
id: test-alert
title: A test of the whole way
match: {alertname: TestAlert}
params:
  instance: {from: labels.instance, pattern: '[a-zA-Z0-9][a-zA-Z0-9._:-]{0,62}'}
evidence:
  - {id: here, title: Space here, probe: {executor: command, with: {argv: [/usr/bin/df, -h, /]}}}
actions:
  - id: append-low
    title: Write a line to test-alert.log
    risk: low
    executor: command
    with: {argv: [/usr/bin/awk, 'BEGIN { print ARGV[1] >> "test-alert.log" }', 'TestAlert {{params.instance}} low']}
    targets: [sandbox]
    verify: {probe: {executor: command, with: {argv: [/usr/bin/test, -s, test-alert.log]}}, expect: {exit_code: '0'}, within: 10s}
---
# A test
`;

async function startProgram(env: Record<string, string> = {}) {
  const program = await createProgram({
    telegram: { chat: ANA, adminIds: String(ANA) },
    runbooks: { "test-alert.md": RUNBOOK },
    env: { PROMETHEUS_API_KEY: KEY, ...env },
  });
  await program.start();
  await (await program.signIn()).enableAutohealing();
  return program;
}

async function enrich(
  { url }: Program,
  { query = "", key = KEY, body }: { query?: string; key?: string; body?: unknown } = {},
) {
  const alerts = [
    { ...testAlert("warning", { note: "token=abcdef0123456789" }), status: "firing" },
  ];
  const response = await fetch(`${url}/enrich${query}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": key },
    body: JSON.stringify(body ?? { version: "4", status: "firing", alerts }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came back
  const answer = (await response.json()) as any;
  return { status: response.status, body: answer, retryAfter: response.headers.get("retry-after") };
}

/** Every row of every table. */
function everythingIn({ dataDir }: Program, without: readonly string[] = []) {
  const db = new Database(join(dataDir, "countersign.db"), { readonly: true });
  try {
    const names = db
      .prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .pluck()
      .all()
      .filter((name) => ![...without, "sqlite_sequence"].includes(name));
    return Object.fromEntries(
      names.map((name) => [name, db.prepare(`SELECT * FROM "${name}"`).all()]),
    );
  } finally {
    db.close();
  }
}

it("says what the card would say, sends nothing, stores nothing and runs nothing", async () => {
  const program = await startProgram();
  const before = everythingIn(program);

  const { status, body } = await enrich(program);

  expect(status).toBe(200);
  expect(Object.keys(body)).toEqual(["incident", "evidence", "diagnosis", "proposals"]);
  expect(body.incident).toMatchObject({
    title: "TestAlert on test-instance",
    severity: "warning",
    state: "open",
    notLookedAt: 0,
  });
  expect(body.evidence[0]).toMatchObject({ id: "E1", title: "Space here", status: "found" });
  expect(body.diagnosis).toMatchObject({
    by: "rules",
    opinion: null,
    noOpinion: "no model is set",
  });
  // It would run by itself, and that is said: it must not happen all the same.
  expect(body.proposals).toMatchObject([
    {
      ...{ runbook: "test-alert", action: "append-low", target: "sandbox" },
      ...{ risk: "low", verdict: "auto_run" },
      command: { kind: "argv", argv: ["/usr/bin/awk", expect.anything(), expect.anything()] },
    },
  ]);
  expect(JSON.stringify(body)).not.toContain("abcdef0123456789");
  expect(everythingIn(program)).toEqual(before);
  expect(program.runs()).toEqual([]);
  const told = program.telegram().messages(ANA);
  expect(told.filter(({ text }) => text.includes("TestAlert"))).toEqual([]);

  // The same alert, sent for real, is new to it, and does run.
  const incident = await program.raise(testAlert("warning"));
  await program.untilRequest(incident, "succeeded");
  expect(program.runs()).toHaveLength(1);
});

it("has a model's opinion where there is one, and stores what it was paid, nothing else", async () => {
  const server = await startAnthropic();
  server.reply(() => ({ text: JSON.stringify(anAnswer({ cause: "The disk is full." })) }));
  const program = await startProgram({
    ...{ ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: server.url },
  });
  const before = everythingIn(program, ["model_calls"]);

  const { body } = await enrich(program, { query: "?timeout=60" });

  expect(body.diagnosis).toMatchObject({
    by: "rules",
    opinion: { cause: "The disk is full.", promptHash: expect.stringMatching(/^[0-9a-f]{16}$/) },
    noOpinion: null,
  });
  expect(server.bodies).toHaveLength(1);
  expect(server.bodies.join("")).not.toContain("abcdef0123456789");
  expect(everythingIn(program, ["model_calls"])).toEqual(before);
  expect(everythingIn(program).model_calls).toHaveLength(1);
  expect(program.runs()).toEqual([]);
});

it("answers in time where the model does not", async () => {
  const server = await startAnthropic();
  server.reply(() => "silence");
  const program = await startProgram({
    ...{ ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: server.url },
  });
  const startedAt = performance.now();

  const { status, body } = await enrich(program, { query: "?timeout=5" });

  expect(status).toBe(200);
  expect(performance.now() - startedAt).toBeLessThan(15_000);
  expect(body.diagnosis).toMatchObject({ by: "rules", opinion: null });
  expect(body.diagnosis.noOpinion).toMatch(/no answer|in time/);
  expect(body.evidence).toHaveLength(1);
  expect(body.proposals).toHaveLength(1);
});

it("T16 wants the webhook's key and body, and a timeout that it can keep", async () => {
  const program = await startProgram();
  const before = everythingIn(program);

  expect((await enrich(program, { key: "another" })).status).toBe(401);
  expect((await enrich(program, { body: { alerts: [{ labels: 1 }] } })).status).toBe(400);
  for (const query of ["?timeout=0", "?timeout=121", "?timeout=1e2", "?timeout=-5", "?timeout="]) {
    expect((await enrich(program, { query })).body.error).toContain("timeout: must be");
  }
  const resolved = { version: "4", alerts: [{ ...testAlert("warning"), status: "resolved" }] };
  expect((await enrich(program, { body: resolved })).body).toMatchObject({
    ...{ incident: { state: "resolved" }, evidence: [], diagnosis: null, proposals: [] },
  });
  const many = Array.from({ length: 12 }, (_, i) => testAlert("warning", { number: String(i) }));
  const { body } = await enrich(program, { body: { version: "4", alerts: many } });
  expect(body.incident.notLookedAt).toBe(2);
  expect(body.evidence).toHaveLength(10);
  expect(new Set(body.evidence.map(({ id }: { id: string }) => id)).size).toBe(10);
  expect(everythingIn(program)).toEqual(before);
});
