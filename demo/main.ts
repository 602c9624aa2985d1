import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeRunbooks } from "./files.ts";
import { freePort, pause, startHomelab } from "./homelab.ts";

const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const BREAK_AFTER_MS = 6_000;
const LOOK_EVERY_MS = 500;

/**
 * A whole incident without any other software: a small homelab of real processes, one of which dies. A watcher stands
 * in for Prometheus and Alertmanager and speaks their webhook; everything behind it is the real program.
 */
const folder = mkdtempSync(join(tmpdir(), "countersign-demo-"));
const homelab = await startHomelab(["shop", "blog"]);
writeRunbooks(join(folder, "runbooks"), homelab.supervisor);
const port = await freePort();
const program = spawn(process.execPath, [MAIN, "serve"], {
  cwd: folder,
  env: {
    PROMETHEUS_WEBHOOK_PORT: String(port),
    RUNBOOKS_DIR: join(folder, "runbooks"),
    COUNTERSIGN_LOG_LEVEL: "warn",
  },
  stdio: ["ignore", "pipe", "inherit"],
});

function end(): void {
  program.kill("SIGTERM");
  homelab.stop();
  program.once("exit", () => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(0);
  });
}
process.once("SIGINT", end);
process.once("SIGTERM", end);

const startedAt = Date.now();
function say(text: string): void {
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(0).padStart(3);
  process.stdout.write(`${seconds} s  ${text}\n`);
}

async function tell(status: "firing" | "resolved", startsAt: string): Promise<string> {
  const labels = { alertname: "ServiceDown", severity: "critical", name: "shop" };
  const annotations = { summary: "shop does not answer on its port" };
  const endsAt = status === "resolved" ? { endsAt: new Date().toISOString() } : {};
  const body = {
    version: "4",
    status,
    alerts: [{ status, labels, annotations, startsAt, ...endsAt }],
  };
  const answer = await fetch(`http://127.0.0.1:${port}/webhook`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return ((await answer.json()) as { incidents: string[] }).incidents[0] ?? "";
}

const link = await new Promise<string>((resolve) => {
  let printed = "";
  program.stdout.on("data", (chunk) => {
    printed += String(chunk);
    const found = /Console sign-in: (?<link>\S+)\n/.exec(printed)?.groups?.link;
    if (found !== undefined) resolve(found);
  });
});
say("Two services run, shop and blog, and Countersign watches over them.");
say(`Open this page and press its button:  ${link}`);
await pause(BREAK_AFTER_MS);

homelab.break("shop");
say("shop has just died.");
while (await homelab.isUp("shop")) await pause(LOOK_EVERY_MS);
const since = new Date().toISOString();
const incident = await tell("firing", since);
say(`The alert ServiceDown fires: a card is in the console (${incident}).`);
say("Read what would run, and press Approve. Nothing runs before you do.");

while (!(await homelab.isUp("shop"))) await pause(LOOK_EVERY_MS);
say("shop answers again: the approved command ran, once.");
await tell("resolved", since);
say("The alert resolved. The page shows who approved, what ran, and that it helped.");
say("Ctrl-C ends the demo and removes its files.");
