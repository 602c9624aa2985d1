import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import { createExecutors, openCatalogue } from "../../src/executors.ts";
import { propose } from "../../src/remediation/propose.ts";

/** What the shipped runbooks say to an alert, where no target is declared yet. */
function reasonsFor(labels: Readonly<Record<string, string>>) {
  const config = readConfig({});
  const { runbooks, policy } = openCatalogue(config, createExecutors(config)).read();
  const { candidates, unfit } = propose({
    alert: { labels, annotations: {} },
    runbooks,
    policy,
  });
  expect(candidates).toEqual([]);
  return unfit.map(({ actionId, reason }) => `${actionId}: ${reason.text}`);
}

const instance = "192.168.1.20:9100";

describe("the restarts of the shipped runbooks", () => {
  it("say what to add to the policy where the machine is not in it", () => {
    const reasons = reasonsFor({ alertname: "ServiceDown", instance, name: "nginx.service" });

    expect(reasons).toEqual([
      expect.stringContaining("under targets: 192.168.1.20: {executor: systemd}"),
    ]);
  });

  it.each(["*.service", "getty@tty1.service", "nginx", "-x.service", "../a.service", "data.mount"])(
    "refuse the unit %s",
    (name) => {
      const reasons = reasonsFor({ alertname: "ServiceDown", instance, name });

      expect(reasons).toEqual([expect.stringContaining(`Label "name" is "${name}"`)]);
    },
  );

  it("say which label a slow page lacks", () => {
    const page = { alertname: "HighLatency", instance: "https://cloud.lan" };

    expect(reasonsFor(page)).toEqual([expect.stringContaining("The alert has no label")]);
    expect(reasonsFor({ ...page, host: "web-01" })).toEqual([
      expect.stringContaining('The alert has no label "service"'),
    ]);
  });

  it("stop a busy process where no service is named, and restart it where one is", () => {
    const service = "nextcloud.service";

    expect(reasonsFor({ alertname: "HighCPU", instance })).toEqual([
      expect.stringContaining("under targets: 192.168.1.20: {executor: process}"),
    ]);
    expect(reasonsFor({ alertname: "HighCPU", instance, service })).toEqual([
      expect.stringContaining("under targets: 192.168.1.20: {executor: systemd}"),
    ]);
  });

  it.each(["HighMemory", "HighMemoryUsage"])(
    "are not offered for %s of a whole machine",
    (alertname) => {
      expect(reasonsFor({ alertname, instance })).toEqual([]);
    },
  );
});
