import { expect, it } from "vitest";
import { compareTemplates, templateOf } from "./log-templates.ts";

it.each([
  [
    "2026-03-01T03:00:00.123Z GET /a/17 took 3.5ms from 10.0.0.7:5432",
    "<time> GET /a/<n> took <n>ms from <address>",
  ],
  ["03:00:01 job 7f3c9a1e-0000-4000-8000-123456789abc failed", "<time> job <id> failed"],
  [
    "\u001b[31merror\u001b[0m at 0xdeadbeef, commit 9fceb02d0ae598e9",
    "error at <hex>, commit <hex>",
  ],
  ["feedface is a word, deadbeef1 is not", "feedface is a word, <hex> is not"],
  ["   spaces \t everywhere  ", "spaces everywhere"],
])("masks what differs: %s", (line, template) => {
  expect(templateOf(line)).toBe(template);
});

it("puts what is new and alarming first, then what became more, and never what became rarer", () => {
  const usual = Array.from({ length: 200 }, (_, i) => `GET /item/${i} 200`);
  const before = [...usual, ...Array.from({ length: 20 }, () => "cache is warm")];
  const now = [
    ...usual.slice(0, 150),
    ...Array.from({ length: 12 }, (_, i) => `connection to 10.0.0.${i} refused`),
    ...Array.from({ length: 30 }, () => "new leader elected"),
  ];

  const templates = compareTemplates(now, before);

  expect(templates.map(({ template }) => template)).toEqual([
    "connection to <address> refused",
    "new leader elected",
    "GET /item/<n> <n>",
  ]);
  expect(templates[0]).toMatchObject({ now: 12, before: 0, isAlarming: true });
});

it("T33 takes no longer for hostile lines than for others", () => {
  const hostile = [
    "a".repeat(1e6),
    "1".repeat(1e6),
    " ".repeat(1e6),
    "0x".repeat(5e5),
    "-".repeat(1e6),
  ];
  const start = performance.now();

  compareTemplates(
    hostile.flatMap((line) => Array.from({ length: 50 }, () => line)),
    hostile,
  );

  expect(performance.now() - start).toBeLessThan(1_000);
});
