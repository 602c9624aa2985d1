import type { Logger } from "pino";
import type { Backtest } from "./backtest.ts";
import type { Store } from "./store/store.ts";
import { createTurns } from "./turns.ts";

const LOOK_EVERY_MS = 60_000;
const WEEK_MS = 7 * 24 * 3_600_000;
const RUNS_SHOWN = 5;

interface Deps {
  readonly isShadow: () => boolean;
  readonly switches: Pick<Store["switches"], "shadowSince" | "setShadowSince">;
  /** What would have happened since then, with auto-healing on. */
  readonly backtest: (since: Date) => Promise<Backtest>;
  readonly announce: (text: string) => void;
  readonly publicUrl: string;
  readonly log: Pick<Logger, "error">;
  readonly now: () => Date;
}

/** While shadow mode is on: after every week, what would have happened in it, to every chat. */
export function createShadow({ isShadow, switches, now, log, ...deps }: Deps) {
  async function look(): Promise<void> {
    const since = await switches.shadowSince();
    const at = now();
    if (!isShadow()) {
      if (since !== null) await switches.setShadowSince(null);
    } else if (since === null) await switches.setShadowSince(at);
    else if (at.getTime() - since.getTime() >= WEEK_MS) {
      const found = await deps.backtest(since);
      await switches.setShadowSince(at);
      deps.announce(reportOf(found, deps.publicUrl));
    }
  }

  const { start, stop } = createTurns({
    everyMs: LOOK_EVERY_MS,
    turn: look,
    onFailure: (err) => log.error({ err }, "the report of shadow mode could not be made"),
  });
  return { look, start, stop };
}

function reportOf({ alerts, would, runs }: Backtest, publicUrl: string): string {
  const named = runs
    .slice(0, RUNS_SHOWN)
    .map(({ action, target, count }) => `${action} on ${target} (${count})`);
  const more = runs.length > RUNS_SHOWN ? ` and ${runs.length - RUNS_SHOWN} more` : "";
  const what = named.length === 0 ? "" : ` By itself: ${named.join(", ")}${more}.`;
  return (
    `👻 Shadow mode, the last week: ${alerts.length} alerts, and nothing ran. With auto-healing on, ${would.run} fixes would have run by themselves, ` +
    `${would.ask} would have been asked about, ${would.refuse} refused; for ${would.nothing} no runbook has a fix.${what} ` +
    `${publicUrl}/what-if`
  );
}
