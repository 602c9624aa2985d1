import type { Config } from "../config.ts";
import { loadConfig } from "../config.ts";
import type { Labels } from "../incident/alert.ts";
import { parseDuration } from "../remediation/duration.ts";
import type { CliCommand, Options } from "./command.ts";
import { CommandFailed, UsageError } from "./command.ts";
import { parseLabels } from "./labels.ts";
import { print } from "./output.ts";
import { sendDirectly } from "./send-directly.ts";
import { sendThroughAlertmanager } from "./send-through-alertmanager.ts";

/** The alert to send, or to end. */
export interface TestAlert {
  readonly status: "firing" | "resolved";
  readonly labels: Labels;
  readonly annotations: Labels;
}

export interface Sent {
  readonly way: "alertmanager" | "webhook";
  /** The incident that the alert belongs to now; null where there is none. */
  readonly incident: string | null;
  /** What happened, for people. */
  readonly lines: readonly string[];
}

const DEFAULTS = { alertname: "TestAlert", severity: "warning" } as const;

export const sendTest: CliCommand = {
  name: "send-test",
  usage:
    "send-test [--alertname X] [--severity Y] [--label k=v]… [--resolve] [--direct] [--wait 90s] [--json]",
  summary: "Sends a test alert through Alertmanager, or to the running program, or ends it",
  options: {
    alertname: { type: "string", default: DEFAULTS.alertname },
    severity: { type: "string", default: DEFAULTS.severity },
    label: { type: "string", multiple: true, default: [] },
    resolve: { type: "boolean", default: false },
    direct: { type: "boolean", default: false },
    wait: { type: "string", default: "90s" },
    json: { type: "boolean" },
  },
  maxWords: 0,
  async run({ options }) {
    const labels = labelsOf(options);
    const waitMs = options.wait === "0" ? 0 : parseDuration(String(options.wait));
    if (waitMs === null) throw new UsageError("--wait takes a duration such as 90s or 2m, or 0");
    const config = loadConfig();
    const alert: TestAlert = {
      status: options.resolve === true ? "resolved" : "firing",
      labels,
      annotations: { summary: `A test alert, sent by hand: ${labels.alertname}` },
    };
    const isJson = options.json === true;
    try {
      const sent = await send(config, alert, { waitMs, isDirect: options.direct === true });
      const { way, incident } = sent;
      const link = incident === null ? null : linkTo(config, incident);
      const incidents = incident === null ? [] : [incident];
      print({ ok: true, status: alert.status, way, labels, incidents, link }, isJson, () =>
        [...sent.lines, ...whatNext(options, incident, link)].join("\n"),
      );
      return true;
    } catch (error) {
      if (!isJson || !(error instanceof CommandFailed)) throw error;
      print({ ok: false, status: alert.status, labels, problem: error.message }, true, () => "");
      return false;
    }
  },
};

async function send(
  config: Config,
  alert: TestAlert,
  { waitMs, isDirect }: { waitMs: number; isDirect: boolean },
): Promise<Sent> {
  const { alertmanager } = config;
  return alertmanager === null || isDirect
    ? await sendDirectly(config, alert)
    : await sendThroughAlertmanager({ ...config, alertmanager }, alert, waitMs);
}

function labelsOf(options: Options): Labels {
  const labels = {
    alertname: String(options.alertname),
    severity: String(options.severity),
    instance: "test-instance",
    ...parseLabels(options.label as string[]),
  };
  if (labels.alertname === "") throw new UsageError("--alertname takes a name");
  // An empty label is the same as none: Alertmanager drops it.
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ""));
}

function linkTo({ publicUrl }: Config, incident: string): string {
  return `${publicUrl}/incidents/${incident}`;
}

function whatNext(options: Options, incident: string | null, link: string | null): string[] {
  if (incident === null) return [];
  const look = `Incident ${incident}: ${link}`;
  return options.resolve === true ? [look] : [look, `To end it: ${resolveLine(options)}`];
}

/** The same alert is the one with the same labels, so its end has to name them all. */
function resolveLine(options: Options): string {
  const words = ["npx countersign send-test"];
  for (const name of ["alertname", "severity"] as const) {
    if (options[name] !== DEFAULTS[name]) words.push(`--${name}`, quoted(String(options[name])));
  }
  for (const pair of options.label as string[]) words.push("--label", quoted(pair));
  if (options.direct === true) words.push("--direct");
  return [...words, "--resolve"].join(" ");
}

function quoted(word: string): string {
  return /^[\w.:/=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
