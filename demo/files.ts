import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ASK = fileURLToPath(new URL("ask-to-restart.mjs", import.meta.url));

/** The runbook and the policy of the demo, as a person would write them for her own services. */
export function writeRunbooks(folder: string, supervisor: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "service-down.md"),
    `---
id: service-down
title: A service does not answer
match: {alertname: ServiceDown}
params:
  service: {from: labels.name, pattern: '[a-z]+'}
actions:
  - id: restart
    title: Start the service again
    risk: medium
    executor: command
    with: {argv: [${JSON.stringify(process.execPath)}, ${JSON.stringify(ASK)}, ${JSON.stringify(supervisor)}, '{{params.service}}']}
    target: '{{params.service}}'
    targets: all
    verify: {alert: resolved, within: 1m}
    timeout: 20s
---
# A service does not answer

Nobody is listening on its port. Starting it again brings it back, unless it died of its own configuration.
`,
  );
  writeFileSync(
    join(folder, "policy.yaml"),
    `targets:
  shop: {executor: command}
  blog: {executor: command}
`,
  );
}
