import { describe, expect, it } from "vitest";
import { metricsIn, promqlFlaw, selectorFlaw } from "./promql.ts";

describe("PromQL", () => {
  it.each([
    "up",
    'sum by (job) (rate(http_requests_total{code=~"5.."}[5m] offset 1d)) > bool 0.5',
    "max_over_time(rate(a[5m])[1h:1m]) # a comment",
    "a and on (instance) group_left b or vector(0)",
    "up == 0\n  unless\nup{job='x'}",
  ])("is understood: %s", (query) => {
    expect(promqlFlaw(query)).toBeNull();
  });

  it.each([
    ["sum(up", "the query ends too early: a bracket, a quote or an operand is missing"],
    ["up +", "the query ends too early: a bracket, a quote or an operand is missing"],
    ["up{a=}", 'not understood as PromQL from "}" on'],
    ["rate(up[5 minutes])", 'not understood as PromQL from "minutes])" on'],
    ["ratee(up[5m])", 'not understood as PromQL from "(up[5m])" on'],
    ["up)", 'not understood as PromQL from ")" on'],
    ["SELECT * FROM up", 'not understood as PromQL from "up" on'],
  ])("is not understood: %s", (query, flaw) => {
    expect(promqlFlaw(query)).toBe(flaw);
  });
});

it.each([
  ['rate(node_x{a="b"}[5m]) / on (job) sum by (job) (foo offset 5m)', ["node_x", "foo"]],
  ['label_replace(a, "b", "$1", "d", "(.*)") or a', ["a"]],
  ['{__name__=~"x.*"} + 1', []],
  ["sum(", []],
])("%s names the metrics %j", (query, names) => {
  expect(metricsIn(query)).toEqual(names);
});

it.each([
  ["up", true],
  ['{job="web", a!=""}', true],
  ['up{job="web"}', true],
  ["up[5m]", false],
  ["up offset 5m", false],
  ["up or x", false],
  ["1", false],
  ["up{", false],
])("%s is a selector: %s", (query, isOne) => {
  expect(selectorFlaw(query) === null).toBe(isOne);
});
