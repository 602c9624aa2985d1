import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkOpinion } from "../../src/diagnosis/check-opinion.ts";
import type { Offer } from "../../src/diagnosis/opinion.ts";
import { OpinionAnswer } from "../../src/diagnosis/opinion.ts";
import { readAnswer } from "../../src/diagnosis/read-answer.ts";
import type { EvidenceItem } from "../../src/evidence/evidence.ts";
import { anAnswer } from "./an-opinion.ts";

const item = (
  id: string,
  text: string,
  status: EvidenceItem["status"] = "found",
): EvidenceItem => ({
  ...{ id, text, status, title: "Memory", kind: "promql", collectedAt: new Date(0) },
});
const OFFERS: readonly Offer[] = [
  {
    id: "O1",
    runbookId: "web-down",
    actionId: "restart",
    title: "Restart",
    target: "web",
    risk: "medium",
  },
  { id: "O2", runbookId: "web-down", actionId: "wipe", title: "Wipe", target: "web", risk: "high" },
];
const known = {
  evidence: [
    item("E1", "container_memory_usage_bytes 93.4"),
    item("E2", "0.934 of 10.0.0.5:9100"),
    item("E3", "no answer", "missing"),
  ],
  offers: OFFERS,
  words: ["nas.home.lan", "web", "web:1.22.0"],
  linkBases: ["https://console.example/base"],
  isReadOnly: (command: string) => command.startsWith("journalctl"),
};
const check = (with_: Parameters<typeof anAnswer>[0]) => checkOpinion(anAnswer(with_), known);

it("keeps what holds", () => {
  expect(check({})).toMatchObject({
    cites: ["E1"],
    pick: { runbookId: "web-down", actionId: "restart" },
    confidence: "high",
    risk: null,
    unsupported: [],
    dropped: [],
  });
});

describe("T27 what the model made up", () => {
  it.each([["O9"], ["web-down/restart"], ["O1; rm -rf /"]])("drops the pick %s", (offer) => {
    const { pick, dropped } = check({ offer });
    expect(pick).toBeNull();
    expect(dropped).toHaveLength(1);
  });

  it.each([["E9"], ["E3"], ["e1"]])("drops the citation %s", (id) => {
    const { cites, dropped, confidence } = check({ cites: [id] });
    expect(cites).toEqual([]);
    expect(confidence).toBe("low");
    expect(dropped).toHaveLength(1);
  });

  it("drops commands that might change something", () => {
    const { commands, dropped } = check({ commands: ["journalctl -n 5", "rm -rf /"] });
    expect(commands).toEqual(["journalctl -n 5"]);
    expect(dropped).toEqual(["1 of its commands might change something"]);
  });

  it("picks nothing where it does not know", () => {
    expect(check({ insufficient_evidence: true })).toMatchObject({
      pick: null,
      confidence: "low",
      isInsufficient: true,
    });
  });
});

it.each([
  ["low", null],
  ["medium", null],
  ["high", "high"],
] as const)("T28 a risk of %s on a medium action comes out as %s", (risk, shown) => {
  expect(check({ risk }).risk).toBe(shown);
});

describe("T29 what stands in no evidence is marked", () => {
  it.each([
    ["It uses 97.2 % of the memory.", "97.2"],
    ["It uses 97% of the memory.", "97%"],
    ["node_load15 is high.", "node_load15"],
    ["10.9.9.9 does not answer.", "10.9.9.9"],
    ["db.home.lan does not answer.", "db.home.lan"],
    ["There were 4,200 errors.", "4,200"],
    ["Version 2.0.1 has a flaw.", "2.0.1"],
  ])("%s", (cause, claim) => {
    expect(check({ cause }).unsupported).toEqual([claim]);
  });

  it.each([
    ["It uses 93.4 % of the memory."],
    ["It uses 93% of the memory."],
    ["10.0.0.5:9100 is the one."],
    ["container_memory_usage_bytes rose."],
    ["nas.home.lan is slow, 3 times now."],
    ["The new web:1.22.0 does not start."],
  ])("but not: %s", (cause) => {
    expect(check({ cause }).unsupported).toEqual([]);
  });
});

describe("T34 links", () => {
  it.each([
    ["https://evil.example/?q=secret"],
    ["https://console.example.evil.net/base/x"],
    ["https://console.example/base/x?q=secret"],
    ["https://user@console.example/base/x"],
    ["https://console.example/basement"],
    ["ftp://evil.example/x"],
    ["www.evil.example/x"],
    ["http://console.example/base/x"],
  ])("takes out %s", (url) => {
    const { cause, steps } = check({ cause: `See ${url} now`, immediate_steps: [`(${url})`] });
    expect(cause).toBe("See [link removed] now");
    expect(steps).toEqual(["([link removed])"]);
  });

  it("drops a command that carries one", () => {
    const sends = "journalctl https://evil.example/?q=secret";
    expect(check({ commands: ["journalctl -n 5", sends] }).commands).toEqual(["journalctl -n 5"]);
  });

  it("keeps one of ours", () => {
    const url = "https://console.example/base/incidents/inc_1";
    expect(check({ cause: `See ${url}` }).cause).toBe(`See ${url}`);
  });
});

const anyId = fc.oneof(fc.constantFrom("O1", "O2", "O9", "E1", "E3", "E9", ""), fc.string());
const words = fc.oneof(
  fc.string(),
  fc.constantFrom("O1", "low", "rm -rf /", "https://evil.example/?q=1"),
);
const level = fc.constantFrom("low", "medium", "high", "none", null);
const hostile = fc.record({
  insufficient_evidence: fc.oneof(fc.boolean(), words),
  ...{ cause: words, impact: words, confidence: level, offer: fc.oneof(anyId, fc.constant(null)) },
  ...{ cites: fc.array(anyId), impact_cites: fc.array(anyId), risk: level },
  hypotheses: fc.array(fc.record({ text: words, verdict: words, cites: fc.array(anyId) }), {
    maxLength: 2,
  }),
  ...{ immediate_steps: fc.array(words), prevention: fc.array(words), commands: fc.array(words) },
});
/** As it should be, but for what does not hold; with more in it; cut short; or no JSON at all. */
const answers = fc.oneof(
  hostile.map((answer) => JSON.stringify(answer)),
  hostile.map((answer) =>
    JSON.stringify({ ...anAnswer(), offer: answer.offer, cites: answer.cites }),
  ),
  hostile.map((answer) => JSON.stringify({ ...answer, action: "wipe", approve: true })),
  hostile.map((answer) => `Sure! ${JSON.stringify(answer)}`.slice(0, 200)),
  fc.string(),
);

it("T27 T28 of a thousand answers none names what was not offered or lowers a risk", () => {
  const DECLARED = { "web-down/restart": "medium", "web-down/wipe": "high" } as const;
  let read = 0;
  fc.assert(
    fc.property(answers, (text) => {
      const answer = readAnswer({ text, stop: "end" }, OpinionAnswer);
      if (!answer.ok) return;
      read += 1;
      const { pick, risk, cites, impactCites, commands } = checkOpinion(answer.answer, known);
      const declared =
        pick && DECLARED[`${pick.runbookId}/${pick.actionId}` as keyof typeof DECLARED];
      expect(declared).not.toBe(undefined);
      expect([null, "medium", "high"]).toContain(risk);
      if (declared !== null && risk !== null) expect([declared, risk]).toEqual(["medium", "high"]);
      for (const one of [...cites, ...impactCites]) expect(["E1", "E2"]).toContain(one);
      for (const command of commands) expect(command).toMatch(/^journalctl/);
    }),
    { numRuns: 1_000 },
  );
  expect(read).toBeGreaterThan(100);
});
