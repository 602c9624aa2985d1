import { z } from "zod";
import { parseCrashPoint } from "./crash-points.ts";

/** Every setting there is, in the order of `.env.example`: its check, and the one line that explains it. */

/** Digits only: `Number` would take an empty text for 0 and `0x10` for 16. */
function Whole(from: number, to: number) {
  const error = `must be a whole number from ${from} to ${to}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, error)
    .transform(Number)
    .pipe(z.number().min(from, error).max(to, error));
}
function Dollars(fallback: number) {
  return z
    .string()
    .regex(/^\d{1,9}(?:\.\d+)?$/, "must be an amount such as 0.15")
    .transform(Number)
    .default(fallback);
}
const Url = z
  .url({ protocol: /^https?$/, error: "must be an http:// or https:// address" })
  .refine((text) => {
    if (!URL.canParse(text)) return true;
    const { username, password } = new URL(text);
    return username === "" && password === "";
  }, "must not carry a user name or password: they have settings of their own");
const Path = z.string().regex(/^\/[\w\-./]*$/, "must be a path such as /prometheus/webhook");
/** Also fit to be one word of ssh's options, where spaces, quotes, % and $ mean something. */
const File = z
  .string()
  .regex(/^\/[\w\-./@+]+$/, "must be an absolute path of letters, digits and - . / @ + _");
const List = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter(Boolean),
);

export const Settings = z.object({
  PROMETHEUS_WEBHOOK_HOST: z.string().default("127.0.0.1").describe("address to listen on"),
  PROMETHEUS_WEBHOOK_PORT: Whole(0, 65_535).default(9095).describe("port to listen on"),
  PROMETHEUS_WEBHOOK_PATH: Path.default("/prometheus/webhook").describe(
    "where Alertmanager posts; /webhook is always an alias",
  ),
  PROMETHEUS_API_KEY: List.default([]).describe(
    "accepted webhook keys, comma-separated; needed for anything but loopback",
  ),
  ALERT_DEDUP_WINDOW: Whole(0, 604_800)
    .default(300)
    .describe("seconds in which a resolved alert that fires again re-opens its incident"),
  COUNTERSIGN_EXECUTOR: z
    .enum(["inline", "separate"], { error: "must be inline or separate" })
    .default("inline")
    .describe("inline: this process runs the fixes; separate: `countersign executor` does"),
  DATABASE_URL: z
    .string()
    .regex(/^(?:sqlite:.+|postgres(?:ql)?:\/\/.+)$/, "must be sqlite:<path>")
    .default("sqlite:./data/countersign.db")
    .describe("where everything is kept"),
  RUNBOOKS_DIR: z.string().default("./runbooks").describe("the runbooks and policy.yaml"),
  TELEGRAM_BOT_TOKEN: z
    .string()
    .regex(/^\d+:[\w-]{10,}$/, "must look like 123456:ABC…, as BotFather shows it")
    .optional()
    .describe("the bot's token from @BotFather"),
  TELEGRAM_CHAT_ID: z
    .string()
    .regex(/^-?\d+(?::\d+)?$/, "must be a numeric chat id, or id:topic")
    .optional()
    .describe("the chat that gets the cards; id or id:topic"),
  TELEGRAM_ADMIN_IDS: List.pipe(
    z.array(z.string().regex(/^\d+$/, "must be numeric ids, comma-separated")),
  )
    .default([])
    .describe("numeric ids of people who hold every role while policy.yaml lists nobody"),
  TELEGRAM_API_ROOT: Url.default("https://api.telegram.org").describe("a local Bot API server"),
  SLACK_BOT_TOKEN: z
    .string()
    .regex(/^xoxb-[\w-]+$/, "must be the Bot User OAuth Token, xoxb-…")
    .optional()
    .describe("the app's bot token, xoxb-…"),
  SLACK_CHANNEL: z
    .string()
    .regex(
      /^[CG][A-Z0-9]{2,20}$/,
      "must be the channel's id, such as C0123ABCD45: it stands at the end of the channel's details",
    )
    .optional()
    .describe("the id of the channel that gets the cards"),
  SLACK_APP_TOKEN: z
    .string()
    .regex(/^xapp-[\w-]+$/, "must be an app-level token with connections:write, xapp-…")
    .optional()
    .describe("for Socket Mode, xapp-…"),
  SLACK_SIGNING_SECRET: z
    .string()
    .regex(/^\S{16,}$/, "must be the Signing Secret of the app's Basic Information")
    .optional()
    .describe("for HTTP at /slack/events, where SLACK_APP_TOKEN is not set"),
  SLACK_ADMIN_IDS: List.pipe(
    z.array(
      z
        .string()
        .regex(/^[A-Z0-9]+:[A-Z0-9]+$/, "must be team:member ids such as T01:U01, comma-separated"),
    ),
  )
    .default([])
    .describe("as TELEGRAM_ADMIN_IDS, team:member"),
  SLACK_API_URL: Url.default("https://slack.com/api/").describe("a local Slack API"),
  GRAFANA_WEBHOOK_SECRET: z
    .string()
    .regex(/^\S{16,}$/, "must be at least 16 characters, without spaces")
    .optional()
    .describe("HMAC secret of /grafana/webhook; without it a key of PROMETHEUS_API_KEY counts"),
  PROMETHEUS_URL: Url.optional().describe("for evidence and verification"),
  PROMETHEUS_TOKEN: z.string().optional().describe("bearer token for it"),
  PROMETHEUS_USERNAME: z.string().optional().describe("or basic auth"),
  PROMETHEUS_PASSWORD: z.string().optional().describe("its password"),
  ALERTMANAGER_URL: Url.optional().describe("to ask whether an alert still fires"),
  ALERTMANAGER_TOKEN: z.string().optional().describe("bearer token for it"),
  ALERTMANAGER_USERNAME: z.string().optional().describe("or basic auth"),
  ALERTMANAGER_PASSWORD: z.string().optional().describe("its password"),
  LOKI_URL: Url.optional().describe("for log lines around an alert, and logql in runbooks"),
  LOKI_TOKEN: z.string().optional().describe("bearer token for it"),
  LOKI_USERNAME: z.string().optional().describe("or basic auth"),
  LOKI_PASSWORD: z.string().optional().describe("its password"),
  GRAFANA_URL: Url.optional().describe(
    "its annotations are shown as recent changes, and incidents noted there",
  ),
  GRAFANA_TOKEN: z.string().optional().describe("its service account token"),
  PAGERDUTY_ROUTING_KEY: z
    .string()
    .regex(/^[A-Za-z0-9]{32}$/, "is the 32 letters and digits of an Events API v2 integration")
    .optional()
    .describe("whoever is on call is paged when a request is escalated"),
  PAGERDUTY_API_URL: Url.default("https://events.pagerduty.com").describe(
    "another Events API address",
  ),
  PUSHGATEWAY_URL: Url.optional().describe("where the anomaly score of each open incident goes"),
  DEADMAN_PING_URL: Url.optional().describe("asked for every minute while Countersign is well"),
  EXECUTOR_TARGETS: List.pipe(
    z.array(z.string()).min(1, "must be target names or label=value, comma-separated"),
  )
    .optional()
    .describe("which targets a separate executor serves: names, or label=value; all by default"),
  LLM_PROVIDER: z
    .enum(["anthropic", "openai", "ollama", "none"], {
      error: "must be anthropic, openai, ollama or none",
    })
    .optional()
    .describe("who reads the evidence: anthropic, openai, ollama or none"),
  ANTHROPIC_API_KEY: z.string().optional().describe("key for Claude"),
  ANTHROPIC_BASE_URL: Url.optional().describe("vLLM, llama-server or LiteLLM"),
  OPENAI_API_KEY: z.string().optional().describe("key for OpenAI"),
  OPENAI_BASE_URL: Url.optional().describe("any server that speaks its API"),
  OLLAMA_URL: Url.optional().describe("a local Ollama"),
  LLM_MODEL: z.string().optional().describe("the model's name"),
  LLM_TRIAGE_MODEL: z.string().optional().describe("a cheaper model that reads first"),
  LLM_MAX_CALLS_PER_MINUTE: Whole(1, 10_000).default(10).describe("calls a minute"),
  LLM_DAILY_BUDGET_USD: Dollars(1).describe("dollars a day"),
  LLM_MAX_COST_PER_INCIDENT_USD: Dollars(0.15).describe("dollars an incident"),
  LLM_HIDE_HOSTS: z
    .enum(["true", "false"], { error: "must be true or false" })
    .default("false")
    .describe("true: the model knows hosts and addresses by stand-ins only"),
  LLM_TIMEOUT_SECONDS: Whole(1, 3_600).default(60).describe("seconds for one answer"),
  DOCKER_HOST: z
    .string()
    .regex(/^(?:unix:\/\/\/.+|tcp:\/\/.+)$/, "must be unix:///path or tcp://host:port")
    .optional()
    .describe("the container engine, Docker or Podman"),
  DOCKER_CERT_PATH: File.optional().describe(
    "for tcp:// over TLS: a folder with ca.pem, cert.pem and key.pem",
  ),
  PROXMOX_URL: Url.refine((text) => {
    if (!URL.canParse(text)) return true;
    const { protocol, hostname, pathname } = new URL(text);
    const isHere = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
    return (protocol === "https:" || isHere) && pathname === "/";
  }, "must be https://host:8006, without a path: the token travels there")
    .optional()
    .describe("the Proxmox API, https://pve.lan:8006"),
  PROXMOX_TOKEN: z
    .string()
    .regex(/^[^\s@!=]+@[\w.-]+![\w.-]+=[0-9a-fA-F-]{36}$/, "must look like user@realm!token=uuid")
    .optional()
    .describe("an API token of it, user@realm!token=uuid"),
  KUBECONFIG: File.optional().describe("the file that kubectl signs in with; no other is read"),
  SSH_CONFIG: File.optional().describe("ssh client configuration; no other is read"),
  SSH_KNOWN_HOSTS: File.optional().describe(
    "pinned host keys; ssh reaches only machines that stand there",
  ),
  COUNTERSIGN_NOTES_TO: List.pipe(
    z.array(
      z.enum(["grafana", "loki", "none"], {
        error: "must be grafana, loki, both with a comma between, or none",
      }),
    ),
  )
    .optional()
    .describe("who is told of incidents and fixes: grafana (where it has a token), loki, or none"),
  COUNTERSIGN_HISTORY_DAYS: Whole(7, 36_500)
    .default(365)
    .describe("days after which a resolved incident is forgotten; the record keeps what was done"),
  COUNTERSIGN_HISTORY_MAX_MB: Whole(50, 1_000_000)
    .default(1_000)
    .describe("megabytes above which the oldest resolved incidents are forgotten sooner"),
  COUNTERSIGN_PUBLIC_URL: Url.optional().describe("the console's address, for links on cards"),
  COUNTERSIGN_CHAT_SIGN_IN: z
    .enum(["on", "off"], { error: "must be on or off" })
    .default("off")
    .describe("on: /sign_in sends whoever a chat knows a link to the console, in private"),
  COUNTERSIGN_LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"], {
      error: "must be trace, debug, info, warn, error, fatal or silent",
    })
    .default("info")
    .describe("how much to log"),
  COUNTERSIGN_CRASH_POINT: z
    .string()
    .refine(
      (text) => parseCrashPoint(text) !== null,
      "must be a point that docs/architecture.md names, such as after-claim or after-claim#2",
    )
    .optional()
    .describe("for drills: the process kills itself at this named point"),
});
export type Settings = z.output<typeof Settings>;
export type SettingName = keyof Settings;

/** All that a separate executor reads: the rules, what it has to ask before a run, and the ways to act. */
export const OF_EXECUTOR: readonly SettingName[] = [
  "COUNTERSIGN_EXECUTOR",
  "EXECUTOR_TARGETS",
  "DATABASE_URL",
  "RUNBOOKS_DIR",
  "TELEGRAM_ADMIN_IDS",
  "SLACK_ADMIN_IDS",
  "PROMETHEUS_URL",
  "PROMETHEUS_TOKEN",
  "PROMETHEUS_USERNAME",
  "PROMETHEUS_PASSWORD",
  "ALERTMANAGER_URL",
  "ALERTMANAGER_TOKEN",
  "ALERTMANAGER_USERNAME",
  "ALERTMANAGER_PASSWORD",
  "DOCKER_HOST",
  "DOCKER_CERT_PATH",
  "PROXMOX_URL",
  "PROXMOX_TOKEN",
  "KUBECONFIG",
  "SSH_CONFIG",
  "SSH_KNOWN_HOSTS",
  "COUNTERSIGN_LOG_LEVEL",
  "COUNTERSIGN_CRASH_POINT",
];
