import { expect, it } from "vitest";
import type { Check, Judgement } from "./judge.ts";
import { judge } from "./judge.ts";

const checks = (...states: Check["state"][]): Check[] =>
  states.map((state, i) => ({ name: "probe", state, detail: `${i} ${state}` }));

it.each<[Check["state"][], boolean, Judgement["outcome"]]>([
  [["holds"], false, "verified"],
  [["holds", "holds"], true, "verified"],
  [["holds", "fails"], false, "wait"],
  [["holds", "fails"], true, "still_failing"],
  [["unknown", "fails"], true, "still_failing"],
  [["holds", "unknown"], false, "wait"],
  [["holds", "unknown"], true, "inconclusive"],
  [[], false, "wait"],
  [[], true, "inconclusive"],
])("T23 judges %j with the window over %s as %s", (states, isOver, outcome) => {
  expect(judge(checks(...states), isOver).outcome).toBe(outcome);
});

it("says what was looked at, also when there was nothing", () => {
  expect(judge(checks("holds", "fails"), true)).toMatchObject({ detail: "0 holds; 1 fails" });
  expect(judge([], true)).toMatchObject({ detail: "there was nothing to check" });
});
