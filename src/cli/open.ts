import { existsSync } from "node:fs";
import type { Config } from "../config.ts";
import { redact } from "../evidence/redact.ts";
import { admit } from "../incident/admit.ts";
import { DatabaseUnusable } from "../store/open.ts";
import type { Store } from "../store/store.ts";
import { openStore } from "../store/store.ts";

/**
 * The store for a command that looks or writes beside a running program: it takes no work and no lock.
 * @throws DatabaseUnusable where there is none: a command in the wrong folder must not make a new one
 */
export function openBeside(config: Config): Store {
  if (!existsSync(config.databasePath)) {
    throw new DatabaseUnusable(
      `${config.databasePath} does not exist: run this in the folder Countersign runs in, or set DATABASE_URL`,
    );
  }
  return openOrCreate(config);
}

export function openOrCreate(config: Config): Store {
  return openStore({
    path: config.databasePath,
    isExclusive: false,
    dedupWindowMs: config.dedupWindowMs,
    hasSource: false,
    chats: [],
    admit,
    now: () => new Date(),
    redact,
  });
}
