import { describe, expect, it } from "vitest";
import { promqlFlaw } from "./promql.ts";

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
