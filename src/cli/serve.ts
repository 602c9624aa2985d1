import { createApp } from "../app.ts";
import type { Config } from "../config.ts";
import { loadConfig } from "../config.ts";
import type { CliCommand } from "./command.ts";
import { createLog, liveOn } from "./living.ts";
import { localUrl } from "./local-url.ts";
import { sendDirectly } from "./send-directly.ts";
import type { TestAlert } from "./send-test.ts";
import { hand } from "./send-through-alertmanager.ts";
import { createSignInLink, personNamed } from "./sign-in.ts";

export const serve: CliCommand = {
  name: "serve",
  usage: "serve",
  summary: "Takes alerts, shows cards, runs what was approved (what npm start runs)",
  options: {},
  maxWords: 0,
  async run() {
    const config = loadConfig();
    const log = await createLog(config);
    const app = createApp(config, log, { sendTest: (severity) => sendTestAlert(config, severity) });
    await app.start();
    log.info(
      { host: config.host, port: config.port },
      `listening on ${config.host}:${config.port}`,
    );
    for (const note of config.notes) log.warn(note);
    if (!(await app.store.sessions.hasAnyoneSignedIn())) {
      const link = await createSignInLink(config, app.store, personNamed(app.catalogue));
      process.stdout.write(`Console sign-in: ${link}\n`);
    }
    process.stdout.write(`Send a first alert: ${curlLine(config)}\n`);
    await liveOn(config, app, log);
    return true;
  },
};

/** For the console's page: the same alert that `send-test` sends, without waiting for its way back. */
async function sendTestAlert(config: Config, severity: string) {
  const alert: TestAlert = {
    status: "firing",
    labels: { alertname: "TestAlert", severity, instance: "test-instance" },
    annotations: { summary: "A test alert, sent from the console" },
  };
  const { alertmanager } = config;
  if (alertmanager === null) {
    const { incident: incidentId, lines } = await sendDirectly(config, alert);
    return { incidentId, text: `${lines.join(" ")}.` };
  }
  await hand({ ...config, alertmanager }, alert);
  const text = "Alertmanager has it, and passes it on after its group_wait (30 s by default).";
  return { incidentId: null, text };
}

function curlLine(config: Config): string {
  const body = JSON.stringify({
    version: "4",
    status: "firing",
    alerts: [
      {
        status: "firing",
        labels: { alertname: "TestAlert", severity: "warning", instance: "test-instance" },
        annotations: { summary: "A first test alert" },
      },
    ],
  });
  const key = config.webhookKeys.length > 0 ? " -H 'X-API-Key: <one of PROMETHEUS_API_KEY>'" : "";
  return `curl -s ${localUrl(config)}/webhook -H 'Content-Type: application/json'${key} -d '${body}'`;
}
