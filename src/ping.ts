const EVERY_MS = 60_000;
const ANSWER_WITHIN_MS = 10_000;

interface Deps {
  /** It may be a secret: it stands in no error and no log. */
  readonly url: string;
  /** Whether Countersign takes alerts and moves. */
  readonly isWell: () => Promise<boolean>;
  readonly now: () => Date;
  readonly log: { warn(fields: object, message: string): void };
}

/** Tells somebody outside that Countersign lives, as long as it does: silence is what raises the alarm there. */
export function createPing({ url, isWell, now, log }: Deps) {
  let timer: NodeJS.Timeout | undefined;
  let last: { readonly at: Date; readonly problem: string | null } | null = null;

  async function ask(): Promise<string | null> {
    try {
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
      const response = await fetch(url, { redirect: "error", signal });
      await response.arrayBuffer();
      return response.ok ? null : `answers ${response.status}`;
    } catch (error) {
      return (error as Error).name === "TimeoutError" ? "does not answer" : "can't be reached";
    }
  }

  async function turn(): Promise<void> {
    if (!(await isWell())) return;
    const problem = await ask();
    if (problem !== null) log.warn({ problem }, `DEADMAN_PING_URL ${problem}`);
    last = { at: now(), problem };
  }

  return {
    turn,
    start(): void {
      const go = () => void turn().catch((err: unknown) => log.warn({ err }, "no ping was sent"));
      go();
      timer = setInterval(go, EVERY_MS);
      timer.unref();
    },
    stop(): void {
      clearInterval(timer);
    },
    check(): string {
      if (last === null) return "DEADMAN_PING_URL was not asked yet";
      if (last.problem === null) return `DEADMAN_PING_URL answered ${last.at.toISOString()}`;
      throw new Error(`DEADMAN_PING_URL ${last.problem}`);
    },
  };
}
