import { expect, it, onTestFinished } from "vitest";
import { anAnswer } from "../diagnosis/an-opinion.ts";
import { startAnthropic } from "../fakes/anthropic.ts";
import { startFakeSlack } from "../fakes/slack.ts";
import type { Program } from "../harness.ts";
import { createProgram } from "../harness.ts";
import { ANA, boxStuck, GROUP, installBox, TWO_PEOPLE } from "./box.ts";

interface Drill {
  readonly ok: boolean;
  readonly incident: string;
  readonly stages: readonly {
    readonly stage: string;
    readonly seen: boolean;
    readonly seconds: number | null;
    readonly detail: string;
  }[];
}

async function drill(
  program: Program,
  ...args: string[]
): Promise<Drill & { code: number | null }> {
  const { code, stdout, stderr } = await program.command(["drill", "--json", ...args]);
  if (stdout === "") throw new Error(stderr);
  return { code, ...(JSON.parse(stdout) as Drill) };
}

/** A drill that nobody has ended yet: what the command sends, by hand. */
async function beginDrill(program: Program, labels: Record<string, string>): Promise<string> {
  const response = await fetch(`${program.url}/api/drill`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      alerts: [{ status: "firing", labels, endsAt: new Date(Date.now() + 600_000).toISOString() }],
    }),
  });
  const { incidents } = (await response.json()) as { incidents?: string[] };
  return incidents?.[0] ?? `refused with ${response.status}`;
}

function buttonOf(program: Program, label: string) {
  const messages = program.telegram().messages(GROUP);
  return messages.find(({ buttons }) => buttons.some(({ text }) => text === label));
}

it("P1 a drill of a low action runs nothing while auto-healing is on, shows what would have run, and nobody can approve it", async () => {
  const program = await createProgram({ policy: TWO_PEOPLE, telegram: { chat: GROUP } });
  const box = installBox(program, { risk: "low" });
  await program.start();
  await program.say("/enable_autohealing", ANA);
  const offer = await program.telegram().waitFor(() => buttonOf(program, "Turn auto-healing on"));
  await program.press(offer, "Turn auto-healing on", ANA);

  const incident = await beginDrill(program, { alertname: "BoxStuck", severity: "warning" });
  const { requests } = await program.untilStory(incident, (story) => story.requests.length > 0);
  const card = await program.telegramCard(incident, "This is a drill");
  const [request] = requests;
  const code = request?.state === "denied" ? (request.rehearsed?.planCode ?? "") : "";
  const refused = await program.say(`/approve ${code} please`, ANA);
  const asked = await program.say(`/run box fix --incident ${incident}`, ANA);
  const real = await program.raise(boxStuck());
  await program.untilRequest(real, "succeeded");

  expect(request).toMatchObject({ state: "denied", plan: null });
  expect(request?.reasons[0]).toEqual({
    rule: "drill_auto_run",
    text: "This is a drill: nothing runs, and nobody can approve it. Otherwise it would have run by itself.",
  });
  expect(card.text).toContain("DRILL BoxStuck");
  expect(card.text).toContain(box.script);
  expect(card.buttons).toEqual([]);
  expect(refused).toContain("This is a drill: nothing runs, and nobody can approve it");
  expect(asked).toContain("is a drill: nothing runs for it");
  expect((await program.story(incident)).executions).toEqual([]);
  // The real one ran, beside it and once.
  expect(box.runs()).toEqual(["ran"]);
});

it("drill times every stage, also the cards in Telegram and Slack, and ends itself", async () => {
  const fake = await startFakeSlack();
  onTestFinished(() => fake.stop());
  const program = await createProgram({
    telegram: { chat: 7, adminIds: "7" },
    slack: { fake, connection: "socket" },
  });
  await program.start();

  const all = await drill(program, "--check-slack-delivery", "--check-telegram-delivery");
  const text = await program.command(["drill", "--alert-type", "host_down"]);

  expect(all).toMatchObject({ code: 0, ok: true });
  expect(all.stages.map(({ stage }) => stage).sort()).toEqual([
    "diagnosis",
    "evidence",
    "incident",
    "over",
    "proposal",
    "received",
    "slack",
    "telegram",
  ]);
  expect(all.stages.every(({ seen, seconds }) => seen && seconds !== null)).toBe(true);
  const story = await program.story(all.incident);
  expect(story.incident).toMatchObject({ state: "resolved", title: "DRILL HighCPU" });
  await expect.poll(() => fake.cards(), { timeout: 10_000 }).toHaveLength(2);
  expect(text.code).toBe(0);
  expect(text.stdout).toMatch(/^ok {2} +\d+\.\d\d s {2}received/);
  expect(text.stdout).toContain("Every stage was seen. http://");
  expect(text.stdout).toContain('"drill-host" is made up: --label instance=<one of yours> aims');
});

it("T27 drill waits for the model's answer, parsed and checked, and says what is wrong with one that is none", async () => {
  const model = await startAnthropic();
  const program = await createProgram({
    env: {
      ...{ LLM_PROVIDER: "anthropic", LLM_MODEL: "claude-sonnet-5-5", ANTHROPIC_API_KEY: "a-key" },
      ANTHROPIC_BASE_URL: model.url,
    },
  });
  await program.start();
  const modelIn = ({ stages }: Drill) => stages.find(({ stage }) => stage === "model");

  model.reply(() => ({ text: JSON.stringify(anAnswer()) }));
  const answered = await drill(program, "--validate-llm-response");
  const asked = model.requests.length;
  const without = await drill(program, "--alert-type", "disk_full", "--without", "model");
  const askedSince = model.requests.length - asked;
  model.reply(() => ({ text: "Restart everything, trust me." }));
  const nonsense = await drill(program, "--alert-type", "host_down", "--validate-llm-response");

  expect(answered).toMatchObject({ code: 0, ok: true });
  expect(modelIn(answered)).toMatchObject({
    seen: true,
    detail: expect.stringMatching(/^claude-sonnet-5-5: parsed and checked, .*; \$0\.\d{4}$/),
  });
  expect(asked).toBeGreaterThan(0);
  expect(without).toMatchObject({ code: 0, ok: true });
  expect(askedSince).toBe(0);
  expect(nonsense).toMatchObject({ code: 1, ok: false });
  expect(modelIn(nonsense)).toMatchObject({ seen: false, seconds: null });
  expect(modelIn(nonsense)?.detail).not.toContain("trust me");
  expect(model.refusals).toEqual([]);
});

it("drill fails, and names the stage, where nothing is offered, a chat is left out or not set up", async () => {
  const program = await createProgram({
    telegram: { chat: 7, adminIds: "7" },
  });
  await program.start();

  const nothing = await drill(program, "--label", "alertname=NobodyKnowsThis", "--timeout", "3s");
  const without = await drill(program, "--without", "telegram");
  const notSet = await program.command(["drill", "--check-slack-delivery"]);
  const noModel = await program.command(["drill", "--validate-llm-response"]);
  const both = await program.command([
    ...["drill", "--check-telegram-delivery", "--without", "telegram"],
  ]);
  const unknown = await program.command(["drill", "--alert-type", "fire"]);

  expect(nothing).toMatchObject({ code: 1, ok: false });
  expect(nothing.stages.find(({ stage }) => stage === "proposal")).toMatchObject({
    seen: false,
    detail: "no runbook offers a fix for NobodyKnowsThis",
  });
  expect(without).toMatchObject({ code: 0, ok: true });
  expect(program.cardsOf(without.incident)).toEqual([]);
  expect(notSet).toMatchObject({ code: 1, stdout: "" });
  expect(notSet.stderr).toContain("Slack is not set up (SLACK_BOT_TOKEN, SLACK_CHANNEL)");
  expect(noModel.stderr).toContain("no model is set (LLM_PROVIDER");
  expect(both).toMatchObject({ code: 2 });
  expect(unknown).toMatchObject({ code: 2 });
  expect(unknown.stderr).toContain("--alert-type is one of cpu_spike, container_down");
});

it("T01 a drill joins no real incident, and no real alert becomes one by what it says", async () => {
  const program = await createProgram({ env: { PROMETHEUS_API_KEY: "a-key-that-is-long-enough" } });
  await program.start();
  const labels = { alertname: "TestAlert", severity: "critical", instance: "test-instance" };

  const real = await program.raise({
    labels: { ...labels, drill: "yes", without: "model" },
    startsAt: new Date().toISOString(),
  });
  const unkeyed = await beginDrill(program, labels);
  const drilled = await drill(
    program,
    ...Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]),
  );
  const request = await program.untilRequest(real, "pending");

  expect(unkeyed).toBe("refused with 401");
  expect(drilled.incident).not.toBe(real);
  expect(request.state).toBe("pending");
});
