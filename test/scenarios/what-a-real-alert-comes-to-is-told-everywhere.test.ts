import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished, vi } from "vitest";
import { anAnswer } from "../diagnosis/an-opinion.ts";
import { startAnthropic } from "../fakes/anthropic.ts";
import { startFakeGrafana } from "../fakes/grafana.ts";
import { startPagerDuty } from "../fakes/pagerduty.ts";
import { startPush } from "../fakes/push.ts";
import type { FakeSlack } from "../fakes/slack.ts";
import { startFakeSlack } from "../fakes/slack.ts";
import { comesTrue, createProgram } from "../harness.ts";
import { startAlertmanager } from "../lab/alertmanager.ts";
import { startPrometheus } from "../lab/prometheus.ts";
import { havePeer } from "../peers.ts";
import type { Box } from "./box.ts";
import { ANA, GROUP, installBox } from "./box.ts";

const PATIENCE = { timeout: 60_000 };
const RULES = `
groups:
  - name: boxes
    rules:
      - alert: BoxStuck
        expr: box_stuck == 1
        labels: {severity: critical}
        annotations: {summary: The box is stuck}
`;
const missing = (["prometheus", "alertmanager"] as const).filter((peer) => !havePeer(peer));

function policyFor(slack: FakeSlack, push: { url: string }): string {
  return `
people:
  - {name: ana, telegram: 7, slack: "${slack.account("ana")}", roles: [viewer, operator, approver, admin]}
  - {name: ben, telegram: 8, slack: "${slack.account("ben")}", roles: [viewer, operator, approver]}
targets:
  box: {executor: command}
alerts:
  route: [{match: {severity: critical}, to: [telegram, slack, pagerduty, phone, tickets]}]
outgoing:
  phone: {url: ${push.url}/, body: {topic: lab, title: '{{event}}: {{title}}', message: '{{text}}', click: '{{link}}'}}
  tickets: {url: ${push.url}/hook}
`;
}

/** What Prometheus scrapes: the box is stuck until its fix has run. */
async function startExporter(box: Box): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    response.end(`box_stuck ${box.runs().length === 0 ? 1 : 0}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The program with everybody it can tell, none of whom it has told anything yet. */
async function startWorld() {
  const [slack, grafana] = [await startFakeSlack(), await startFakeGrafana()];
  onTestFinished(async () => {
    grafana.stop();
    await slack.stop();
  });
  const [pagerDuty, push, model] = [
    await startPagerDuty(),
    await startPush(),
    await startAnthropic(),
  ];
  model.reply(() => ({ text: JSON.stringify(anAnswer()) }));
  const program = await createProgram({
    policy: policyFor(slack, push),
    telegram: { chat: GROUP },
    slack: { fake: slack, connection: "socket" },
    env: {
      ...{ PAGERDUTY_ROUTING_KEY: pagerDuty.routingKey, PAGERDUTY_API_URL: pagerDuty.apiUrl },
      ...{ GRAFANA_URL: grafana.url, GRAFANA_TOKEN: grafana.token },
      ...{ COUNTERSIGN_NOTES_TO: "grafana", ANTHROPIC_BASE_URL: model.url },
      ...{ LLM_PROVIDER: "anthropic", LLM_MODEL: "claude-sonnet-5-5", ANTHROPIC_API_KEY: "a-key" },
    },
  });
  const alertmanager = await startAlertmanager({ webhookUrl: `${program.url}/webhook` });
  onTestFinished(() => alertmanager.stop());
  const box = installBox(program);
  const prometheus = await startPrometheus({
    scrapeTargets: [{ job: "boxes", address: await startExporter(box) }],
    rules: RULES,
    alertmanagerUrl: alertmanager.url,
  });
  onTestFinished(() => prometheus.stop());
  await program.start({ ALERTMANAGER_URL: alertmanager.url, PROMETHEUS_URL: prometheus.url });
  await slack.waitFor(() => slack.connections() === 1);
  return { program, box, slack, grafana, pagerDuty, push };
}

vi.setConfig({ testTimeout: 240_000 });

it("P3 P8 P10 a real alert is told everywhere, noted by replies, fixed once on approval, and over everywhere", async (test) => {
  if (missing.length > 0) test.skip(`${missing.join(", ")} can't be used here`);
  const { program, box, slack, grafana, pagerDuty, push } = await startWorld();
  const chat = program.telegram();
  const pushed = (path: string) => push.received.filter((one) => one.path === path);

  // It fires by its rule, and everybody is told.
  const isThere = await comesTrue(async () => (await program.history()).length === 1, 60_000);
  expect(isThere, "Alertmanager has sent it").toBe(true);
  const { id } = (await program.story()).incident;
  const card = await program.telegramCard(id, "Approvals: 0 of 1", 60_000);
  const inSlack = await program.slackCard(id, "Approvals: 0 of 1", 60_000);
  await expect
    .poll(() => pagerDuty.accepted.map((event) => event.event_action), PATIENCE)
    .toEqual(["trigger"]);
  await expect
    .poll(() => grafana.annotations().map(({ tags }) => tags?.slice(0, 2)), PATIENCE)
    .toEqual([["countersign", id]]);
  await expect
    .poll(() => pushed("/hook").map(({ body }) => body.event), PATIENCE)
    .toEqual(["firing"]);

  // People write under both cards what they know.
  chat.pushReply({ id: ANA }, card, "the door was open");
  await slack.mention("and nobody was there", slack.user("ben"), { thread_ts: inSlack.ts });
  await program.untilStory(
    id,
    ({ timeline }) =>
      ["ana notes: the door was open", "ben notes: and nobody was there"].every((note) =>
        timeline.some(({ text }) => text === note),
      ),
    60_000,
  );
  const [whisper] = slack.whispers;
  expect(whisper).toMatchObject({ user: slack.user("ben"), threadTs: inSlack.ts });

  // One of them approves: it runs once, helps, and the rule is over by itself.
  const live = await program.telegramCard(id, "Approvals: 0 of 1", 60_000);
  expect(await program.press(live, "Approve", ANA)).toContain("Approved");
  const story = await program.untilStory(
    id,
    ({ incident, verifications }) => verifications.length > 0 && incident.state === "resolved",
    90_000,
  );
  expect(box.runs()).toEqual(["ran"]);
  expect(story.verifications).toMatchObject([{ outcome: "verified" }]);
  expect(story.requests).toMatchObject([{ state: "succeeded", votes: [{ person: "ana" }] }]);

  // It is over everywhere.
  await expect
    .poll(() => pagerDuty.accepted.map((event) => event.event_action), PATIENCE)
    .toEqual(["trigger", "resolve"]);
  expect(new Set(pagerDuty.accepted.map((event) => event.dedup_key)).size).toBe(1);
  await expect
    .poll(() => grafana.annotations().map(({ time, timeEnd = 0 }) => timeEnd > time), PATIENCE)
    .toEqual([true, true]);
  await expect
    .poll(() => pushed("/hook").map(({ body }) => body.event), PATIENCE)
    .toEqual(["firing", "resolved"]);
  expect(pushed("/hook").at(-1)?.body.incident).toMatchObject({ id, state: "resolved" });
  await expect
    .poll(() => pushed("/").map(({ body }) => body.title), PATIENCE)
    .toEqual(["firing", "resolved"].map((event) => expect.stringMatching(`^${event}: BoxStuck`)));
  await program.telegramCard(id, "Alert Resolved", 60_000);
  const resolved = await program.slackCard(id, "Alert Resolved", 60_000);
  expect(slack.buttons(resolved.blocks)).toEqual([]);

  // What is kept of it.
  const { stdout: report } = await program.command(["history", "--report", id]);
  const words = report.replaceAll("\\", "");
  for (const said of [
    "# BoxStuck",
    "Model: claude-sonnet-5-5 read the evidence for $0.",
    "ana notes: the door was open",
    "ben notes: and nobody was there",
    "box/fix on box: finished, exit code 0, verified",
    "ana approved in telegram",
    "Resolved: no alert of the group fires any more",
  ]) {
    expect(words).toContain(said);
  }

  // And the report of the day counts it, with its graph.
  const asked = chat.pushMessage({ id: ANA }, GROUP, "/report day");
  const numbers = await chat.waitFor(
    () => chat.messages(GROUP).find(({ replyTo }) => replyTo === asked),
    60_000,
  );
  const graph = await chat.waitFor(
    () => chat.messages(GROUP).find(({ replyTo }) => replyTo === numbers.messageId),
    60_000,
  );
  expect(numbers.text).toContain("1 incident, 1 fixed");
  expect(graph.photo).not.toBeNull();
  expect(await program.audit()).toMatchObject({ ok: true });
});
