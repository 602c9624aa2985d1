/** The runbook of a service that is restarted, judged as `verify` says; `more` are further lines of the action. */
export function webDown(verify: string, more = ""): string {
  return `---
id: web-down
title: The web service is down
match: {alertname: WebDown}
params: {service: {from: labels.service, pattern: '[a-z]+'}}
actions:
  - id: restart
    title: Restart the web service
    risk: low
    executor: command
    with: {argv: [/usr/bin/true, restart, '{{params.service}}']}
    target: '{{params.service}}'
    targets: all
    verify: ${verify}
${more}---
Prose.
`;
}
