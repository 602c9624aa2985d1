const GRADES = ["low", "medium", "high"] as const;

/** What never helps is looked at again and again until its window is over. */
const CHECKS = { low: "-d, /", medium: "-f, /", high: "-d, /" } as const;

const action = (grade: (typeof GRADES)[number], script: string) => `
  - id: ${grade}
    title: Leave a trace
    risk: ${grade}
    when: {grade: ${grade}}
    executor: command
    with: {argv: ['${script}', '{{params.n}}']}
    target: '{{params.box}}'
    targets: all
    verify: {probe: {executor: command, with: {argv: [/usr/bin/test, ${CHECKS[grade]}]}}, expect: {exit_code: '0'}, within: 2s}
    timeout: 10s`;

/** Every alert has a number of its own, and its fix writes that number: two lines of one number are two runs. */
export const runbookText = (script: string) => `---
id: torture
title: Torture
match: {alertname: Torture}
params:
  n: {from: labels.n, pattern: '[0-9]{1,9}'}
  box: {from: labels.box, pattern: 'box-[0-9]{1,2}'}
evidence:
  - {id: root, title: The root folder, probe: {executor: command, with: {argv: [/usr/bin/test, -d, /]}}}
actions:${GRADES.map((grade) => action(grade, script)).join("")}
---
# Torture
`;

export const BOXES = 12;

/** A number makes each policy another one: what was shown under the last is void. */
export function policyText(number: number, expires: string): string {
  const boxes = Array.from({ length: BOXES }, (_, i) => `  box-${i}: {executor: command}`);
  return `# ${number}
people:
  - {name: ana, telegram: 7, roles: [viewer, operator, approver, admin]}
  - {name: ben, telegram: 8, roles: [viewer, operator, approver]}
approval:
  medium: {expires: ${expires}, remind: 1s, escalate: 2s}
  high: {expires: ${expires}, remind: 1s, escalate: 2s}
limits: {executions_per_hour: 1000000, breaker: {failures: 1000000}}
targets:
${boxes.join("\n")}
`;
}
