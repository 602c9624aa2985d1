import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logqlFlaw } from "./logql.ts";

describe("a log query of a model", () => {
  it.each([
    '{job="web"}',
    ' { job = "web" , level=~"err.*" } ',
    '{job="web"} |= "a \\" }" != `b` |~ "c|d" !~ "e"',
    '{job!="", host="a"}',
    '{a=~".+"}',
  ])("may be %s", (query) => {
    expect(logqlFlaw(query)).toBeNull();
  });

  it.each([
    ["nothing", "", "stream selector"],
    ["words", "all errors", "stream selector"],
    ["an empty selector", "{}", "a matcher"],
    ["what selects everything", '{job=~".*"}', "not empty"],
    ["what excludes only", '{job!="web"}', "not empty"],
    ["an empty value", '{job=""}', "not empty"],
    ["a broken regex alone", '{job=~"("}', "not empty"],
    ["a count", 'count_over_time({job="web"}[5m])', "stream selector"],
    ["a range", '{job="web"}[5m]', "stands where"],
    ["a parser", '{job="web"} | json', "stands where"],
    ["a formatter", '{job="web"} | line_format "{{.x}}"', "stands where"],
    ["a selector that never ends", '{job="web"', "stands where"],
    ["two", '{job="web"} or {job="db"}', "stands where"],
    ["a string over two lines", '{job="a\nb"}', "a matcher"],
  ])("is not %s", (_, query, why) => {
    expect(logqlFlaw(query)).toContain(why);
  });

  it("is read in no time, whatever it is", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('{a="b"', "}", ",", '"', "`", "\\", "|=", ' "x"', "a", "{"), {
          maxLength: 400,
        }),
        (parts) => {
          const flaw = logqlFlaw(parts.join(""));
          expect(flaw === null || flaw.length < 300).toBe(true);
        },
      ),
    );
  });
});
