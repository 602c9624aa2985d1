import { expect, it } from "vitest";
import { splitCondition } from "./split-condition.ts";

it.each([
  ["up == 0", "up", "==", "0"],
  ["a > 0.9", "a", ">", "0.9"],
  ["0.9 < a", "a", ">", "0.9"],
  ["a / b >= 14 * 86400", "a / b", ">=", "14 * 86400"],
  ["a - time() < -(1e3)", "a - time()", "<", "-(1e3)"],
  ["(a > 1)", "a", ">", "1"],
  ["a > 2 and on (x) b == 1", "a", ">", "2"],
  [
    "-predict_linear(a[6h], 24 * 3600) > 0\n and a / b < 0.5 unless c == 1",
    "-predict_linear(a[6h], 24 * 3600)",
    ">",
    "0",
  ],
  ['rate(a{x="b > 3", y=~"c or d"}[5m]) != 7', 'rate(a{x="b > 3", y=~"c or d"}[5m])', "!=", "7"],
  ["sum by (x) (a > 1) > 5 # > 9", "sum by (x) (a > 1)", ">", "5"],
  ["1 - avg without (cpu) (rate(a[5m])) > 0.9", "1 - avg without (cpu) (rate(a[5m]))", ">", "0.9"],
  ["and_or_unless > 3", "and_or_unless", ">", "3"],
  ["((a > 1) and b)", "a", ">", "1"],
  ["a > # the line\n 3", "a", ">", "3"],
  ["time() - a > 5m", "time() - a", ">", "5m"],
])("splits %s", (expr, value, operator, limit) => {
  expect(splitCondition(expr)).toEqual({ value, operator, limit });
});

it.each([
  "absent(up)",
  "a > b",
  "a > bool 3",
  "sum(a) by (x) unless b",
  "(a > 1) + (b > 2)",
  "group by (name) (a) unless group by (name) (b == 0)",
  "a == on (x) b",
  "",
  "((((",
  "a > 1 or",
  "1 > 2 > a",
  '"never ends > 3',
])("finds no limit in %s", (expr) => {
  expect(splitCondition(expr)).toBeNull();
});
