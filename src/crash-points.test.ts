import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { CRASH_POINTS, parseCrashPoint } from "./crash-points.ts";

it("knows each point once, and by its documented name", () => {
  const documented = readFileSync("docs/architecture.md", "utf8");

  expect(CRASH_POINTS.length).toBeGreaterThanOrEqual(25);
  expect(new Set(CRASH_POINTS).size).toBe(CRASH_POINTS.length);
  expect(CRASH_POINTS.filter((point) => !documented.includes(`\`${point}\``))).toEqual([]);
});

it.each([
  ["after-claim", { point: "after-claim", hit: 1, isHang: false }],
  ["before-intake#12", { point: "before-intake", hit: 12, isHang: false }],
  ["hang:before-looks#2", { point: "before-looks", hit: 2, isHang: true }],
  ["after-lunch", null],
  ["after-claim#0", null],
  ["after-claim#", null],
])("reads %s", (text, expected) => {
  expect(parseCrashPoint(text)).toEqual(expected);
});
