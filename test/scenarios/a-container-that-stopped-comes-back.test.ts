import type { TestContext } from "vitest";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Program, ProgramOptions } from "../harness.ts";
import { comesTrue, createProgram, sleep } from "../harness.ts";
import { startAlertmanager } from "../lab/alertmanager.ts";
import type { Engine } from "../lab/engine.ts";
import { startEngine } from "../lab/engine.ts";
import { findFreePort } from "../lab/peer-process.ts";
import { CONTAINER_DOWN_RULES, startPrometheus } from "../lab/prometheus.ts";
import type { Peer } from "../peers.ts";
import { havePeer } from "../peers.ts";
import { ANA } from "./box.ts";

const NEEDED: readonly Peer[] = ["prometheus", "alertmanager", "podman"];
const missing = NEEDED.filter((peer) => !havePeer(peer));

let engine: Engine;
let homelabs = 0;

beforeAll(async () => {
  if (missing.length === 0) engine = await startEngine();
}, 60_000);
afterAll(() => engine?.stop(), 30_000);

interface Homelab {
  readonly program: Program;
  readonly container: string;
  /** Takes the container down and tells the incident that comes of it. */
  breakIt(): Promise<string>;
}

/** A container that is watched by a real Prometheus, whose alerts a real Alertmanager sends to the program. */
async function startHomelab(
  test: TestContext,
  { apiKey, isPulled = false }: { apiKey?: string; isPulled?: boolean } = {},
): Promise<Homelab> {
  if (missing.length > 0) test.skip(`${missing.join(", ")} can't be used here`);
  homelabs += 1;
  const container = `web-${homelabs}`;
  const containerPort = await findFreePort();
  await engine.runMetricsContainer(container, containerPort);
  const options: ProgramOptions = {
    policy: `targets:\n  ${container}: {executor: docker}\n`,
    telegram: { chat: ANA, adminIds: String(ANA) },
    env: { DOCKER_HOST: engine.host, ...(apiKey ? { PROMETHEUS_API_KEY: `old,${apiKey}` } : {}) },
  };
  const program = await createProgram(options);
  const alertmanager = await startAlertmanager({
    webhookUrl: `${program.url}/prometheus/webhook`,
    ...(apiKey === undefined ? {} : { apiKey }),
  });
  onTestFinished(() => alertmanager.stop());
  const prometheus = await startPrometheus({
    scrapeTargets: [
      { job: "containers", address: `127.0.0.1:${containerPort}`, labels: { name: container } },
    ],
    rules: CONTAINER_DOWN_RULES,
    alertmanagerUrl: alertmanager.url,
  });
  onTestFinished(() => prometheus.stop());
  await program.start(
    isPulled ? { ALERTMANAGER_URL: alertmanager.url, PROMETHEUS_URL: prometheus.url } : {},
  );
  await comesTrue(() => isScraped(prometheus.url), 10_000);

  async function breakIt(): Promise<string> {
    await engine.stopContainer(container);
    const incident = () =>
      program
        .telegram()
        .messages(ANA)
        .map(({ text }) => /inc_[0-9a-f]+/.exec(text)?.[0])
        .find((id) => id !== undefined);
    return await program.telegram().waitFor(incident, 20_000);
  }

  return { program, container, breakIt };
}

async function isScraped(prometheusUrl: string): Promise<boolean> {
  const answer = await fetch(`${prometheusUrl}/api/v1/query?query=up`);
  return (await answer.text()).includes('"1"');
}

describe("a container that stopped", { timeout: 60_000 }, () => {
  const ways = [
    ["on a webhook's word", {}],
    ["with a key, and its source asked", { apiKey: "secret", isPulled: true }],
  ] as const;
  for (const [name, how] of ways) {
    it(`is restarted and verified without anyone while auto-healing is on, ${name}`, async (test) => {
      const { program, container, breakIt } = await startHomelab(test, how);
      const owner = await program.signIn();
      await owner.enableAutohealing();

      const incident = await breakIt();
      const story = await untilVerified(program, incident);

      expect(await engine.state(container)).toBe("running");
      expect(story.requests).toMatchObject([{ state: "succeeded", isApprovedByPolicy: true }]);
      expect(story.verifications).toMatchObject([{ outcome: "verified" }]);
      expect(story.executions).toHaveLength(1);
    });
  }

  it("waits for Approve in Telegram while auto-healing is off, then is restarted and verified", async (test) => {
    const { program, container, breakIt } = await startHomelab(test, { isPulled: true });
    const incident = await breakIt();
    const card = await program.telegramCard(incident, "Approvals: 0 of 1");
    await sleep(1_000);
    const stateBefore = await engine.state(container);

    const answer = await program.press(card, "Approve", ANA);
    const story = await untilVerified(program, incident);
    const cardAfter = await program.telegramCard(incident, "Alert Resolved");

    expect(stateBefore).toBe("exited");
    expect(answer).toContain("✅ Approved");
    expect(await engine.state(container)).toBe("running");
    expect(story.requests).toMatchObject([{ state: "succeeded", votes: [{ person: "owner" }] }]);
    expect(story.verifications).toMatchObject([{ outcome: "verified" }]);
    expect(cardAfter.buttons).toEqual([]);
  });

  it("stays down after Reject", async (test) => {
    const { program, container, breakIt } = await startHomelab(test);
    const incident = await breakIt();
    const card = await program.telegramCard(incident, "Approvals: 0 of 1");

    const answer = await program.press(card, "Reject", ANA);
    await sleep(3_000);

    expect(answer).toContain("❌ Rejected");
    expect(await engine.state(container)).toBe("exited");
    expect((await program.story(incident)).executions).toEqual([]);
  });

  it("is not restarted when it came back by itself before Approve", async (test) => {
    const { program, container, breakIt } = await startHomelab(test);
    const incident = await breakIt();
    await program.telegramCard(incident, "Approvals: 0 of 1");
    await engine.startContainer(container);
    await program.untilRequest(incident, "cancelled", 20_000);

    expect(await engine.state(container)).toBe("running");
    expect((await program.story(incident)).executions).toEqual([]);
  });
});

function untilVerified(program: Program, incident: string) {
  return program.untilStory(incident, ({ verifications }) => verifications.length > 0, 25_000);
}
