import { writeFile } from "node:fs/promises";
import { join } from "node:path";
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
}: {
  readonly scrapeTargets: readonly ScrapeTarget[];
  /** A rule file's text. */
  readonly rules?: string;
  readonly alertmanagerUrl?: string;
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

  const peer = await startPeer({
    directory,
    argv: [
      "/usr/bin/prometheus",
      `--config.file=${file("prometheus.yml")}`,
      `--storage.tsdb.path=${file("data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--rules.alert.resend-delay=1s",
    ],
    isReady: () => answersOk(`${url}/-/ready`),
  });
  return { url, ...peer };
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
