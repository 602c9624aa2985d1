import { expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import { createExecutors, openCatalogue } from "../../src/executors.ts";
import { parsePolicy } from "../../src/remediation/parse-policy.ts";
import { propose } from "../../src/remediation/propose.ts";

const POLICY = `targets:
  web-01: {executor: proxmox, host: 'vm:101', aliases: [192.168.1.21]}
`;

/** What the shipped runbooks offer where one guest of Proxmox is declared. */
function offersFor(labels: Readonly<Record<string, string>>) {
  const config = readConfig({});
  const { runbooks } = openCatalogue(config, createExecutors(config)).read();
  const { adminIds } = config;
  const parsed = parsePolicy("policy.yaml", Buffer.from(POLICY), { dataDir: "/data", adminIds });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { candidates, unfit } = propose({
    alert: { labels, annotations: {} },
    runbooks,
    policy: parsed.policy,
  });
  const offered = candidates.map(
    ({ actionId, declaredRisk, target }) => `${actionId} ${declaredRisk} ${target.host}`,
  );
  return { offered, unfit: unfit.map(({ actionId, reason }) => `${actionId} ${reason.rule}`) };
}

it("offer a power-cycle of a guest that is declared, at high risk only", () => {
  expect(
    offersFor({ alertname: "HostDown", instance: "192.168.1.21:9100", host: "web-01" }),
  ).toEqual({
    offered: ["start medium vm:101", "power-cycle high vm:101", "cut-power high vm:101"],
    unfit: [],
  });
});

it("offer none of a machine that is not declared, and of no other guest by its number", () => {
  const { offered } = offersFor({ alertname: "HostDown", instance: "nas", host: "nas" });
  const byNumber = offersFor({ alertname: "HostDown", instance: "vm:102", host: "vm:102" });
  const other = offersFor({
    alertname: "PveGuestDown",
    instance: "pve",
    id: "qemu/102",
    name: "nas",
  });

  expect([...offered, ...byNumber.offered, ...other.offered]).toEqual([]);
});

it("start a guest of Proxmox where the alert says its name", () => {
  const alert = { alertname: "PveGuestDown", instance: "pve", id: "qemu/101" };

  expect(offersFor({ ...alert, name: "web-01" }).offered).toEqual(["start medium vm:101"]);
  expect(offersFor(alert)).toEqual({ offered: [], unfit: [] });
});
