import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseRunbook } from "./parse-runbook.ts";
import type { Runbook } from "./runbook.ts";
import type { Describer } from "./sample.ts";

class InvalidAction extends Error {
  override readonly name = "InvalidAction";
}

const picky: Describer = {
  describe: (action) => {
    if (!["restart", "start", "stop"].includes(String(action.op))) {
      throw new InvalidAction(`docker can't ${String(action.op)}`);
    }
  },
  describeProbe: () => undefined,
};
const easy: Describer = { describe: () => undefined, describeProbe: () => undefined };
const executors = new Map([
  ["docker", picky],
  ["command", easy],
  ["process", easy],
]);

const head = `---
id: a
title: A
match: {alertname: A}
params:
  name: {from: labels.name, pattern: '[a-z]+'}
evidence:
  - {id: e, title: E, promql: 'up{name="{{labels.name}}"}'}
actions:
  - id: go
    title: Go
    risk: low
    executor: docker
    with: {op: restart, container: '{{params.name}}'}
`;

function parse(text: string, file = "runbooks/a.md") {
  return parseRunbook(file, Buffer.from(text), executors);
}

function problemsOf(text: string, file?: string): string[] {
  const parsed = parse(text, file);
  return parsed.ok ? [] : parsed.problems.map(({ line, message }) => `${line}: ${message}`);
}

function runbookOf(text: string): Runbook {
  const parsed = parse(text);
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return parsed.runbook;
}

describe("a runbook", () => {
  it("has what is left out filled in, and touches no target unless it says so", () => {
    const runbook = runbookOf(`${head}---\n# A\n\nProse.\n`);

    expect(runbook.body).toBe("# A\n\nProse.");
    expect(runbook.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(runbook.actions[0]).toMatchObject({
      targets: [],
      verify: { alert: "resolved", withinMs: 300_000 },
      rollback: null,
      cooldownMs: 0,
      limit: null,
      timeoutMs: 60_000,
      silenceMs: null,
      dryRun: null,
    });
  });

  it("reads durations, limits, and facts written as numbers", () => {
    const more = `    limit: 3/1h
    cooldown: 10m
    verify: {within: 1h30m, probe: {executor: docker, with: {}}, expect: {exit_code: 0, state: [a, b]}}
`;

    expect(runbookOf(`${head}${more}---\n`).actions[0]).toMatchObject({
      limit: { runs: 3, windowMs: 3_600_000 },
      cooldownMs: 600_000,
      verify: { withinMs: 5_400_000, expect: { exit_code: ["0"], state: ["a", "b"] } },
    });
  });

  it("may be written with the line ends of another system", () => {
    expect(runbookOf(`${head}---\nProse.\n`.replaceAll("\n", "\r\n")).body).toBe("Prose.");
  });

  it.each<[string, string, string]>([
    ["an unknown key", "    timout: 5s\n", '15: unknown key "timout"; did you mean "timeout"?'],
    [
      "an unknown rollback",
      "    rollback: back\n",
      "15: rollback names no action of this runbook; there are: go",
    ],
    [
      "a rollback to itself",
      "    rollback: go\n",
      "15: rollback names the action itself: name the one that undoes it",
    ],
    [
      "a rollback of another kind",
      "    rollback: {id: go}\n",
      "15: actions[0].rollback must be none, an action of this runbook, or {action: id, auto: true}",
    ],
    [
      "a rollback by itself that is more than low",
      "    rollback: {action: back, auto: true}\n  - {id: back, title: B, risk: medium, executor: docker, with: {op: stop}}\n",
      "15: rollback: only low risk may run unasked, and back is medium: leave out auto",
    ],
    [
      "an unknown placeholder",
      "    target: '{{params.nam}}'\n",
      "15: nothing is called {{params.nam}} here; there are: params.name",
    ],
    [
      "a label as target",
      "    target: '{{labels.name}}'\n",
      "15: {{labels.name}}: labels stand only inside the strings of promql and logql; declare a parameter instead",
    ],
    [
      "its own target as target",
      "    target: '{{target.name}}'\n",
      "15: nothing is called {{target.name}} here; there are: params.name",
    ],
    [
      "a query with a loose label",
      "    precondition: {promql: 'up > {{labels.name}}'}\n",
      "15: {{labels.name}}: labels may stand only inside a quoted string of the query; declare a parameter instead",
    ],
    [
      "a query that is no PromQL",
      "    precondition: {promql: 'sum by name (up)'}\n",
      '15: not understood as PromQL from "name (up)" on',
    ],
    [
      "a query with a bracket too few, filled in",
      `    verify: {promql: 'max(up{name=~"{{labels.a}}.*",job="{{params.name}}"} == 1'}\n`,
      "15: the query ends too early: a bracket, a quote or an operand is missing",
    ],
    [
      "a probe without what to expect",
      "    verify: {probe: {executor: docker, with: {}}}\n",
      "15: actions[0].verify needs probe and expect together",
    ],
    [
      "a wrong duration",
      "    cooldown: soon\n",
      "15: actions[0].cooldown must be a duration such as 20s, 3m, 1h30m or 7d",
    ],
    ["a wrong limit", "    limit: 3 an hour\n", "15: actions[0].limit must look like 3/1h"],
    [
      "wrong targets",
      "    targets: some\n",
      "15: actions[0].targets must be all, a list of target names, or {labels: {name: value}}",
    ],
    [
      "a broken pattern",
      "    params: {x: {from: labels.x, pattern: '('}}\n",
      "15: actions[0].params.x.pattern does not compile as a regular expression",
    ],
    [
      "a source that is none",
      "    params: {x: {from: name, pattern: x}}\n",
      '15: actions[0].params.x.from must be "labels.x" or "annotations.x"',
    ],
    [
      "an executor of another build",
      "    precondition: {probe: {executor: ssh, with: {argv: [/bin/true]}}, expect: {exit_code: 0}}\n",
      '15: this build has no executor "ssh"; it has: docker, command, process',
    ],
    [
      "a dry run its executor refuses",
      "    dry_run: {with: {op: look}}\n",
      "15: docker can't look",
    ],
    [
      "an id twice",
      "  - {id: go, title: B, risk: high, executor: docker, with: {op: stop}}\n",
      '15: id "go" is there twice',
    ],
  ])("is refused for %s, with the line", (_, line, problem) => {
    expect(problemsOf(`${head}${line}---\n`)).toEqual([problem]);
  });

  it.each<[string, string]>([
    ["a text", "argv: /bin/echo hello"],
    ["a program without its path", "argv: [echo, hello]"],
    ["a program chosen by a parameter", "argv: ['/bin/{{params.name}}']"],
    ["a parameter alone", "argv: ['{{params.name}}']"],
    ["nothing", "argv: []"],
  ])("T40 is refused when its command is %s", (_, argv) => {
    const text = `${head.replace("executor: docker", "executor: command").replace(/with: .*/, `with: {${argv}}`)}---\n`;

    expect(problemsOf(text)).toEqual([expect.stringMatching(/^14: argv must/)]);
  });

  it("is refused when its executor refuses the action, checked with sample values", () => {
    expect(problemsOf(`${head.replace("restart", "explode")}---\n`)).toEqual([
      "14: docker can't explode",
    ]);
  });

  it("is refused when its name is not its file's, or it has no front matter", () => {
    expect(problemsOf(`${head}---\n`, "runbooks/b.md")).toEqual([
      '2: id "a" must be the file\'s name, "b"',
    ]);
    expect(problemsOf("# Just prose\n")).toEqual([expect.stringContaining("1: must begin with")]);
  });

  it("P1 lets no alert say which process may be stopped", () => {
    const text = head
      .replace("executor: docker", "executor: process")
      .replace(
        "{op: restart, container: '{{params.name}}'}",
        "{among: [ffmpeg, '{{params.name}}']}",
      );

    expect(problemsOf(`${text}---\n`)).toEqual([
      "14: {{params.name}}: write the names of processes out, without a placeholder",
    ]);
  });

  it("lets no bug of an executor pass for a mistake of the writer", () => {
    const broken = new Map([
      [
        "docker",
        {
          ...easy,
          describe: () => (null as never as Describer).describe({}, null as never),
        } as never,
      ],
    ]);

    expect(() => parseRunbook("a.md", Buffer.from(`${head}---\n`), broken)).toThrow(TypeError);
  });
});

describe("the runbooks that come with the program", () => {
  it.each(["test-alert", "container-down", "unknown-alert"])("%s loads", (id) => {
    const file = `runbooks/${id}.md`;
    const parsed = parseRunbook(file, readFileSync(file), executors);

    expect(parsed).toMatchObject({ ok: true, runbook: { id } });
  });
});
