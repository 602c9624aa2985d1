import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseDuration } from "./duration.ts";
import { compile, isMatch, Matchers } from "./matchers.ts";
import { parseYaml } from "./yaml.ts";

const Schema = z.strictObject({
  title: z.string(),
  risk: z.enum(["low", "high"]).optional(),
  steps: z.array(z.strictObject({ name: z.string(), count: z.int().optional() })).default([]),
});

function problemsOf(text: string): string[] {
  const parsed = parseYaml("a.yaml", text, Schema);
  return parsed.ok ? [] : parsed.problems.map(({ line, message }) => `${line}: ${message}`);
}

describe("a YAML file", () => {
  it("is parsed to its value, and knows the line of each part", () => {
    const parsed = parseYaml("a.yaml", "title: x\nsteps:\n  - name: a\n  - name: b\n", Schema);

    expect(parsed.ok && parsed.value.steps).toEqual([{ name: "a" }, { name: "b" }]);
    expect(parsed.ok && parsed.lineOf(["steps", 1, "name"])).toBe(4);
    expect(parsed.ok && parsed.lineOf(["steps", 0, "count"])).toBe(3);
  });

  it("has all of its problems reported at once, each with its line", () => {
    const text = "titel: x\nrisk: medium\nsteps:\n  - name: a\n    count: many\n  - nome: b\n";

    expect(problemsOf(text).sort()).toEqual([
      "1: title is missing",
      '1: unknown key "titel"; did you mean "title"?',
      "2: risk must be low or high",
      "5: steps[0].count must be a number, not a text",
      "6: steps[1].name is missing",
      '6: unknown key "nome"; did you mean "name"?',
    ]);
  });

  it.each([
    ["a key twice", "title: x\ntitle: y\n", /^2: .*unique/i],
    ["broken YAML", "title: x\nrisk: [low\n", /^\d: /],
    ["an alias", "title: &a x\nrisk: *a\n", /^2: references/],
    ["several documents", "title: x\n---\ntitle: y\n", /^2: /],
    ["an unknown tag", "title: !secret x\n", /^1: .*tag/i],
    ["a list instead of a map", "- x\n", /^1: must be a map of keys, not a list/],
    ["nothing at all", "", /^1: title is missing/],
  ])("is refused for %s", (_, text, problem) => {
    expect(problemsOf(text)).toEqual([expect.stringMatching(problem)]);
  });

  it("cannot reach the prototype of anything", () => {
    expect(problemsOf("title: x\n__proto__: {a: 1}\n")).toEqual([
      '2: unknown key "__proto__"; known here: title, risk, steps',
    ]);
  });
});

describe("a duration", () => {
  it.each([
    ["20s", 20_000],
    ["3m", 180_000],
    ["1h30m", 5_400_000],
    ["7d", 604_800_000],
    ["500ms", 500],
    ["0s", 0],
    ["", null],
    ["20", null],
    ["5 m", null],
    ["30m1h", null],
    ["-5m", null],
    ["99999999d", null],
  ])("%s is %s milliseconds", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });
});

describe("a label matcher", () => {
  const labels = { alertname: "ContainerDown", severity: "critical" };

  it.each<[string, unknown, boolean]>([
    ["the same text", { alertname: "ContainerDown" }, true],
    ["one of a list", { alertname: ["Other", "ContainerDown"] }, true],
    ["a regex from end to end", { alertname: "/Container.*/" }, true],
    ["a regex in the middle only", { alertname: "/Container/" }, false],
    ["one of two labels", { alertname: "ContainerDown", severity: "warning" }, false],
    ["a label that is absent, as empty", { job: "" }, true],
    ["a name every object has", { constructor: "/.+/" }, false],
    ["nothing", {}, true],
  ])("with %s", (_, written, expected) => {
    expect(isMatch(Matchers.parse(written), labels)).toBe(expected);
  });

  it("never compiles a pattern that would climb out of its anchors", () => {
    expect(compile("a)|(?:b")).toBeNull();
    expect(compile("a|b")?.test("ab")).toBe(false);
  });
});
