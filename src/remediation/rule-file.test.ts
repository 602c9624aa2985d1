import { describe, expect, it } from "vitest";
import { parseRuleFile } from "./rule-file.ts";

const GROUPS = `
groups:
  - name: a
    interval: 30s
    rules:
      - {alert: DiskFull, expr: vector(1), for: 5m, labels: {severity: page}}
      - {record: a:b, expr: vector(1)}
      - {alert: DiskFull, expr: vector(2)}
  - name: empty
  - name: b
    rules: [{alert: 'Odd(<7Days)', expr: vector(1)}]
`;

function namesIn(text: string) {
  const parsed = parseRuleFile("x.yml", text);
  return parsed.ok
    ? parsed.value
    : parsed.problems.map(({ line, message }) => `${line}: ${message}`);
}

describe("a file of alert rules", () => {
  const names = ["DiskFull", "DiskFull", "Odd(<7Days)"];
  const indented = GROUPS.replaceAll("\n", "\n  ");

  it("gives the names of its alerts, and leaves recording rules out", () => {
    expect(namesIn(GROUPS)).toEqual(names);
  });

  it("may be an object of Kubernetes, or a list of them", () => {
    expect(namesIn(`apiVersion: monitoring.coreos.com/v1\nspec:${indented}`)).toEqual(names);
    expect(
      namesIn(`kind: List\nitems:\n- spec:\n    ${indented.replaceAll("\n", "\n    ")}`),
    ).toEqual(names);
  });

  it.each([
    ["route: {receiver: x}", "1: must hold alert rules"],
    ["groups: [{rules: [{alert: 5}]}]", "1: must hold alert rules"],
    ["groups: [", "1: "],
  ])("is refused, with the line, where it is none: %s", (text, why) => {
    expect(namesIn(text)).toEqual(expect.arrayContaining([expect.stringContaining(why)]));
  });
});
