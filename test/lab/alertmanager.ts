import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answersOk, createDirectory, findFreePort, startPeer } from "./peer-process.ts";

export interface Alertmanager {
  readonly url: string;
  log(): string;
  stop(): Promise<void>;
}

/** A real Alertmanager that sends every group to one webhook at once, and again only on changes. */
export async function startAlertmanager({
  webhookUrl,
  apiKey,
  groupBy = ["alertname"],
  extra = {},
}: {
  readonly webhookUrl: string;
  /** Sent as a bearer token. */
  readonly apiKey?: string;
  readonly groupBy?: readonly string[];
  /** More top-level keys of the configuration, such as `inhibit_rules`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}): Promise<Alertmanager> {
  const directory = await createDirectory("alertmanager");
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const config = join(directory, "alertmanager.yml");
  const authorization = apiKey === undefined ? {} : { authorization: { credentials: apiKey } };
  const webhook = { url: webhookUrl, send_resolved: true, http_config: authorization };
  await writeFile(
    config,
    // YAML reads JSON.
    JSON.stringify({
      route: {
        receiver: "countersign",
        group_by: groupBy,
        group_wait: "0s",
        group_interval: "1s",
        repeat_interval: "24h",
      },
      receivers: [{ name: "countersign", webhook_configs: [webhook] }],
      ...extra,
    }),
  );

  const peer = await startPeer({
    directory,
    argv: [
      "/usr/bin/prometheus-alertmanager",
      `--config.file=${config}`,
      `--storage.path=${join(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
    ],
    isReady: () => answersOk(`${url}/-/ready`),
  });
  return { url, ...peer };
}
