const LOOK_EVERY_MS = 100;

/** Notices soon what another process on the same database has done: a commit there wakes nobody here. */
export function createOtherProcesses(deps: {
  readonly look: () => Promise<readonly string[]>;
  /** A run has ended, wherever it ran. */
  readonly onEnded: (outcome: string) => void;
  readonly onFailure: (error: unknown) => void;
}) {
  let timer: NodeJS.Timeout | undefined;

  async function turn(): Promise<void> {
    try {
      for (const outcome of await deps.look()) deps.onEnded(outcome);
    } catch (error) {
      deps.onFailure(error);
    }
  }

  return {
    start(): void {
      timer = setInterval(() => void turn(), LOOK_EVERY_MS);
    },
    stop(): void {
      clearInterval(timer);
    },
  };
}
