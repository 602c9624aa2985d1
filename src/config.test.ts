import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chdir, cwd } from "node:process";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { InvalidConfig, loadConfig, readConfig } from "./config.ts";
import { Settings } from "./settings.ts";

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof InvalidConfig) return error.problems;
    throw error;
  }
  return [];
}

describe("the settings", () => {
  it("need none: everything has its default", () => {
    expect(readConfig({})).toMatchObject({
      host: "127.0.0.1",
      port: 9095,
      webhookPath: "/prometheus/webhook",
      webhookKeys: [],
      dedupWindowMs: 300_000,
      databasePath: resolve("data/countersign.db"),
      dataDir: resolve("data"),
      runbooksDir: resolve("runbooks"),
      publicUrl: "http://127.0.0.1:9095",
      telegram: null,
      slack: null,
      prometheus: null,
      logLevel: "info",
      notes: [],
    });
  });

  it("that are empty count as not set", () => {
    expect(readConfig({ PROMETHEUS_WEBHOOK_PORT: "", TELEGRAM_CHAT_ID: "" }).port).toBe(9095);
  });

  it.each<[string, string]>([
    ["PROMETHEUS_WEBHOOK_PORT", "abc"],
    ["PROMETHEUS_WEBHOOK_PORT", "65536"],
    ["PROMETHEUS_WEBHOOK_PORT", " "],
    ["PROMETHEUS_WEBHOOK_PORT", "0x10"],
    ["PROMETHEUS_WEBHOOK_PATH", "webhook"],
    ["ALERT_DEDUP_WINDOW", "-1"],
    ["COUNTERSIGN_EXECUTOR", "both"],
    ["COUNTERSIGN_LOG_LEVEL", "loud"],
    ["COUNTERSIGN_PUBLIC_URL", "countersign.lan"],
    ["PROMETHEUS_URL", "ftp://prometheus"],
    ["PROMETHEUS_URL", "http://user:pass@prometheus:9090"],
    ["TELEGRAM_BOT_TOKEN", "token"],
    ["TELEGRAM_CHAT_ID", "@group"],
    ["TELEGRAM_ADMIN_IDS", "7,ana"],
    ["SLACK_BOT_TOKEN", "xoxp-1"],
    ["SLACK_CHANNEL", "#alerts"],
    ["SLACK_APP_TOKEN", "xoxb-1"],
    ["SLACK_SIGNING_SECRET", "short"],
    ["SLACK_ADMIN_IDS", "T01:U01,ana"],
    ["SLACK_API_URL", "slack.com/api"],
    ["DATABASE_URL", "mysql://x"],
    ["DOCKER_HOST", "ssh://x"],
    ["LLM_PROVIDER", "oracle"],
    ["LLM_DAILY_BUDGET_USD", "much"],
  ])("name what is wrong with %s=%s and what would be valid, without the value", (name, value) => {
    const problems = problemsOf({ [name]: value }).filter((problem) => problem.startsWith(name));

    expect(problems).toEqual([expect.stringMatching(/: must /)]);
    if (value.includes("pass")) expect(problems.join()).not.toContain("pass@");
  });

  it("tell every problem at once, also those between settings", () => {
    const problems = problemsOf({
      PROMETHEUS_WEBHOOK_PORT: "abc",
      TELEGRAM_BOT_TOKEN: "123456:abcdefghijklm",
      PROMETHEUS_WEBHOOK_HOST: "0.0.0.0",
      PROMETHEUS_TOKEN: "t",
      COUNTERSIGN_LOG_LEVL: "debug",
    });

    expect(problems.map((problem) => problem.split(":")[0])).toEqual([
      "COUNTERSIGN_LOG_LEVL",
      "PROMETHEUS_WEBHOOK_PORT",
      "TELEGRAM_CHAT_ID",
      "PROMETHEUS_URL",
      "PROMETHEUS_API_KEY",
    ]);
    expect(problems[0]).toContain("did you mean COUNTERSIGN_LOG_LEVEL?");
  });

  it.each<[Record<string, string>, string]>([
    [{ TELEGRAM_BOT_TOKEN: "123456:abcdefghijklm" }, "TELEGRAM_CHAT_ID"],
    [{ TELEGRAM_CHAT_ID: "-100" }, "TELEGRAM_BOT_TOKEN"],
    [{ PROMETHEUS_URL: "http://p", PROMETHEUS_USERNAME: "u" }, "PROMETHEUS_PASSWORD"],
    [{ ALERTMANAGER_URL: "http://a", ALERTMANAGER_PASSWORD: "p" }, "ALERTMANAGER_USERNAME"],
    [{ LOKI_USERNAME: "u", LOKI_PASSWORD: "p" }, "LOKI_URL"],
    [{ SLACK_BOT_TOKEN: "xoxb-1", SLACK_APP_TOKEN: "xapp-1" }, "SLACK_CHANNEL"],
    [
      { SLACK_BOT_TOKEN: "xoxb-1", SLACK_CHANNEL: "C01ALERTS" },
      "SLACK_APP_TOKEN or SLACK_SIGNING_SECRET",
    ],
    [{ SLACK_CHANNEL: "C01ALERTS" }, "SLACK_BOT_TOKEN"],
    [{ SLACK_APP_TOKEN: "xapp-1" }, "SLACK_BOT_TOKEN"],
    [{ SLACK_SIGNING_SECRET: "0123456789abcdef" }, "SLACK_BOT_TOKEN"],
    [{ EXECUTOR_TARGETS: "web-01" }, "COUNTERSIGN_EXECUTOR"],
    [{ DATABASE_URL: "postgres://db" }, "DATABASE_URL"],
  ])("refuse half a configuration: %j", (env, name) => {
    expect(problemsOf(env)).toEqual([expect.stringMatching(new RegExp(`^${name}: `))]);
  });

  it.each<[Record<string, string>, boolean]>([
    [{ PROMETHEUS_WEBHOOK_HOST: "0.0.0.0" }, false],
    [{ PROMETHEUS_WEBHOOK_HOST: "::" }, false],
    [{ PROMETHEUS_WEBHOOK_HOST: "127.0.0.1.evil.example" }, false],
    [{ COUNTERSIGN_PUBLIC_URL: "https://countersign.lan" }, false],
    [{ PROMETHEUS_WEBHOOK_HOST: "0.0.0.0", PROMETHEUS_API_KEY: " , " }, false],
    [{ PROMETHEUS_WEBHOOK_HOST: "0.0.0.0", PROMETHEUS_API_KEY: "new, old" }, true],
    [{ PROMETHEUS_WEBHOOK_HOST: "::1" }, true],
    [{ PROMETHEUS_WEBHOOK_HOST: "localhost", COUNTERSIGN_PUBLIC_URL: "http://[::1]:9095" }, true],
    [{ PROMETHEUS_WEBHOOK_HOST: "127.8.9.1" }, true],
  ])("T15 need a key beyond loopback: %j is fine: %s", (env, isFine) => {
    expect(problemsOf(env).length === 0).toBe(isFine);
  });

  it("become headers for the sources, and no trailing slashes", () => {
    const config = readConfig({
      PROMETHEUS_URL: "http://prometheus:9090/",
      PROMETHEUS_TOKEN: "t",
      ALERTMANAGER_URL: "http://alertmanager:9093/am//",
      ALERTMANAGER_USERNAME: "u",
      ALERTMANAGER_PASSWORD: "p:w",
      PROMETHEUS_API_KEY: "new, old",
      DATABASE_URL: "sqlite:///var/lib/countersign/c.db",
    });

    expect(config).toMatchObject({
      prometheus: { url: "http://prometheus:9090", authorization: "Bearer t" },
      alertmanager: { url: "http://alertmanager:9093/am", authorization: `Basic ${btoa("u:p:w")}` },
      webhookKeys: ["new", "old"],
      databasePath: "/var/lib/countersign/c.db",
      dataDir: "/var/lib/countersign",
    });
  });

  it("speak Slack by Socket Mode where there is an app token, else by HTTP", () => {
    const common = { SLACK_BOT_TOKEN: "xoxb-1", SLACK_CHANNEL: "C01ALERTS" };
    const signed = { ...common, SLACK_SIGNING_SECRET: "0123456789abcdef" };

    expect(readConfig(signed).slack).toEqual({
      token: "xoxb-1",
      channel: "C01ALERTS",
      apiUrl: "https://slack.com/api/",
      connection: { kind: "http", signingSecret: "0123456789abcdef" },
    });
    expect(
      readConfig({ ...signed, SLACK_APP_TOKEN: "xapp-1", SLACK_API_URL: "http://slack.lan/api" }),
    ).toMatchObject({
      slack: {
        apiUrl: "http://slack.lan/api/",
        connection: { kind: "socket", appToken: "xapp-1" },
      },
    });
  });

  it("notes a name that is nearly a setting", () => {
    expect(readConfig({ PROMETHUES_URL: "http://p" }).notes).toEqual([
      "PROMETHUES_URL is no setting; did you mean PROMETHEUS_URL?",
    ]);
  });
});

describe("where settings come from", () => {
  function enterFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), "countersign-config-"));
    const before = cwd();
    onTestFinished(() => {
      chdir(before);
      rmSync(folder, { recursive: true });
    });
    chdir(folder);
    return folder;
  }

  it("is no .env that can't be read: its name is said, and what it has to be", () => {
    mkdirSync(join(enterFolder(), ".env"));

    expect(loadConfig).toThrow(/\.env can't be read \(EISDIR\): it has to be a file/);
    expect(loadConfig).toThrow(InvalidConfig);
  });

  it("is the environment before systemd's credentials before .env", () => {
    const folder = enterFolder();
    const credentials = join(folder, "credentials");
    mkdirSync(join(credentials, "a-folder"), { recursive: true });
    writeFileSync(join(credentials, "prometheus-api-key"), "from-credential\n");
    writeFileSync(join(credentials, "prometheus-webhook-port"), "2");
    writeFileSync(join(credentials, "countersign_pagerduty-routing-key"), `${"k".repeat(32)}\n`);
    writeFileSync(
      join(folder, ".env"),
      "PROMETHEUS_API_KEY=from-file\nPROMETHEUS_WEBHOOK_PORT=1\nALERT_DEDUP_WINDOW=7\n",
    );
    vi.stubEnv("CREDENTIALS_DIRECTORY", credentials);
    vi.stubEnv("PROMETHEUS_WEBHOOK_PORT", "3");

    expect(loadConfig()).toMatchObject({
      webhookKeys: ["from-credential"],
      port: 3,
      dedupWindowMs: 7_000,
      pagerDuty: { routingKey: "k".repeat(32) },
    });
  });
});

it(".env.example lists every setting once, in order, with a line that explains it, and nothing real", () => {
  const text = readFileSync(".env.example", "utf8");
  const names = [...text.matchAll(/^#?\s*(?<name>[A-Z][A-Z0-9_]+)=/gm)].map(
    (match) => match.groups?.name,
  );

  expect(names).toEqual(Object.keys(Settings.shape));
  for (const [name, setting] of Object.entries(Settings.shape)) {
    expect(text, name).toContain(`# ${setting.description}`);
  }
  expect(problemsOf({})).toEqual([]);
});
