import { readFileSync } from "node:fs";
import { expect, it, onTestFinished } from "vitest";
import { createProgram } from "../harness.ts";
import { havePeer } from "../peers.ts";
import { startPrometheus } from "./prometheus.ts";

const shipped = readFileSync("runbooks/alerts.rules.yml", "utf8");
const STRANGE = `
  - name: strange
    rules:
      - {alert: FridgeOpen, expr: vector(1) > 2}
      - {alert: FridgeWarm, expr: vector(1) > 2}
      - {record: fridge:temperature, expr: vector(1)}
`;

async function check(rules: string) {
  const program = await createProgram();
  const prometheus = await startPrometheus({ scrapeTargets: [], rules });
  onTestFinished(() => prometheus.stop());
  const { code, stdout } = await program.command(["check"], { PROMETHEUS_URL: prometheus.url });
  return { code, rules: stdout.split("\n").filter((line) => line.includes(" rules: ")) };
}

it.skipIf(!havePeer("prometheus"))(
  "`check` names the alerts that no runbook is written for, and says what to add",
  async () => {
    expect(await check(shipped + STRANGE)).toEqual({
      code: 0,
      rules: [
        "ok     rules: no runbook is written for the alerts FridgeOpen, FridgeWarm: their cards come without a fix. To offer one, add a file to the runbook folder with match: {alertname: FridgeOpen}",
      ],
    });
  },
);

it.skipIf(!havePeer("prometheus"))("`check` has nothing to say of the shipped rules", async () => {
  expect(await check(shipped)).toEqual({ code: 0, rules: [] });
});
