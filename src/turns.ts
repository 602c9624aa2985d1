/** The same again and again, never twice at a time. What fails is told, and tried again at the next turn. */
export function createTurns({
  everyMs,
  turn,
  onFailure,
}: {
  readonly everyMs: number;
  readonly turn: () => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}) {
  let timer: NodeJS.Timeout | undefined;
  let underWay: Promise<void> | null = null;

  /** A turn now, unless one is under way; either ends with it. */
  function go(): Promise<void> {
    underWay ??= turn()
      .catch(onFailure)
      .finally(() => {
        underWay = null;
      });
    return underWay;
  }

  return {
    go,
    /** The first turn comes after a while. */
    start(): void {
      timer = setInterval(() => void go(), everyMs);
      timer.unref();
    },
    /** Ends when the turn that is under way has. */
    async stop(): Promise<void> {
      clearInterval(timer);
      await underWay;
    },
  };
}
