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
  insistOnDatabase(config);
  return openOrCreate(config);
}

/**
 * The store for a command that only looks: nothing can be written through it.
 * @throws DatabaseUnusable where there is none
 */
export function openToRead(config: Config): Store {
  insistOnDatabase(config);
  return open(config, true);
}

export function openOrCreate(config: Config): Store {
  return open(config, false);
}

function insistOnDatabase({ databasePath }: Config): void {
  if (existsSync(databasePath)) return;
  throw new DatabaseUnusable(
    `${databasePath} does not exist: run this in the folder Countersign runs in, or set DATABASE_URL`,
  );
}

function open(config: Config, isReadOnly: boolean): Store {
  return openStore({
    path: config.databasePath,
    isExclusive: false,
    isReadOnly,
    dedupWindowMs: config.dedupWindowMs,
    hasSource: false,
    chats: [],
    admit,
    now: () => new Date(),
    redact,
  });
}
