import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createConsoleClient } from "../scenarios/console-client.ts";

const MAIN = resolve("dist/main.js");
const START_MS = 120_000;
const USUAL_START_MS = 1_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real program in a folder of its own, made to be killed over and over. */
export function createVictim(settings: Readonly<Record<string, string>>, port: number) {
  const folder = mkdtempSync(join(tmpdir(), "countersign-torture-"));
  const dataDir = join(folder, "data");
  const runbooksDir = join(folder, "runbooks");
  const tracesFile = join(folder, "traces.log");
  const script = join(folder, "leave-a-trace.sh");
  mkdirSync(dataDir);
  writeFileSync(script, `#!/bin/sh\necho "$1" >> ${tracesFile}\n`, { mode: 0o755 });
  mkdirSync(runbooksDir);
  const env = {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: folder,
    PROMETHEUS_WEBHOOK_PORT: String(port),
    DATABASE_URL: `sqlite:${join(dataDir, "countersign.db")}`,
    RUNBOOKS_DIR: runbooksDir,
    COUNTERSIGN_LOG_LEVEL: "error",
    ...settings,
  };
  const children = new Set<ChildProcess>();
  /** However this process ends, it leaves nothing running. */
  const killAll = () => {
    for (const child of children) child.kill("SIGKILL");
  };
  const clear = () => {
    killAll();
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", clear);

  function launch(args: readonly string[], more: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: folder,
      env: { ...env, ...more },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.add(child);
    const said = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said.stderr += text;
    });
    let isOver = false;
    // What it started may hold its pipes open long after it is dead: the exit counts.
    const ended = new Promise<Ended>((done) => {
      child.once("exit", (code) => {
        isOver = true;
        children.delete(child);
        done({ code, ...said });
      });
    });
    return { child, said, ended, isOver: () => isOver };
  }

  /** One life, from its start to its death; resolves when it listens or has died on the way. */
  async function live(crashPoint: string | null) {
    const { child, said, ended, isOver } = launch(
      ["serve"],
      crashPoint === null ? {} : { COUNTERSIGN_CRASH_POINT: crashPoint },
    );
    const begun = Date.now();
    const deadline = begun + START_MS;
    while (!isOver() && !said.stdout.includes("Send a first alert: ")) {
      if (Date.now() > deadline) throw new Error(`it did not start:\n${said.stdout}${said.stderr}`);
      await sleep(10);
    }
    if (isOver() && child.signalCode !== "SIGKILL") {
      throw new Error(`it ended by itself:\n${said.stdout}${said.stderr}`);
    }
    return {
      isOver,
      /** Of the memory it holds, what is not shared with the files it is made of; in bytes. */
      memory: (): number => {
        const [, kib = "0"] =
          /^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? [];
        return Number(kib) * 1024;
      },
      /** How much slower than on an idle machine everything is. */
      slowness: Math.max(1, (Date.now() - begun) / USUAL_START_MS),
      async kill(): Promise<void> {
        child.kill("SIGKILL");
        await ended;
      },
    };
  }

  const url = `http://127.0.0.1:${port}`;
  const command = (args: readonly string[]): Promise<Ended> => launch(args, {}).ended;

  async function signIn(person: string) {
    const { stdout, stderr } = await command(["sign-in", person]);
    const link = /Console sign-in: (?<link>\S+)/.exec(stdout)?.groups?.link;
    if (link === undefined) throw new Error(`no link: ${stdout}${stderr}`);
    return await createConsoleClient(url, link);
  }

  return {
    dataDir,
    script,
    url,
    database: join(dataDir, "countersign.db"),
    live,
    command,
    signIn,
    writeRunbook: (name: string, text: string): void =>
      writeFileSync(join(runbooksDir, name), text, { mode: 0o644 }),
    /** What the actions left behind: a line for each run. */
    traces(): string[] {
      return existsSync(tracesFile) ? readFileSync(tracesFile, "utf8").trim().split("\n") : [];
    },
    clear(): void {
      process.off("exit", clear);
      clear();
    },
  };
}

export type Victim = ReturnType<typeof createVictim>;
