import type { Logger } from "pino";
import { pino } from "pino";
import type { Config } from "../config.ts";
import { createServiceManager } from "../service-manager.ts";
import { createWatchdog } from "../watchdog.ts";

/** So that one that is lost or late starts nothing anew. */
const FEEDS_A_WATCH = 3;
const STOP_WITHIN_MS = 10_000;

interface Program {
  /** What moves no more, in words; null where all is alive. */
  lookForDead(): Promise<string | null>;
  stop(): Promise<void>;
  /** What it can't go on with, once something is found. */
  untilBroken?(): Promise<Error>;
}

/** What has started goes on until it is told to stop or can't, and then ends what it has in hand. */
export async function liveOn(config: Config, program: Program, log: Logger): Promise<void> {
  const watched = await tellSystemd(config, program.lookForDead, log);
  const ends = [untilToldToStop(), ...(program.untilBroken ? [program.untilBroken()] : [])];
  const broken = await Promise.race(ends);
  watched?.stop();
  log.info("stopping");
  // What still lingers when all is stored is no failure.
  setTimeout(() => process.exit(process.exitCode ?? 1), STOP_WITHIN_MS).unref();
  await program.stop();
  if (broken !== null) throw broken;
}

/** That it is there now, and from now on that it is alive. */
async function tellSystemd(
  { systemd }: Config,
  look: () => Promise<string | null>,
  log: Pick<Logger, "error">,
) {
  if (systemd === null) return null;
  const tell = createServiceManager(systemd.socket);
  await tell("READY=1");
  if (systemd.watchdogMs === null) return null;
  const everyMs = systemd.watchdogMs / FEEDS_A_WATCH;
  const watchdog = createWatchdog({ feed: () => tell("WATCHDOG=1"), look, everyMs, log });
  watchdog.start();
  return watchdog;
}

/** One JSON line an event; on a terminal the same for eyes. */
export async function createLog({ logLevel: level }: Config) {
  if (!process.stdout.isTTY) return pino({ level });
  const { default: pretty } = await import("pino-pretty");
  return pino({ level }, pretty({ ignore: "pid,hostname", translateTime: "HH:MM:ss" }));
}

function untilToldToStop(): Promise<null> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(null));
  });
}
