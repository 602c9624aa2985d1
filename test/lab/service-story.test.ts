import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Story } from "../harness.ts";
import { sleep } from "../harness.ts";
import type { Peer } from "../peers.ts";
import { havePeer } from "../peers.ts";
import type { ConsoleClient } from "../scenarios/console-client.ts";
import { createConsoleClient } from "../scenarios/console-client.ts";
import { startAlertmanager } from "./alertmanager.ts";
import { findRootfs } from "./debian-rootfs.ts";
import { comesTrue, findFreePort } from "./peer-process.ts";
import { startPrometheus } from "./prometheus.ts";
import type { Machine } from "./systemd-machine.ts";
import { startMachine } from "./systemd-machine.ts";

const NEEDED: readonly Peer[] = [
  "podman",
  "debootstrap",
  "prometheus",
  "alertmanager",
  "node_exporter",
];
const missing = NEEDED.filter((peer) => !havePeer(peer));
const rootfs =
  missing.length === 0
    ? await findRootfs()
    : { ok: false as const, why: `${missing.join(", ")} is missing` };
const title = rootfs.ok
  ? "a service of a real systemd"
  : `a service of a real systemd (${rootfs.why})`;

const EXPORTER = "/usr/bin/prometheus-node-exporter";
const COUNTERSIGN = "countersign.service";

/** The shipped rule without its patience. */
function rules(): string {
  const shipped = readFileSync("runbooks/alerts.rules.yml", "utf8");
  const [rule = ""] = / {6}- alert: ServiceDown\n[\s\S]*?\n\n/.exec(shipped) ?? [];
  return `groups:\n  - name: services\n    rules:\n${rule.replace("for: 1m", "for: 1s")}`;
}

const KEY = "a-key-of-the-lab-that-is-long-enough-0123456789";
const SETTINGS = {
  DATABASE_URL: "sqlite:/var/lib/countersign/countersign.db",
  RUNBOOKS_DIR: "/etc/countersign/runbooks",
};

interface Homelab {
  readonly owner: ConsoleClient;
  stop(): Promise<void>;
}

/** The built program under the shipped unit, as a user of its own, on a machine whose first process is systemd. */
describe.skipIf(!rootfs.ok)(title, { timeout: 120_000 }, () => {
  let machine: Machine;
  let homelab: Homelab;

  beforeAll(async () => {
    if (!rootfs.ok) return;
    machine = await startMachine(rootfs.archive, {
      network: "host",
      // Where the shipped unit looks for them.
      files: [
        `${resolve(".")}:/opt/countersign/current`,
        `${process.execPath}:/usr/bin/node`,
        `${EXPORTER}:${EXPORTER}`,
      ],
    });
    await machine.addRules("systemd/50-countersign.rules");
    homelab = await startHomelab();
  }, 90_000);
  afterAll(async () => {
    await homelab?.stop();
    await machine?.stop();
  }, 30_000);

  async function startHomelab(): Promise<Homelab> {
    const [port, exporterPort] = [await findFreePort(), await findFreePort()];
    const url = `http://127.0.0.1:${port}`;
    const listen = `--web.listen-address=127.0.0.1:${exporterPort}`;
    const flags = `${listen} --collector.disable-defaults --collector.systemd`;
    await machine.install("exporter.service", `[Service]\nExecStart=${EXPORTER} ${flags}\n`);
    const alertmanager = await startAlertmanager({
      webhookUrl: `${url}/webhook`,
      apiKey: KEY,
      groupBy: ["alertname", "name"],
    });
    const prometheus = await startPrometheus({
      scrapeTargets: [{ job: "node", address: `127.0.0.1:${exporterPort}` }],
      rules: rules(),
      alertmanagerUrl: alertmanager.url,
    });
    await installCountersign({
      PROMETHEUS_WEBHOOK_PORT: String(port),
      ALERTMANAGER_URL: alertmanager.url,
      PROMETHEUS_URL: prometheus.url,
    });
    await machine.execute("systemctl", "start", "exporter.service", COUNTERSIGN);
    const owner = await createConsoleClient(url, await signInLink());
    const stop = async () => {
      await Promise.all([prometheus.stop(), alertmanager.stop()]);
    };
    return { owner, stop };
  }

  /** As the README says, but that the settings stand in the unit: our checkout is nobody's to write here. */
  async function installCountersign(env: Readonly<Record<string, string>>): Promise<void> {
    await machine.execute("install", "-d", "-m", "755", "/etc/countersign");
    await machine.execute("cp", "-r", "/opt/countersign/current/runbooks", "/etc/countersign/");
    await machine.execute("chmod", "-R", "go-w", "/etc/countersign");
    await machine.write("etc/countersign/credentials/prometheus-api-key", KEY);
    await machine.write(
      "etc/countersign/runbooks/policy.yaml",
      "targets:\n  homelab-services: {executor: systemd, aliases: [127.0.0.1]}\n",
    );
    const lines = Object.entries({ ...SETTINGS, ...env }).map(
      ([name, value]) => `${name}=${value}`,
    );
    await machine.write(
      `etc/systemd/system/${COUNTERSIGN}.d/settings.conf`,
      `[Service]\n${lines.map((line) => `Environment=${line}\n`).join("")}`,
    );
    await machine.install(COUNTERSIGN, readFileSync("systemd/countersign.service", "utf8"));
  }

  async function signInLink(): Promise<string> {
    let link: string | undefined;
    const log = () => machine.execute("journalctl", "-u", COUNTERSIGN, "-o", "cat");
    await comesTrue(async () => {
      link = /Console sign-in: (\S+)/.exec(await log())?.[1];
      return link !== undefined;
    }, 20_000);
    if (link === undefined) throw new Error(`no link was printed:\n${await log()}`);
    return link;
  }

  /** What the command `history` tells of the unit's incident, once it is like this. */
  async function untilStory(unit: string, isSo: (story: Story) => boolean): Promise<Story> {
    const env = Object.entries(SETTINGS).map(([name, value]) => `${name}=${value}`);
    const command = ["/usr/bin/node", "/opt/countersign/current/dist/main.js", "history", "--json"];
    let found: Story | undefined;
    const isFound = await comesTrue(async () => {
      const text = await machine.executeAs("countersign", "/usr/bin/env", ...env, ...command);
      const { incidents } = JSON.parse(text) as { incidents: Story[] };
      found = incidents.find((story) => JSON.stringify(story).includes(`"name":"${unit}"`));
      return found !== undefined && isSo(found);
    }, 40_000);
    if (isFound && found !== undefined) return found;
    const told = found?.timeline.map(({ text }) => text) ?? ["no incident"];
    throw new Error(`waited in vain; it went like this:\n${told.join("\n")}`);
  }

  async function die(unit: string): Promise<void> {
    await machine.install(unit, "[Service]\nExecStart=/bin/sleep 100000\n");
    await machine.execute("systemctl", "start", unit);
    await machine.execute("systemctl", "kill", "--signal=KILL", unit);
    await expect.poll(() => stateOf(unit)).toBe("failed");
  }

  /** `is-active` ends with an error for everything that is not. */
  async function stateOf(unit: string): Promise<string> {
    return await machine.execute("systemctl", "show", "--value", "--property=ActiveState", unit);
  }

  const isPending = ({ requests }: Story) => requests[0]?.state === "pending";

  it("that died is restarted after Approve by Countersign as its own user, and verified", async () => {
    await die("nginx.service");
    const { incident } = await untilStory("nginx.service", isPending);
    const page = await homelab.owner.open(`/incidents/${incident.id}`);
    expect(page.text).toContain("restart -- nginx.service");
    expect(await stateOf("nginx.service")).toBe("failed");

    await homelab.owner.approve(incident.id);
    const story = await untilStory(
      "nginx.service",
      ({ verifications, incident: { state } }) => verifications.length > 0 && state === "resolved",
    );

    expect(story.requests).toMatchObject([{ state: "succeeded", risk: "medium" }]);
    expect(story.executions).toMatchObject([
      { output: "nginx.service: restart done, now active (running)." },
    ]);
    expect(story.verifications).toMatchObject([{ outcome: "verified" }]);
    expect(await stateOf("nginx.service")).toBe("active");
    const user = await machine.execute(
      "systemctl",
      "show",
      "--value",
      "--property=User",
      COUNTERSIGN,
    );
    expect(user).toBe("countersign");
  });

  it("that died stays dead after Reject", async () => {
    await die("rejected.service");
    const { incident } = await untilStory("rejected.service", isPending);

    await homelab.owner.reject(incident.id, "it is being repaired");
    const story = await untilStory(
      "rejected.service",
      ({ requests }) => requests[0]?.state === "rejected",
    );
    await sleep(4_000);

    expect(story.executions).toEqual([]);
    expect(await stateOf("rejected.service")).toBe("failed");
    expect((await untilStory("rejected.service", () => true)).executions).toEqual([]);
  });

  it("that its user has no right to is left dead after Approve, and the card says which right is missing", async () => {
    await die("unlisted.service");
    const { incident } = await untilStory("unlisted.service", isPending);

    await homelab.owner.approve(incident.id);
    const story = await untilStory("unlisted.service", ({ requests }) =>
      requests.some(({ state }) => state === "failed"),
    );

    expect(story.executions[0]?.output).toContain(
      "This user may not restart unlisted.service. Nothing was changed.",
    );
    expect(story.executions[0]?.output).toContain("A polkit rule for");
    expect(await stateOf("unlisted.service")).toBe("failed");
  });
});
