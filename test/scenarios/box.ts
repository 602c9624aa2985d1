import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Alert, Program } from "../harness.ts";
import { anAlert } from "../harness.ts";

/** Two people who may approve, one who may only look, and one thing to act on. */
export const TWO_PEOPLE = `
people:
  - {name: ana, telegram: 7, roles: [viewer, operator, approver, admin]}
  - {name: ben, telegram: 8, roles: [viewer, operator, approver]}
  - {name: vic, telegram: 9, roles: [viewer]}
targets:
  box: {executor: command}
`;
export const ANA = 7;
export const BEN = 8;
export const VIC = 9;
/** A group, so that more than one person can press. */
export const GROUP = -100;

export interface Box {
  readonly script: string;
  /** What the fix left behind: a line for each run. */
  runs(): string[];
  writeScript(lines?: string): void;
  writeRunbook(lines?: { risk?: string; more?: string }): void;
}

/** A fix of one's own: a runbook, and a script beside it that leaves a line for each run. */
export function installBox(
  program: Program,
  options: {
    risk?: "low" | "medium" | "high";
    script?: string;
    more?: string;
    /** What is asked afterwards whether it worked; else whether the script has run. */
    probe?: readonly string[];
  } = {},
): Box {
  const script = join(program.folder, "fix.sh");
  const traces = join(program.folder, "runs");
  const probe = options.probe ?? ["/usr/bin/test", "-s", traces];
  const box: Box = {
    script,
    runs: () => (existsSync(traces) ? readFileSync(traces, "utf8").trim().split("\n") : []),
    writeScript: (lines = "") =>
      writeFileSync(script, `#!/bin/sh\necho ran >> ${traces}\n${lines}\n`, { mode: 0o755 }),
    writeRunbook: ({ risk = options.risk ?? "medium", more = options.more ?? "" } = {}) =>
      program.writeRunbook("box.md", runbook({ script, probe, risk, more })),
  };
  box.writeScript(options.script);
  box.writeRunbook();
  return box;
}

/** For a fix that goes on until it is let go, however busy the machine is. */
export function gateIn(program: Program) {
  const file = join(program.folder, "go");
  return {
    script: `while [ ! -e ${file} ]; do sleep 0.1; done`,
    open: () => writeFileSync(file, ""),
  };
}

function runbook(about: {
  script: string;
  probe: readonly string[];
  risk: string;
  more: string;
}): string {
  const { script, risk, more } = about;
  const probe = `{executor: command, with: {argv: ${JSON.stringify(about.probe)}}}`;
  return `---
id: box
title: The box is stuck
match: {alertname: BoxStuck}
actions:
  - id: fix
    title: Fix the box
    risk: ${risk}
    executor: command
    with: {argv: [${script}]}
    target: box
    targets: [box]
    verify: {probe: ${probe}, expect: {exit_code: '0'}, within: 5s}
    timeout: 30s
    ${more}
---
# The box is stuck
`;
}

/** Each has a number of its own, so that none is taken for another. */
export function boxStuck(number = 1, severity: "warning" | "critical" = "warning"): Alert {
  return anAlert("BoxStuck", { severity, number: String(number) });
}
