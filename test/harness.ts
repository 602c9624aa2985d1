import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { onTestFinished, vi } from "vitest";
import type { IncidentView } from "../src/chat/card.ts";
import type { TimelineEntry } from "../src/incident/incident.ts";
import type { FakeSlack, SlackFakeMessage } from "./fakes/slack.ts";
import { SIGNING_SECRET, wordsOf } from "./fakes/slack.ts";
import type { FakeMessage, FakeTelegram } from "./fakes/telegram.ts";
import { startFakeTelegram } from "./fakes/telegram.ts";
import { findFreePort } from "./lab/peer-process.ts";
import type { ConsoleClient } from "./scenarios/console-client.ts";
import { createConsoleClient } from "./scenarios/console-client.ts";

/** What `history --json` prints: times are texts there. */
export type Json<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Json<Item>[]
    : T extends object
      ? { [Key in keyof T]: Json<T[Key]> }
      : T;
export type Story = Json<IncidentView> & { readonly timeline: readonly Json<TimelineEntry>[] };

export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly startsAt: string;
}

export interface Accepted {
  readonly status: number;
  readonly body: {
    readonly status: string;
    readonly received: number;
    readonly new: number;
    readonly updated: number;
    readonly deduplicated: number;
    readonly incidents: readonly string[];
  };
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Health {
  readonly status: "ok" | "degraded" | "failing";
  readonly autohealing: boolean;
  readonly checks: Readonly<Record<string, { readonly status: string; readonly detail: string }>>;
}

export interface ProgramOptions {
  /** `policy.yaml`; without it the program has its built-in policy. */
  readonly policy?: string;
  /** More files for the runbook folder, or others in place of the shipped ones. */
  readonly runbooks?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** A chat on the strict Telegram fake; these people administer it while no policy lists any. */
  readonly telegram?: { readonly chat: number; readonly adminIds?: string };
  /** A channel on the strict Slack fake, which has to be running before a policy can name its people. */
  readonly slack?: { readonly fake: FakeSlack; readonly connection: "socket" | "http" };
}

// A story is a few processes long, and shares the machine with the other tests.
vi.setConfig({ testTimeout: 60_000 });

const MAIN = resolve("dist/main.js");
const RUNBOOKS = resolve("runbooks");
const START_MS = 15_000;
const LOOK_EVERY_MS = 50;
const SETTLE_MS = 150;

/** Whatever ends the tests, the program they started ends with them, and its folder goes. */
const KEEPER = `
cat >/dev/null
[ -s "$1/pid" ] && kill -KILL "$(cat "$1/pid")" 2>/dev/null
rm -rf -- "$1"
`;

/**
 * The program as people run it: a process of its own in a working folder of its own, driven from
 * outside only. Call it in a test; it is gone when the test has ended.
 */
export async function createProgram(options: ProgramOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), "countersign-scenario-"));
  const keeper = spawn("/bin/sh", ["-c", KEEPER, "keeper", folder], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const keeperEnded = new Promise<void>((done) => keeper.once("exit", () => done()));
  const dataDir = join(folder, "data");
  const runbooksDir = join(folder, "runbooks");
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  cpSync(RUNBOOKS, runbooksDir, { recursive: true });
  mkdirSync(dataDir);
  for (const [name, text] of Object.entries(options.runbooks ?? {})) writeRunbook(name, text);
  if (options.policy !== undefined) writeRunbook("policy.yaml", options.policy);

  const telegram =
    options.telegram === undefined ? null : await startFakeTelegram({ chats: [chatOf(options)] });
  let env: Record<string, string> = {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: folder,
    PROMETHEUS_WEBHOOK_PORT: String(port),
    DATABASE_URL: `sqlite:${join(dataDir, "countersign.db")}`,
    RUNBOOKS_DIR: runbooksDir,
    ...(telegram === null ? {} : telegramSettings(telegram, options)),
    ...slackSettings(options),
    ...options.env,
  };
  let running: ReturnType<typeof launch> | null = null;
  /** The one that was started last, also when it is over. */
  let last: ReturnType<typeof launch> | null = null;
  let output = "";
  let isOver = false;
  const usedLinks = new Set<string>();
  if (options.slack?.connection === "http") options.slack.fake.setRequestUrl(`${url}/slack/events`);
  const commands = new Set<ReturnType<typeof launch>>();

  onTestFinished(async () => {
    isOver = true;
    for (const one of commands) one.child.kill("SIGKILL");
    await Promise.all([kill9(), ...[...commands].map(({ ended }) => ended)]);
    await telegram?.stop();
    keeper.stdin.end();
    await keeperEnded;
  }, 20_000);

  function writeRunbook(name: string, text: string): void {
    writeFileSync(join(runbooksDir, name), text, { mode: 0o644 });
  }

  function launch(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
    if (isOver) throw new Error("the test is over");
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: folder,
      env: { ...env, ...more },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said.stderr += text;
    });
    const ended = new Promise<Ended>((done) => {
      child.once("close", (code, signal) => done({ code, signal, ...said }));
    });
    return { child, said, ended };
  }

  /** Resolves when it listens. Settings given here stay for later starts; an empty one is unset. */
  async function start(more: Readonly<Record<string, string>> = {}): Promise<void> {
    env = { ...env, ...more };
    const one = launch(["serve"]);
    running = one;
    last = one;
    writeFileSync(join(folder, "pid"), String(one.child.pid));
    void one.ended.then(({ stdout, stderr }) => {
      output += stdout + stderr;
      if (running === one) running = null;
    });
    const isUp = await comesTrue(
      () => one.said.stdout.includes("Send a first alert: ") || one.child.exitCode !== null,
      START_MS,
    );
    if (isUp && one.child.exitCode === null) return;
    throw new Error(`the program did not start:\n${one.said.stdout}${one.said.stderr}`);
  }

  /** `countersign executor`, once it is ready for work; the program then has to be started as `separate`. */
  async function startExecutor(more: Readonly<Record<string, string>> = {}) {
    const one = launch(["executor"], { COUNTERSIGN_EXECUTOR: "separate", ...more });
    commands.add(one);
    const isUp = await comesTrue(
      () => one.said.stdout.includes("running what is approved") || one.child.exitCode !== null,
      START_MS,
    );
    if (!isUp || one.child.exitCode !== null) {
      throw new Error(`the executor did not start:\n${one.said.stdout}${one.said.stderr}`);
    }
    return {
      ended: one.ended,
      /** SIGSTOP: it is there and does nothing. */
      send: (name: NodeJS.Signals) => void one.child.kill(name),
      async kill(name: NodeJS.Signals): Promise<Ended> {
        one.child.kill(name);
        return await one.ended;
      },
    };
  }

  async function kill(name: NodeJS.Signals): Promise<Ended | null> {
    if (running === null) return null;
    const one = running;
    one.child.kill(name);
    const result = await one.ended;
    rmSync(join(folder, "pid"), { force: true });
    return result;
  }

  const kill9 = () => kill("SIGKILL");

  /** SIGTERM, as systemd stops it. */
  const stop = () => kill("SIGTERM");

  async function restart(more: Readonly<Record<string, string>> = {}): Promise<void> {
    await stop();
    await start(more);
  }

  /** The end it came to by itself, as at a crash point. */
  async function untilEnded(withinMs = 20_000): Promise<Ended> {
    if (last === null) throw new Error("the program was never started");
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error("the program still runs")), withinMs).unref();
    });
    return await Promise.race([last.ended, late]);
  }

  /** Does what makes it die; the answer to that may be cut off. */
  async function crashBy(act: Promise<unknown>): Promise<Ended> {
    const [end] = await Promise.all([untilEnded(), act.catch(() => "cut off")]);
    return end;
  }

  /** One command to its end, beside the running program. */
  function command(
    args: readonly string[],
    more: Readonly<Record<string, string>> = {},
  ): Promise<Ended> {
    const one = launch(args, more);
    commands.add(one);
    const deadline = setTimeout(() => one.child.kill("SIGKILL"), 20_000);
    return one.ended.finally(() => {
      clearTimeout(deadline);
      commands.delete(one);
    });
  }

  async function post(body: unknown, headers: Readonly<Record<string, string>> = {}) {
    const response = await fetch(`${url}/webhook`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() } as Accepted;
  }

  function send(status: "firing" | "resolved", alerts: readonly Alert[]): Promise<Accepted> {
    const over = status === "resolved" ? { endsAt: new Date().toISOString() } : {};
    const [key] = (env.PROMETHEUS_API_KEY ?? "").split(",").filter(Boolean);
    return post(
      { version: "4", status, alerts: alerts.map((alert) => ({ ...alert, ...over, status })) },
      key === undefined ? {} : { "x-api-key": key },
    );
  }

  async function history(): Promise<readonly Story[]> {
    const { code, stdout, stderr } = await command(["history", "--json", "--limit", "5000"]);
    if (code !== 0) throw new Error(`history ended with ${code}: ${stderr}`);
    return (JSON.parse(stdout) as { incidents: Story[] }).incidents;
  }

  /** The one incident there is, or the one of this id. */
  async function story(id?: string): Promise<Story> {
    const found = (await history()).filter(
      ({ incident }) => id === undefined || incident.id === id,
    );
    const [only] = found;
    if (only === undefined || found.length > 1) throw new Error(`${found.length} incidents`);
    return only;
  }

  /** The story of an incident, once it is like this. */
  async function untilStory(
    id: string | undefined,
    isSo: (story: Story) => boolean,
    withinMs = 20_000,
  ): Promise<Story> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      // Each look is a process: it is worth waiting a moment for what is about to happen.
      await sleep(SETTLE_MS);
      const now = await story(id);
      if (isSo(now)) return now;
      if (Date.now() > deadline) {
        const told = now.timeline.map(({ text }) => `  ${text}`).join("\n");
        throw new Error(`waited ${withinMs} ms in vain; it went like this:\n${told}`);
      }
    }
  }

  /** The newest request of the incident, once it is in this state. */
  async function untilRequest(id: string, state: string, withinMs?: number) {
    const found = await untilStory(id, ({ requests }) => requests[0]?.state === state, withinMs);
    const [request] = found.requests;
    if (request === undefined || request.state === "denied") throw new Error("no planned request");
    return request;
  }

  /** By the link that was printed at the start, or by one for this person. */
  async function signIn(person?: string): Promise<ConsoleClient> {
    const printed = person === undefined ? linkIn(running?.said.stdout ?? "") : null;
    if (printed !== null && !usedLinks.has(printed)) {
      usedLinks.add(printed);
      return await createConsoleClient(url, printed);
    }
    const { stdout, stderr } = await command(["sign-in", ...(person ? [person] : [])]);
    const link = linkIn(stdout);
    if (link === null) throw new Error(`no link: ${stdout}${stderr}`);
    return await createConsoleClient(url, link);
  }

  function chat(): FakeTelegram {
    if (telegram === null) throw new Error("this program has no Telegram");
    return telegram;
  }

  /** The card of an incident in the chat, once it shows this. */
  async function telegramCard(id: string, showing = "", withinMs = 20_000): Promise<FakeMessage> {
    return await chat().waitFor(
      () => cardsOf(id).find(({ text }) => text.includes(showing)),
      withinMs,
    );
  }

  /** The card once the program knows, too, that it was posted: a crash before that posts it again. */
  async function settledCard(id: string, showing: string): Promise<FakeMessage> {
    const counted = /alert_to_card_seconds_count\{channel="telegram"\} [1-9]/;
    const card = await telegramCard(id, showing);
    const isKnown = await comesTrue(async () => counted.test(await metrics()), 2_000);
    if (!isKnown) throw new Error("the program does not know of its card");
    return card;
  }

  async function metrics(): Promise<string> {
    return await (await fetch(`${url}/metrics`)).text();
  }

  function slack(): FakeSlack {
    if (options.slack === undefined) throw new Error("this program has no Slack");
    return options.slack.fake;
  }

  /** The card of an incident in Slack's channel, once it shows this. */
  async function slackCard(id: string, showing = "", withinMs = 20_000): Promise<SlackFakeMessage> {
    const shows = ({ blocks }: SlackFakeMessage) =>
      [id, showing].every((text) => wordsOf(blocks).includes(text));
    return await slack().waitFor(() => slack().cards().find(shows), withinMs);
  }

  /** Every message that is a card of the incident; more than one is one too many. */
  function cardsOf(id: string): FakeMessage[] {
    return messages().filter(({ text }) => text.includes(`· ${id}`));
  }

  /** As people read them: without the joiners that keep clients from making links. */
  function messages(): FakeMessage[] {
    return chat()
      .messages(options.telegram?.chat ?? 0)
      .map((message) => ({ ...message, text: message.text.replaceAll("\u2060", "") }));
  }

  /** Presses a button by its label, or one that was there before by its data; tells what the person is told. */
  async function press(
    card: FakeMessage,
    button: string | { data: string },
    userId: number,
  ): Promise<string> {
    const which = typeof button === "string" ? { text: button } : button;
    const query = chat().press(card.messageId, which, { id: userId });
    const answer = await chat().waitFor(() =>
      chat().answers.find(({ queryId }) => queryId === query),
    );
    return answer.text;
  }

  /** What the chat is told after somebody wrote this. */
  async function say(text: string, userId: number): Promise<string> {
    const id = options.telegram?.chat ?? 0;
    const asked = chat().pushMessage({ id: userId }, id, text);
    const isAnswer = (message: FakeMessage) =>
      message.messageId > asked &&
      (message.replyTo === asked || (id === userId && message.replyTo === null)) &&
      !message.text.includes("· inc_");
    return (await chat().waitFor(() => messages().find(isAnswer))).text;
  }

  return {
    folder,
    dataDir,
    runbooksDir,
    port,
    url,
    telegram: chat,
    writeRunbook,
    start,
    stop,
    kill9,
    restart,
    untilEnded,
    startExecutor,
    crashBy,
    command,
    post,
    fire: (...alerts: readonly Alert[]) => send("firing", alerts),
    resolve: (...alerts: readonly Alert[]) => send("resolved", alerts),
    /** Fires one alert and tells its incident. */
    async raise(alert: Alert): Promise<string> {
      const { status, body } = await send("firing", [alert]);
      const [id] = body.incidents ?? [];
      if (status !== 200 || id === undefined) throw new Error(`not accepted: ${status}`);
      return id;
    },
    history,
    story,
    untilStory,
    untilRequest,
    signIn,
    telegramCard,
    slackCard,
    settledCard,
    cardsOf,
    press,
    say,
    async health(): Promise<Health> {
      return (await (await fetch(`${url}/health`)).json()) as Health;
    },
    metrics,
    /** All it ever wrote, over all its starts. */
    log: () => output + (running === null ? "" : running.said.stdout + running.said.stderr),
    /** What the test actions left behind: a line for each run. */
    runs(): string[] {
      const file = join(dataDir, "test-alert.log");
      return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    },
    async audit(): Promise<{ ok: boolean; entries: number; firstBroken: number | null }> {
      return JSON.parse((await command(["audit", "verify", "--json"])).stdout);
    },
  };
}

export type Program = Awaited<ReturnType<typeof createProgram>>;

/** A `TestAlert`, each with labels of its own, so that none is taken for another. */
export function testAlert(
  severity: "warning" | "critical",
  labels: Readonly<Record<string, string>> = {},
): Alert {
  return anAlert("TestAlert", { severity, instance: "test-instance", ...labels });
}

export function anAlert(alertname: string, labels: Readonly<Record<string, string>>): Alert {
  return {
    labels: { alertname, ...labels },
    annotations: { summary: `${alertname} of a test` },
    startsAt: new Date().toISOString(),
  };
}

/** Waits for a condition of the real world. */
export async function comesTrue(
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (Date.now() < deadline) {
    if (await condition()) return true;
    await sleep(LOOK_EVERY_MS);
  }
  return false;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

function linkIn(text: string): string | null {
  return /Console sign-in: (?<link>\S+)/.exec(text)?.groups?.link ?? null;
}

function chatOf({ telegram }: ProgramOptions) {
  return { id: telegram?.chat ?? 0 };
}

function slackSettings({ slack }: ProgramOptions): Record<string, string> {
  if (slack === undefined) return {};
  const { fake, connection } = slack;
  return {
    SLACK_BOT_TOKEN: fake.token,
    SLACK_CHANNEL: fake.channel,
    SLACK_API_URL: fake.url,
    ...(connection === "socket"
      ? { SLACK_APP_TOKEN: fake.appToken }
      : { SLACK_SIGNING_SECRET: SIGNING_SECRET }),
  };
}

function telegramSettings(fake: FakeTelegram, { telegram }: ProgramOptions) {
  return {
    TELEGRAM_BOT_TOKEN: fake.token,
    TELEGRAM_CHAT_ID: String(telegram?.chat ?? 0),
    TELEGRAM_API_ROOT: fake.url,
    ...(telegram?.adminIds === undefined ? {} : { TELEGRAM_ADMIN_IDS: telegram.adminIds }),
  };
}
