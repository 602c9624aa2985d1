import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findFreePort } from "../test/lab/peer-process.ts";
import { havePeer } from "../test/peers.ts";
import type { Running } from "./processes.ts";
import { start } from "./processes.ts";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** The real program, as `npm start` runs it, without what watches source files. */
export async function startProgram(
  folder: string,
  options: {
    readonly telegram?: {
      readonly url: string;
      readonly token: string;
      readonly chat: number;
      readonly owner?: number;
    };
    /** A folder with the runbooks and the policy; left out, those of the repository. */
    readonly runbooks?: string;
    readonly nodeFlags?: readonly string[];
  } = {},
): Promise<Running> {
  const port = await findFreePort();
  const { telegram } = options;
  return await start({
    argv: [
      process.execPath,
      "--enable-source-maps",
      "--max-semi-space-size=4",
      ...(options.nodeFlags ?? []),
      join(ROOT, "dist/main.js"),
      "serve",
    ],
    folder,
    env: {
      PROMETHEUS_WEBHOOK_PORT: String(port),
      DATABASE_URL: `sqlite:${databaseIn(folder)}`,
      // However long a history is that a benchmark has made, all of it is to stay.
      COUNTERSIGN_HISTORY_DAYS: "36500",
      COUNTERSIGN_HISTORY_MAX_MB: "1000000",
      RUNBOOKS_DIR: options.runbooks ?? join(ROOT, "runbooks"),
      ...(telegram && {
        TELEGRAM_BOT_TOKEN: telegram.token,
        TELEGRAM_CHAT_ID: String(telegram.chat),
        TELEGRAM_ADMIN_IDS: String(telegram.owner ?? telegram.chat),
        TELEGRAM_API_ROOT: telegram.url,
      }),
    },
    url: `http://127.0.0.1:${port}`,
    readyPath: "/health",
  });
}

export function databaseIn(folder: string): string {
  return join(folder, "data", "countersign.db");
}

export async function startBareLoop(folder: string): Promise<Running> {
  const port = await findFreePort();
  mkdirSync(join(folder, "data"));
  return await start({
    argv: [
      process.execPath,
      "--import",
      "tsx",
      join(ROOT, "bench/bare-loop.ts"),
      String(port),
      databaseIn(folder),
    ],
    folder: ROOT,
    url: `http://127.0.0.1:${port}`,
    readyPath: "/health",
  });
}

/** The least that a program of this kind can take to start and to be there. */
export async function startBareServer(folder: string): Promise<Running> {
  const port = await findFreePort();
  const code = `require("node:http").createServer((_, answer) => answer.end()).listen(${port}, "127.0.0.1")`;
  return await start({
    argv: [process.execPath, "-e", code],
    folder,
    url: `http://127.0.0.1:${port}`,
    readyPath: "/",
  });
}

export const ALERTMANAGER_MISSING = "skipped: needs apt-get install prometheus-alertmanager";

export function haveAlertmanager(): boolean {
  return havePeer("alertmanager");
}

/** Takes webhooks and keeps nothing. */
export async function startSink(folder: string): Promise<Running> {
  const port = await findFreePort();
  return await start({
    argv: [process.execPath, join(ROOT, "bench/sink.mjs"), String(port)],
    folder,
    url: `http://127.0.0.1:${port}`,
    readyPath: "/",
  });
}

interface Receiver {
  readonly telegram?: { readonly url: string; readonly token: string; readonly chat: number };
  readonly webhook?: string;
}

export async function startAlertmanager(
  folder: string,
  { telegram, webhook }: Receiver = {},
): Promise<Running> {
  const port = await findFreePort();
  const config = join(folder, "alertmanager.yml");
  const isSending = telegram !== undefined || webhook !== undefined;
  writeFileSync(
    config,
    // YAML reads JSON.
    JSON.stringify({
      route: {
        receiver: "bench",
        group_by: isSending ? ["..."] : ["alertname"],
        group_wait: isSending ? "0s" : "1h",
        group_interval: "1h",
        repeat_interval: "24h",
      },
      receivers: [{ name: "bench", ...receiverOf({ telegram, webhook }) }],
    }),
  );
  return await start({
    argv: [
      "/usr/bin/prometheus-alertmanager",
      `--config.file=${config}`,
      `--storage.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
    ],
    folder,
    url: `http://127.0.0.1:${port}`,
    readyPath: "/-/ready",
  });
}

function receiverOf({ telegram, webhook }: { [Key in keyof Receiver]: Receiver[Key] | undefined }) {
  return {
    ...(webhook && { webhook_configs: [{ url: webhook }] }),
    ...(telegram && {
      telegram_configs: [
        {
          api_url: telegram.url,
          bot_token: telegram.token,
          chat_id: telegram.chat,
          parse_mode: "HTML",
          send_resolved: false,
        },
      ],
    }),
  };
}

export function isBuilt(): boolean {
  return existsSync(join(ROOT, "dist/main.js"));
}
