import { describe, expect, it } from "vitest";
import { fill, fillParams, placeholdersIn, shown } from "./template.ts";

const container = { from: ["labels.name", "labels.container"], pattern: "[a-zA-Z0-9_.-]{1,62}" };
const anything = { from: ["labels.name"], pattern: "[^]*" };

function filled(name: string, param = container) {
  return fillParams({ container: param }, { labels: { name }, annotations: {} });
}

function textOf(result: ReturnType<typeof fillParams>): string {
  return result.ok ? "filled" : result.reason.text;
}

describe("a parameter", () => {
  it("takes the first label that is present, and an empty one is not", () => {
    const labels = { name: "", container: "nginx" };

    expect(fillParams({ container }, { labels, annotations: {} })).toEqual({
      ok: true,
      value: { container: "nginx" },
    });
  });

  it("can come from an annotation, or from its default", () => {
    const declared = {
      unit: { from: ["annotations.unit"], pattern: ".+" },
      tail: { from: ["labels.tail"], pattern: "\\d+", default: "20" },
    };

    expect(fillParams(declared, { labels: {}, annotations: { unit: "a.service" } })).toEqual({
      ok: true,
      value: { unit: "a.service", tail: "20" },
    });
  });

  it("names the labels that are missing", () => {
    expect(textOf(fillParams({ container }, { labels: {}, annotations: {} }))).toBe(
      'The alert has no label "name" or label "container", needed for "container".',
    );
  });

  it("does not take what every object has for a label", () => {
    const param = { from: ["labels.constructor"], pattern: ".*" };

    expect(textOf(fillParams({ param }, { labels: {}, annotations: {} }))).toContain("no label");
  });

  it("prefers the value somebody gave, and checks it all the same", () => {
    const words = { labels: { name: "nginx" }, annotations: {} };

    expect(fillParams({ container }, words, { container: "redis" })).toMatchObject({
      value: { container: "redis" },
    });
    expect(textOf(fillParams({ container }, words, { container: "a b" }))).toContain(
      'Parameter "container" is "a b": it does not match',
    );
    expect(textOf(fillParams({ container }, words, { contaner: "x" }))).toBe(
      '"contaner" is not a parameter here; there are: container.',
    );
  });

  it.each([
    "$(reboot)",
    "a;reboot",
    "a`id`",
    "a|b",
    "a && b",
    "a\nreboot",
    "a\u0000",
    "nginx\n",
    "../../etc/passwd\u2028",
    "{{params.other}}",
  ])("T36 refuses %j by its pattern, from end to end", (value) => {
    expect(filled(value).ok).toBe(false);
  });

  it.each(["-rf", "--privileged", "-oProxyCommand=reboot"])(
    "T37 refuses %s whatever the pattern allows",
    (value) => {
      expect(textOf(filled(value, anything))).toContain("begins with a dash");
    },
  );

  it.each([
    ["a line break", "a\nb", "the control character U+000A"],
    ["an escape", "a\u001b[2J", "the control character U+001B"],
    ["a right-to-left override", "a\u202eb", "U+202E"],
    ["a zero-width space", "ngi\u200bnx", "U+200B"],
  ])("T43 refuses %s whatever the pattern allows, and does not show it", (_, value, why) => {
    const text = textOf(filled(value, anything));

    expect(text).toContain(why);
    expect(text).toMatch(/^[ -~]*$/);
  });

  it("T63 refuses a look-alike letter and says which one it is", () => {
    expect(textOf(filled("ngin\u0445", anything))).toBe(
      'Label "name" is "ngin<U+0445>": it contains U+0445, which is not a plain ASCII character and may only look like one.',
    );
  });

  it("refuses more than 256 characters and shows only the beginning", () => {
    const text = textOf(filled("a".repeat(257), anything));

    expect(text).toContain("longer than 256 characters");
    expect(text.length).toBeLessThan(150);
  });
});

describe("a template", () => {
  const scope = { params: { a: "{{params.b}}", b: "$&" }, target: { name: "t", host: "h" } };

  it("is filled once, however deep, and what a value contains is never looked at again", () => {
    const template = {
      argv: ["/bin/x", "{{params.a}}", "--b={{ params.b }}"],
      n: 5,
      on: [true, null],
    };

    expect(fill(template, scope)).toEqual({
      argv: ["/bin/x", "{{params.b}}", "--b=$&"],
      n: 5,
      on: [true, null],
    });
  });

  it("knows the target, and leaves the templates of other programs alone", () => {
    expect(fill("{{target.name}}@{{target.host}} {{.Names}} {{ range .x }}{{ end }}", scope)).toBe(
      "t@h {{.Names}} {{ range .x }}{{ end }}",
    );
  });

  it.each(["{{labels.name}}", "{{params.c}}", "{{target.constructor}}", "{{params.toString}}"])(
    "never fills %s",
    (text) => {
      expect(() => fill(text, scope)).toThrow("passed the load checks");
    },
  );

  it("sees slips of the pen as placeholders, so that the load can refuse them", () => {
    const texts = ["{{container}}", "{{params.x}", "{{param.x}}", "{{ params . x }}"];

    expect(texts.map((text) => placeholdersIn(text).length)).toEqual([1, 1, 1, 1]);
  });
});

it("shows a value from outside cut, and with nothing in it that could act", () => {
  expect(shown(`a\u001b${"b".repeat(100)}`)).toBe(`a<U+001B>${"b".repeat(58)}…`);
});
