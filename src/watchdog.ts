interface Deps {
  /** Tells the service manager that all is alive. */
  readonly feed: () => Promise<void>;
  readonly look: () => Promise<string | null>;
  readonly everyMs: number;
  readonly log: { error(fields: object, message: string): void };
}

/** Feeds the service manager's watchdog as long as everything moves: once it goes hungry, it starts the process anew (T74). */
export function createWatchdog({ feed, look, everyMs, log }: Deps) {
  let timer: NodeJS.Timeout | undefined;

  async function turn(): Promise<void> {
    const dead = await look();
    if (dead === null) await feed();
    else
      log.error({ dead }, `${dead}: the watchdog is not fed, so that the service is started anew`);
  }

  return {
    turn,
    start(): void {
      timer = setInterval(() => {
        turn().catch((error: unknown) => log.error({ err: error }, "the watchdog was not fed"));
      }, everyMs);
    },
    stop(): void {
      clearInterval(timer);
    },
  };
}
