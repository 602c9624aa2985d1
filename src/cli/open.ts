import type { Config } from "../config.ts";
import { admit } from "../incident/admit.ts";
import type { Store } from "../store/store.ts";
import { openStore } from "../store/store.ts";

/** The store for a command that looks or writes beside a running program: it takes no work and no lock. */
export function openBeside(config: Config): Store {
  return openStore({
    path: config.databasePath,
    isExclusive: false,
    dedupWindowMs: config.dedupWindowMs,
    chats: [],
    admit,
    now: () => new Date(),
  });
}
