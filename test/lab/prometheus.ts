import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { answersOk, createDirectory, findFreePort, startPeer } from "./peer-process.ts";

export interface ScrapeTarget {
  readonly job: string;
  /** host:port */
  readonly address: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Prometheus {
  readonly url: string;
  log(): string;
  stop(): Promise<void>;
}

/** Fires for a scraped container that does not answer; `name` is a label of its scrape target. */
export const CONTAINER_DOWN_RULES = `
groups:
  - name: containers
    rules:
      - alert: ContainerDown
        expr: up{job="containers"} == 0
        labels: {severity: warning}
        annotations:
          summary: Container {{ $labels.name }} is down
          description: It has not answered its last scrape.
`;

/** A real Prometheus that scrapes and evaluates every second. */
export async function startPrometheus({
  scrapeTargets,
  rules = "groups: []",
  alertmanagerUrl,
  history,
  password,
  flags = [],
}: {
  readonly scrapeTargets: readonly ScrapeTarget[];
  /** A rule file's text. */
  readonly rules?: string;
  readonly alertmanagerUrl?: string;
  /** What it has measured already, as OpenMetrics with times. */
  readonly history?: string;
  /** It wants the user `reader` and this password, `secret`, which this is the bcrypt hash of. */
  readonly password?: string;
  readonly flags?: readonly string[];
}): Promise<Prometheus> {
  const directory = await createDirectory("prometheus");
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const file = (name: string) => join(directory, name);
  await writeFile(file("rules.yml"), rules);
  await writeFile(
    file("prometheus.yml"),
    // YAML reads JSON.
    JSON.stringify({
      global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
      rule_files: [file("rules.yml")],
      scrape_configs: scrapeConfigs(scrapeTargets),
      alerting: { alertmanagers: alertmanagerUrl ? [alertmanagerConfig(alertmanagerUrl)] : [] },
    }),
  );

  if (history !== undefined) await backfill(history, file("history.txt"), file("data"));
  if (password !== undefined) {
    await writeFile(file("web.yml"), JSON.stringify({ basic_auth_users: { reader: password } }));
  }

  const peer = await startPeer({
    directory,
    argv: [
      "/usr/bin/prometheus",
      `--config.file=${file("prometheus.yml")}`,
      `--storage.tsdb.path=${file("data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--rules.alert.resend-delay=1s",
      ...(password === undefined ? [] : [`--web.config.file=${file("web.yml")}`]),
      ...flags,
    ],
    // Behind a password even its readiness is.
    isReady: () => (password === undefined ? answersOk(`${url}/-/ready`) : answers(url)),
  });
  return { url, ...peer };
}

/** Blocks of what was measured before it was started. */
async function backfill(history: string, textFile: string, dataDirectory: string): Promise<void> {
  await writeFile(textFile, `${history}\n# EOF\n`);
  await promisify(execFile)("/usr/bin/promtool", [
    ...["tsdb", "create-blocks-from", "openmetrics", textFile, dataDirectory],
  ]);
}

async function answers(url: string): Promise<boolean> {
  return await fetch(url).then(
    () => true,
    () => false,
  );
}

function scrapeConfigs(targets: readonly ScrapeTarget[]) {
  return [...new Set(targets.map(({ job }) => job))].map((job) => ({
    job_name: job,
    static_configs: targets
      .filter((target) => target.job === job)
      .map(({ address, labels }) => ({ targets: [address], labels: labels ?? {} })),
  }));
}

function alertmanagerConfig(url: string) {
  const { protocol, host } = new URL(url);
  return { scheme: protocol.replace(":", ""), static_configs: [{ targets: [host] }] };
}
