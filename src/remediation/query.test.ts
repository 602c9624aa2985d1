import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fillQuery } from "./query.ts";

const evil = 'a"} or up{x="\\';

function filled(query: string, name: string, n = "5"): string {
  const result = fillQuery(query, { labels: { name }, params: { n } });
  return result.ok ? result.value : `refused: ${result.reason.text}`;
}

describe("a value in a query", () => {
  it.each([
    ["double quotes", 'up{a="{{labels.name}}"}', evil, 'up{a="a\\"} or up{x=\\"\\\\"}'],
    ["single quotes", "up{a='{{labels.name}}'}", 'it\'s "x"', "up{a='it\\'s \"x\"'}"],
    ["backticks", "up{a=`{{labels.name}}`}", 'a\\"', 'up{a=`a\\"`}'],
    ["a regex", 'up{a=~"{{labels.name}}.*"}', "a.b|c", 'up{a=~"a\\\\.b\\\\|c.*"}'],
    ["a negated regex", 'up{a !~ "{{labels.name}}"}', "(", 'up{a !~ "\\\\("}'],
    ["a regex in backticks", "up{a=~`{{labels.name}}`}", "a.b", "up{a=~`a\\.b`}"],
    ["a log line filter", '{a="b"} |= "{{labels.name}}"', '"', '{a="b"} |= "\\""'],
    ["a log line regex", '{a="b"} |~ `{{labels.name}}`', "a+b", '{a="b"} |~ `a\\+b`'],
    ["a line break", 'up{a="{{labels.name}}"}', "a\nb", 'up{a="a\\u000ab"}'],
    ["a quote in a comment", 'up # it\'s\n{a="{{labels.name}}"}', '"', 'up # it\'s\n{a="\\""}'],
    ["the end of a string", 'up{a="x",b="{{labels.name}}"}', '"', 'up{a="x",b="\\""}'],
    ["a plain number outside", "topk({{params.n}}, up)", "x", "topk(5, up)"],
  ])("is escaped for %s", (_, query, value, expected) => {
    expect(filled(query, value)).toBe(expected);
  });

  it.each([
    ["a backtick between backticks", "up{a=`{{labels.name}}`}", "a`b", /cannot hold a backtick/],
    ["a label outside a string", "up > {{labels.name}}", "5", /outside a quoted string/],
    ["a label in a comment", "up # {{labels.name}}", "5", /outside a quoted string/],
    ["a label that is absent", 'up{a="{{labels.name}}"}', "", /has no label "name"/],
    ["a backslash before it", 'up{a="\\{{labels.name}}"}', '"', /without a backslash/],
    [
      "a string of unknown use",
      'label_replace(up, "a", "{{labels.name}}", "b", "c")',
      "x",
      /has to follow/,
    ],
    ["1025 characters", 'up{a="{{labels.name}}"}', "x".repeat(1025), /longer than/],
  ])("is refused for %s", (_, query, value, why) => {
    expect(filled(query, value)).toMatch(why);
  });

  it("is refused outside a string when it is more than a plain word", () => {
    expect(filled("topk({{params.n}}, up)", "x", "5, up) or vector(1")).toMatch(/refused/);
  });

  it("T36 stays one string, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 100, unit: "binary" }), (value) => {
        const text = filled("{{labels.name}}".replace(/^/, 'up{a="').concat('"}'), value);

        expect(text).toMatch(/^up\{a="(?:[^"\\\n]|\\(?:["\\]|u[0-9a-f]{4}))*"\}$/s);
      }),
    );
  });
});
