import { loadConfig } from "../config.ts";
import type { CliCommand } from "./command.ts";
import { CommandFailed, UsageError } from "./command.ts";
import { localUrl } from "./local-url.ts";
import { print } from "./output.ts";

export const sendTest: CliCommand = {
  name: "send-test",
  usage: "send-test [--alertname X] [--severity Y] [--label k=v]… [--resolve] [--json]",
  summary: "Sends a test alert to the running program, or resolves it",
  options: {
    alertname: { type: "string", default: "TestAlert" },
    severity: { type: "string", default: "warning" },
    label: { type: "string", multiple: true, default: [] },
    resolve: { type: "boolean", default: false },
    json: { type: "boolean" },
  },
  maxWords: 0,
  async run({ options }) {
    const config = loadConfig();
    const url = localUrl(config) + config.webhookPath;
    const [key] = config.webhookKeys;
    const status = options.resolve === true ? "resolved" : "firing";
    const labels = {
      alertname: String(options.alertname),
      severity: String(options.severity),
      instance: "test-instance",
      ...labelsOf(options.label as string[]),
    };
    const summary = `A test alert, sent by hand: ${labels.alertname}`;
    const response = await post(url, key, {
      version: "4",
      status,
      alerts: [{ status, labels, annotations: { summary } }],
    });
    const answer = (await response.json()) as {
      status?: string;
      incidents?: string[];
      error?: string;
    };
    print(answer, options.json === true, () =>
      response.ok
        ? `${status}: ${answer.incidents?.join(", ")}`
        : `refused with ${response.status}: ${answer.error}`,
    );
    return response.ok;
  },
};

function labelsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new UsageError(`--label takes name=value, not "${pair}"`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

async function post(url: string, key: string | undefined, body: unknown): Promise<Response> {
  try {
    return await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(key === undefined ? {} : { "x-api-key": key }),
      },
      body: JSON.stringify(body),
    });
  } catch (error) {
    throw new CommandFailed(`Nothing listens at ${url}: is "countersign serve" running?`, {
      cause: error,
    });
  }
}
