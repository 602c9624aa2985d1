import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { closest, distance } from "fastest-levenshtein";
import type { SettingName } from "./settings.ts";
import { OF_EXECUTOR, Settings } from "./settings.ts";

export interface Access {
  readonly url: string;
  readonly authorization: string | null;
}

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly webhookPath: string;
  readonly webhookKeys: readonly string[];
  readonly grafanaSecret: string | null;
  readonly dedupWindowMs: number;
  readonly databasePath: string;
  /** Beside the database: what the sandbox may write to. */
  readonly dataDir: string;
  /** Whether `countersign executor` runs the fixes, and not this process. */
  readonly isExecutorSeparate: boolean;
  /** Names, or `label=value`, of the targets that a separate executor serves; null for all. */
  readonly executorTargets: readonly string[] | null;
  readonly runbooksDir: string;
  readonly publicUrl: string;
  readonly allowsChatSignIn: boolean;
  readonly telegram: {
    readonly token: string;
    readonly chatId: string;
    readonly apiRoot: string;
  } | null;
  readonly slack: {
    readonly token: string;
    readonly channel: string;
    readonly apiUrl: string;
    /** Socket Mode where there is an app token, else HTTP; never both, so that no press arrives twice. */
    readonly connection:
      | { readonly kind: "socket"; readonly appToken: string }
      | { readonly kind: "http"; readonly signingSecret: string };
  } | null;
  readonly adminIds: { readonly telegram: readonly string[]; readonly slack: readonly string[] };
  readonly prometheus: Access | null;
  readonly alertmanager: Access | null;
  readonly loki: Access | null;
  readonly grafana: Access | null;
  readonly pagerDuty: { readonly apiUrl: string; readonly routingKey: string } | null;
  readonly llm: {
    readonly provider: "anthropic" | "openai" | "ollama";
    readonly model: string;
    readonly triageModel: string | null;
    readonly apiKey: string | null;
    /** Null for the provider's own. */
    readonly baseUrl: string | null;
    readonly hidesHosts: boolean;
    readonly timeoutMs: number;
    readonly limits: {
      readonly callsPerMinute: number;
      readonly dailyUsd: number;
      readonly incidentUsd: number;
    };
  } | null;
  readonly dockerHost: string;
  readonly dockerCertPath: string | null;
  readonly ssh: { readonly config: string | null; readonly knownHosts: string | null };
  readonly kubeconfig: string | null;
  readonly proxmox: { readonly url: string; readonly token: string } | null;
  readonly logLevel: string;
  readonly crashPoint: string | null;
  readonly deadmanPingUrl: string | null;
  readonly pushgatewayUrl: string | null;
  /** Where incidents and fixes are noted, beside the chats. */
  readonly notesTo: readonly ("grafana" | "loki")[];
  readonly history: { readonly keepDays: number; readonly maxBytes: number };
  /** The systemd that started this process and waits for its word; null where nobody does. */
  readonly systemd: { readonly socket: string; readonly watchdogMs: number | null } | null;
  /** What is no error and still worth knowing: names that look misspelt. */
  readonly notes: readonly string[];
}

/** Everything wrong with the settings, a line each: the name, and what would be valid. */
export class InvalidConfig extends Error {
  override readonly name = "InvalidConfig";
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(
      `Countersign can't start with these settings:\n${problems.map((p) => `  ${p}`).join("\n")}`,
      options,
    );
    this.problems = problems;
  }
}

type Env = Readonly<Record<string, string | undefined>>;

/** The only reader of the environment: `.env` in the working folder, systemd credentials, then the environment itself. */
export function loadConfig(): Config {
  return readConfig(readSettings());
}

/** For `countersign executor`: what concerns the rest of the program may be there or not. */
export function loadExecutorConfig(): Config {
  const all = readSettings();
  const ours = [...OF_EXECUTOR, ...SYSTEMD].map((name) => [name, all[name]] as const);
  const config = readConfig(Object.fromEntries(ours));
  if (config.isExecutorSeparate) return config;
  throw new InvalidConfig([
    "COUNTERSIGN_EXECUTOR: must be separate, here and for serve: while it is inline, serve runs the fixes itself",
  ]);
}

function readSettings(): Env {
  const env = process.env;
  const file = existsSync(".env") ? parseEnv(readText(resolve(".env"))) : {};
  return { ...file, ...readCredentials(env.CREDENTIALS_DIRECTORY), ...env };
}

/**
 * `telegram-bot-token` in systemd's credentials folder is TELEGRAM_BOT_TOKEN. Where a unit loads a whole folder under a
 * name of ours, systemd writes that name in front.
 */
function readCredentials(folder: string | undefined): Env {
  if (folder === undefined || !existsSync(folder)) return {};
  return Object.fromEntries(
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => [
        name
          .replace(/^countersign_(?=[a-z])/, "")
          .toUpperCase()
          .replaceAll("-", "_"),
        readText(join(folder, name)).trim(),
      ]),
  );
}

/** @throws InvalidConfig where it is there and may not be read, or is no file */
function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    const problem = `${path} can't be read (${code}): it has to be a file that the user Countersign runs as may read`;
    throw new InvalidConfig([problem], { cause: error });
  }
}

/** @throws InvalidConfig with every problem at once */
export function readConfig(env: Env): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = Settings.safeParse(given);
  const issues = parsed.error?.issues ?? [];
  // The rest is looked at too, as if what is wrong were not there: people mend everything in one go.
  const wrong = new Set(issues.map(({ path }) => String(path[0])));
  const rest = Object.fromEntries(Object.entries(given).filter(([name]) => !wrong.has(name)));
  const problems = [
    ...misspelt(given),
    ...issues.map(({ path, message }) => `${String(path[0])}: ${message}`),
    ...contradictions(Settings.parse(rest), given),
  ];
  if (!parsed.success || problems.length > 0) throw new InvalidConfig(problems);
  return toConfig(parsed.data, given);
}

/** The environment is everybody's, so only a name that is nearly one of ours is worth a word. */
function nearMisses(given: Env): string[] {
  const names = Object.keys(Settings.shape);
  return Object.keys(given).flatMap((name) => {
    if (names.includes(name) || name.length < 8) return [];
    const nearest = closest(name, names);
    return distance(name, nearest) <= 2 ? [`${name} is no setting; did you mean ${nearest}?`] : [];
  });
}

function misspelt(given: Env): string[] {
  const names = Object.keys(Settings.shape);
  return Object.keys(given)
    .filter((name) => name.startsWith("COUNTERSIGN_") && !names.includes(name))
    .map((name) => `${name}: there is no such setting; did you mean ${closest(name, names)}?`);
}

function contradictions(settings: Settings, given: Env): string[] {
  const problems: string[] = [];
  const needs = (name: SettingName, others: readonly SettingName[], why: string) => {
    if (given[name] === undefined) return;
    if (others.every((other) => given[other] === undefined)) {
      problems.push(`${others.join(" or ")}: ${why}`);
    }
  };
  needs(
    "TELEGRAM_BOT_TOKEN",
    ["TELEGRAM_CHAT_ID"],
    "is needed with TELEGRAM_BOT_TOKEN: the chat that gets the cards",
  );
  needs(
    "TELEGRAM_CHAT_ID",
    ["TELEGRAM_BOT_TOKEN"],
    "is needed with TELEGRAM_CHAT_ID: @BotFather gives one",
  );
  needs("PAGERDUTY_API_URL", ["PAGERDUTY_ROUTING_KEY"], "is needed with PAGERDUTY_API_URL");
  for (const name of ["PROMETHEUS", "ALERTMANAGER", "LOKI"] as const) {
    needs(`${name}_TOKEN`, [`${name}_URL`], `is needed with ${name}_TOKEN`);
    needs(`${name}_USERNAME`, [`${name}_URL`], `is needed with ${name}_USERNAME`);
    needs(`${name}_USERNAME`, [`${name}_PASSWORD`], `is needed with ${name}_USERNAME`);
    needs(`${name}_PASSWORD`, [`${name}_USERNAME`], `is needed with ${name}_PASSWORD`);
  }
  needs("GRAFANA_TOKEN", ["GRAFANA_URL"], "is needed with GRAFANA_TOKEN");
  for (const { where, name } of [
    { where: "loki", name: "LOKI_URL" },
    { where: "grafana", name: "GRAFANA_TOKEN" },
  ] as const) {
    if (settings.COUNTERSIGN_NOTES_TO?.includes(where) && given[name] === undefined) {
      problems.push(`${name}: is needed with COUNTERSIGN_NOTES_TO ${where}`);
    }
  }
  needs(
    "SLACK_BOT_TOKEN",
    ["SLACK_CHANNEL"],
    "is needed with SLACK_BOT_TOKEN: the channel that gets the cards",
  );
  needs(
    "SLACK_BOT_TOKEN",
    ["SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"],
    "is needed with SLACK_BOT_TOKEN, for Socket Mode or for HTTP",
  );
  for (const name of ["SLACK_CHANNEL", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"] as const) {
    needs(name, ["SLACK_BOT_TOKEN"], `is needed with ${name}: the app's page shows it`);
  }
  const isSeparate = settings.COUNTERSIGN_EXECUTOR === "separate";
  // Of a separate executor the token is nobody else's business.
  if (!isSeparate) {
    needs("PROXMOX_URL", ["PROXMOX_TOKEN"], "is needed with PROXMOX_URL: an API token");
  }
  needs("PROXMOX_TOKEN", ["PROXMOX_URL"], "is needed with PROXMOX_TOKEN: where its API is");
  if (!isSeparate && settings.EXECUTOR_TARGETS !== undefined) {
    problems.push("COUNTERSIGN_EXECUTOR: must be separate with EXECUTOR_TARGETS");
  }
  if (settings.DATABASE_URL.startsWith("postgres")) {
    problems.push("DATABASE_URL: PostgreSQL is not part of this version yet; use sqlite:<path>");
  }
  return [...problems, ...llmContradictions(settings), ...exposed(settings)];
}

/** Whoever can reach the webhook can raise alerts: beyond this machine that takes a key. */
function exposed({
  PROMETHEUS_API_KEY: keys,
  PROMETHEUS_WEBHOOK_HOST: host,
  COUNTERSIGN_PUBLIC_URL: publicUrl,
}: Settings): string[] {
  if (keys.length > 0) return [];
  const how =
    "set one (for example the output of: openssl rand -hex 32) and give it to Alertmanager";
  const problems: string[] = [];
  if (!isLoopback(host)) {
    problems.push(
      `PROMETHEUS_API_KEY: is needed because PROMETHEUS_WEBHOOK_HOST ${host} is not loopback; ${how}`,
    );
  }
  if (publicUrl !== undefined && !isLoopback(new URL(publicUrl).hostname)) {
    problems.push(
      `PROMETHEUS_API_KEY: is needed because COUNTERSIGN_PUBLIC_URL is not loopback; ${how}`,
    );
  }
  return problems;
}

function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/.test(host);
}

function toConfig(settings: Settings, given: Env): Config {
  const databasePath = resolve(settings.DATABASE_URL.replace(/^sqlite:(?:\/\/)?/, ""));
  const { TELEGRAM_BOT_TOKEN: token, TELEGRAM_CHAT_ID: chatId } = settings;
  return {
    host: settings.PROMETHEUS_WEBHOOK_HOST,
    port: settings.PROMETHEUS_WEBHOOK_PORT,
    webhookPath: settings.PROMETHEUS_WEBHOOK_PATH,
    webhookKeys: settings.PROMETHEUS_API_KEY,
    grafanaSecret: settings.GRAFANA_WEBHOOK_SECRET ?? null,
    dedupWindowMs: settings.ALERT_DEDUP_WINDOW * 1000,
    databasePath,
    dataDir: resolve(databasePath, ".."),
    isExecutorSeparate: settings.COUNTERSIGN_EXECUTOR === "separate",
    executorTargets: settings.EXECUTOR_TARGETS ?? null,
    runbooksDir: resolve(settings.RUNBOOKS_DIR),
    publicUrl: (
      settings.COUNTERSIGN_PUBLIC_URL ?? `http://127.0.0.1:${settings.PROMETHEUS_WEBHOOK_PORT}`
    ).replace(/\/+$/, ""),
    allowsChatSignIn: settings.COUNTERSIGN_CHAT_SIGN_IN === "on",
    telegram:
      token === undefined || chatId === undefined
        ? null
        : { token, chatId, apiRoot: settings.TELEGRAM_API_ROOT.replace(/\/+$/, "") },
    slack: slackOf(settings),
    adminIds: { telegram: settings.TELEGRAM_ADMIN_IDS, slack: settings.SLACK_ADMIN_IDS },
    prometheus: access(settings, "PROMETHEUS"),
    alertmanager: access(settings, "ALERTMANAGER"),
    llm: llmOf(settings),
    loki: access(settings, "LOKI"),
    grafana: grafanaOf(settings),
    pagerDuty:
      settings.PAGERDUTY_ROUTING_KEY === undefined
        ? null
        : {
            apiUrl: settings.PAGERDUTY_API_URL.replace(/\/+$/, ""),
            routingKey: settings.PAGERDUTY_ROUTING_KEY,
          },
    dockerHost: settings.DOCKER_HOST ?? "unix:///var/run/docker.sock",
    dockerCertPath: settings.DOCKER_CERT_PATH ?? null,
    ssh: { config: settings.SSH_CONFIG ?? null, knownHosts: settings.SSH_KNOWN_HOSTS ?? null },
    kubeconfig: settings.KUBECONFIG ?? null,
    proxmox:
      settings.PROXMOX_URL === undefined || settings.PROXMOX_TOKEN === undefined
        ? null
        : { url: settings.PROXMOX_URL.replace(/\/+$/, ""), token: settings.PROXMOX_TOKEN },
    logLevel: settings.COUNTERSIGN_LOG_LEVEL,
    crashPoint: settings.COUNTERSIGN_CRASH_POINT ?? null,
    notesTo: notesTo(settings),
    history: {
      keepDays: settings.COUNTERSIGN_HISTORY_DAYS,
      maxBytes: settings.COUNTERSIGN_HISTORY_MAX_MB * 1_000_000,
    },
    deadmanPingUrl: settings.DEADMAN_PING_URL ?? null,
    pushgatewayUrl: settings.PUSHGATEWAY_URL?.replace(/\/+$/, "") ?? null,
    systemd: systemdOf(given),
    notes: nearMisses(given),
  };
}

/** Grafana has a token for its annotations and nothing else; to Loki nobody writes unless asked to. */
function notesTo({ COUNTERSIGN_NOTES_TO: asked, GRAFANA_TOKEN: token }: Settings) {
  if (asked === undefined) return token === undefined ? [] : (["grafana"] as const);
  return asked.filter((name) => name !== "none");
}

const SYSTEMD = ["NOTIFY_SOCKET", "WATCHDOG_USEC"] as const;

/** What systemd itself puts into the environment of a service. */
function systemdOf({ NOTIFY_SOCKET: socket, WATCHDOG_USEC: usec }: Env): Config["systemd"] {
  if (socket === undefined) return null;
  const watchdogMs = Math.floor(Number(usec ?? 0) / 1000);
  return { socket, watchdogMs: watchdogMs > 0 ? watchdogMs : null };
}

const DEFAULT_CLAUDE = "claude-sonnet-5-5";
const LOCAL_OLLAMA = "http://127.0.0.1:11434";

function providerOf({ LLM_PROVIDER, ANTHROPIC_API_KEY }: Settings) {
  return LLM_PROVIDER ?? (ANTHROPIC_API_KEY === undefined ? "none" : "anthropic");
}

function llmOf(settings: Settings): Config["llm"] {
  const provider = providerOf(settings);
  if (provider === "none") return null;
  const model = settings.LLM_MODEL ?? (provider === "anthropic" ? DEFAULT_CLAUDE : "");
  const given = {
    anthropic: { apiKey: settings.ANTHROPIC_API_KEY, baseUrl: settings.ANTHROPIC_BASE_URL },
    openai: { apiKey: settings.OPENAI_API_KEY, baseUrl: settings.OPENAI_BASE_URL },
    ollama: { apiKey: undefined, baseUrl: settings.OLLAMA_URL ?? LOCAL_OLLAMA },
  }[provider];
  return {
    provider,
    model,
    triageModel: settings.LLM_TRIAGE_MODEL ?? null,
    apiKey: given.apiKey ?? null,
    baseUrl: given.baseUrl?.replace(/\/+$/, "") ?? null,
    hidesHosts: settings.LLM_HIDE_HOSTS === "true",
    timeoutMs: settings.LLM_TIMEOUT_SECONDS * 1000,
    limits: {
      callsPerMinute: settings.LLM_MAX_CALLS_PER_MINUTE,
      dailyUsd: settings.LLM_DAILY_BUDGET_USD,
      incidentUsd: settings.LLM_MAX_COST_PER_INCIDENT_USD,
    },
  };
}

function llmContradictions(settings: Settings): string[] {
  const provider = providerOf(settings);
  const { LLM_MODEL: model } = settings;
  const problems: string[] = [];
  const hasAccess = {
    anthropic: settings.ANTHROPIC_API_KEY ?? settings.ANTHROPIC_BASE_URL,
    openai: settings.OPENAI_API_KEY ?? settings.OPENAI_BASE_URL,
    ollama: LOCAL_OLLAMA,
    none: "",
  }[provider];
  if (hasAccess === undefined) {
    const name = provider.toUpperCase();
    problems.push(
      `${name}_API_KEY: is needed with LLM_PROVIDER ${provider}, or ${name}_BASE_URL for a server of your own`,
    );
  }
  if ((provider === "openai" || provider === "ollama") && model === undefined) {
    problems.push(`LLM_MODEL: is needed with LLM_PROVIDER ${provider}: the model's name there`);
  }
  return problems;
}

function slackOf({
  SLACK_BOT_TOKEN: token,
  SLACK_CHANNEL: channel,
  SLACK_APP_TOKEN: appToken,
  SLACK_SIGNING_SECRET: signingSecret,
  SLACK_API_URL: url,
}: Settings): Config["slack"] {
  if (token === undefined || channel === undefined) return null;
  const apiUrl = `${url.replace(/\/+$/, "")}/`;
  if (appToken !== undefined) {
    return { token, channel, apiUrl, connection: { kind: "socket", appToken } };
  }
  if (signingSecret === undefined) return null;
  return { token, channel, apiUrl, connection: { kind: "http", signingSecret } };
}

function grafanaOf({ GRAFANA_URL: url, GRAFANA_TOKEN: token }: Settings): Access | null {
  if (url === undefined) return null;
  const authorization = token === undefined ? null : `Bearer ${token}`;
  return { url: url.replace(/\/+$/, ""), authorization };
}

function access(settings: Settings, name: "PROMETHEUS" | "ALERTMANAGER" | "LOKI"): Access | null {
  const url = settings[`${name}_URL`];
  if (url === undefined) return null;
  const token = settings[`${name}_TOKEN`];
  const username = settings[`${name}_USERNAME`];
  const basic = Buffer.from(`${username}:${settings[`${name}_PASSWORD`]}`).toString("base64");
  return {
    url: url.replace(/\/+$/, ""),
    authorization:
      token !== undefined ? `Bearer ${token}` : username !== undefined ? `Basic ${basic}` : null,
  };
}
