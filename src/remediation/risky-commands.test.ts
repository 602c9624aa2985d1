import { expect, it } from "vitest";
import { parseRunbook } from "./parse-runbook.ts";
import { riskyCommands } from "./risky-commands.ts";

const easy = { describe: () => undefined, describeProbe: () => undefined };

function warningsFor(risk: string, argv: readonly string[]): string[] {
  const text = `---
id: a
title: A
match: {alertname: A}
params:
  name: {from: labels.name, pattern: '[a-z]+'}
actions:
  - id: fix
    title: Fix it
    risk: ${risk}
    executor: command
    with: {argv: ${JSON.stringify(argv)}}
---
Prose.
`;
  const parsed = parseRunbook("a.md", Buffer.from(text), new Map([["command", easy]]));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return riskyCommands([parsed.runbook]);
}

it.each([
  ["low", ["/usr/bin/df", "-h"]],
  ["medium", ["/usr/bin/systemctl", "restart", "{{params.name}}"]],
  ["high", ["/opt/scripts/own"]],
])("says nothing of a %s %j", (risk, argv) => {
  expect(warningsFor(risk, argv)).toEqual([]);
});

it.each([
  [
    "low",
    ["/usr/bin/systemctl", "restart", "{{params.name}}"],
    /"fix" is declared low and looks medium: systemctl restart/,
  ],
  ["medium", ["/opt/scripts/own"], /declared medium and looks high: "\/opt\/scripts\/own"/],
  ["high", ["/usr/bin/dd", "of=/dev/sda"], /declared high and looks forbidden: dd can overwrite/],
])("warns of a %s %j, and lets it be", (risk, argv, warning) => {
  const warnings = warningsFor(risk, argv);

  expect(warnings).toEqual([expect.stringMatching(warning)]);
});
