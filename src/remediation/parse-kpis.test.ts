import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isAbout } from "./kpi.ts";
import { parseKpis } from "./parse-kpis.ts";

function parse(text: string) {
  return parseKpis("kpis.yaml", new TextEncoder().encode(text));
}

function problemsOf(text: string): string[] {
  const parsed = parse(text);
  return parsed.ok ? [] : parsed.problems.map(({ line, message }) => `${line}: ${message}`);
}

function kpisOf(text: string) {
  const parsed = parse(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.kpis;
}

const ORDERS =
  "{id: orders, title: Orders a minute, promql: 'rate(orders_total[5m])', better: high}";

describe("kpis.yaml", () => {
  it("lists queries, each with the way that is well and the alerts it is asked for", () => {
    const [orders, errors] = kpisOf(
      `kpis:\n  - ${ORDERS}\n  - {id: errors_ratio, title: Errors, promql: errors, better: low, match: {env: [prod, /eu-.*/]}}\n`,
    );

    expect(orders).toMatchObject({
      id: "orders",
      better: "high",
      promql: "rate(orders_total[5m])",
    });
    expect(orders && isAbout(orders, { alertname: "A" })).toBe(true);
    expect(errors && isAbout(errors, { env: "eu-1" })).toBe(true);
    expect(errors && isAbout(errors, { env: "lab" })).toBe(false);
    expect(errors && isAbout(errors, {})).toBe(false);
  });

  it("has an example that loads", () => {
    const example = readFileSync("runbooks/kpis.example.yaml", "utf8");

    expect(problemsOf(example)).toEqual([]);
    expect(kpisOf(example).map(({ id }) => id)).toContain("response_time_seconds");
  });

  it.each([
    ["nothing", "", "1: kpis is missing"],
    ["an unknown key", `kpis: []\nkpi: []\n`, '2: unknown key "kpi"; did you mean "kpis"?'],
    [
      "no direction",
      "kpis:\n  - {id: a, title: A, promql: up}\n",
      "2: kpis[0].better must be high or low",
    ],
    [
      "a broken query",
      "kpis:\n  - id: a\n    title: A\n    better: low\n    promql: sum(rate(x[5m])\n",
      "5: kpis[0].promql the query ends too early: a bracket, a quote or an operand is missing",
    ],
    [
      "a placeholder",
      `kpis:\n  - {id: a, title: A, better: low, promql: 'up{job="{{labels.job}}"}'}\n`,
      "2: kpis[0].promql takes no placeholders: it is asked the same whatever the alert is about",
    ],
    ["the same twice", `kpis:\n  - ${ORDERS}\n  - ${ORDERS}\n`, "3: kpis[1].id is there twice"],
    [
      "a name that is none",
      "kpis:\n  - {id: Orders, title: A, better: low, promql: up}\n",
      "2: kpis[0].id must be lower case letters, digits and underscores",
    ],
    [
      "more than can be asked with every alert",
      `kpis: [${Array.from({ length: 21 }, (_, i) => `{id: a${i}, title: A${i}, better: low, promql: up}`).join(", ")}]\n`,
      "1: kpis must be at most 20: each is asked for with every alert",
    ],
  ])("with %s says where and why", (_, text, problem) => {
    expect(problemsOf(text)).toContain(problem);
  });
});
