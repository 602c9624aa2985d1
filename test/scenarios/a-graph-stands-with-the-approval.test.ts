import { expect, it, onTestFinished } from "vitest";
import { startFakeSlack } from "../fakes/slack.ts";
import type { Program } from "../harness.ts";
import { createProgram } from "../harness.ts";
import { aroundNow, openMetrics } from "../lab/history.ts";
import { startPrometheus } from "../lab/prometheus.ts";
import { havePeer } from "../peers.ts";
import { ANA, GROUP, installBox } from "./box.ts";

const MINUTE = 60_000;
const RULES = `
groups:
  - name: box
    rules:
      - {alert: BoxStuck, expr: 'box_load > 8', labels: {severity: warning}}
`;

/** A program with all three channels beside a Prometheus that has measured the box for a week. */
async function createMeasured() {
  const now = Date.now();
  const startsAt = now - 3 * MINUTE;
  const history = openMetrics(
    [{ series: 'box_load{instance="box"}', at: (ms) => (ms < startsAt - MINUTE ? 2 : 9) }],
    aroundNow(now),
  );
  const prometheus = await startPrometheus({ scrapeTargets: [], rules: RULES, history });
  onTestFinished(() => prometheus.stop());
  const fake = await startFakeSlack();
  onTestFinished(() => fake.stop());
  const program = await createProgram({
    policy: `
people:
  - {name: ana, telegram: ${ANA}, slack: "${fake.account("ana")}", roles: [viewer, operator, approver, admin]}
  - {name: ben, telegram: 8, roles: [viewer, operator, approver]}
targets:
  box: {executor: command}
`,
    telegram: { chat: GROUP },
    slack: { fake, connection: "socket" },
    env: { PROMETHEUS_URL: prometheus.url },
  });
  const box = installBox(program);
  await program.start();
  const labels = { alertname: "BoxStuck", severity: "warning", instance: "box" };
  const incident = await program.raise({ labels, startsAt: new Date(startsAt).toISOString() });
  return { fake, program, box, incident };
}

const photosIn = (program: Program) =>
  program
    .telegram()
    .messages(GROUP)
    .filter(({ photo }) => photo !== null);

it.skipIf(!havePeer("prometheus"))(
  "the graph of the rule follows the card in Telegram and Slack, stands in the console, and goes on after the fix",
  async () => {
    const { fake, program, box, incident } = await createMeasured();
    const card = await program.settledCard(incident, "Approvals: 0 of 1");
    const photo = await program.telegram().waitFor(() => photosIn(program)[0]);
    const file = await fake.waitFor(() => fake.files()[0]);

    expect(photo).toMatchObject({ replyTo: card.messageId, isSilent: true, edits: 0 });
    expect(photo.photo?.readUInt32BE(16)).toBe(1280);
    const words = photo.text.replaceAll("\u2060", "");
    expect(words).toMatch(/last 9, least 2, most 9; threshold: above 8; alert since/);
    expect(file).toMatchObject({ threadTs: (await program.slackCard(incident)).ts, alt: words });

    const ana = await program.signIn("ana");
    const headers = { cookie: ana.cookie() };
    const page = await (await fetch(`${program.url}/incidents/${incident}`, { headers })).text();
    const source = /<img src="([^"]+\/graphs\/[^"]+)"/.exec(page)?.[1]?.replaceAll("&amp;", "&");
    const answer = await fetch(new URL(source ?? "", program.url), { headers });
    expect(answer.headers.get("content-type")).toContain("image/svg+xml");
    expect(await answer.text()).toContain("alert above 8");

    await program.press(card, "Approve", ANA);
    await program.untilRequest(incident, "succeeded");
    const after = await program
      .telegram()
      .waitFor(() => photosIn(program).find(({ edits }) => edits > 0));

    expect(box.runs()).toEqual(["ran"]);
    expect(after.messageId).toBe(photo.messageId);
    expect(after.text).toContain("fix at");
    await fake.waitFor(() => fake.files().length === 2);
  },
  120_000,
);

it.skipIf(!havePeer("prometheus"))(
  "a restart sends no graph a second time",
  async () => {
    const { fake, program, incident } = await createMeasured();
    await program.settledCard(incident, "Approvals: 0 of 1");
    await program.telegram().waitFor(() => photosIn(program)[0]);
    await fake.waitFor(() => fake.files()[0]);

    await program.stop();
    await program.start();
    const labels = { alertname: "BoxStuck", severity: "warning", instance: "box", n: "2" };
    await program.raise({ labels, startsAt: new Date().toISOString() });
    await program.telegram().waitFor(() => photosIn(program).length === 2);
    await fake.waitFor(() => fake.files().length === 2);

    expect(new Set(photosIn(program).map(({ replyTo }) => replyTo)).size).toBe(2);
    expect(new Set(fake.files().map(({ threadTs }) => threadTs)).size).toBe(2);
  },
  120_000,
);
