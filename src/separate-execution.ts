import type { Logger } from "pino";
import { createOtherProcesses } from "./other-processes.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import { createRoster } from "./roster.ts";
import { askOver } from "./runner-socket.ts";
import type { Store } from "./store/store.ts";

const CARDS_REFRESHED = 200;

/** For a process that shows cards and runs nothing: who runs it instead, and what they have done. */
export function createSeparateExecution(deps: {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly onEnded: (outcome: string) => void;
  readonly announce: (text: string) => void;
  readonly log: Logger;
}) {
  const { store, catalogue, onEnded, announce, log } = deps;
  const roster = createRoster({
    ...{ runners: store.runners, ask: askOver, catalogue },
    elapsedMs: () => performance.now(),
    onChange: (missing) => void tell(missing),
    onLost: (execution) =>
      log.warn({ execution }, "its executor stopped while it ran: nobody knows its outcome"),
    onFailure: (error) => log.error({ err: error }, "nobody can say whether an executor runs"),
  });
  const others = createOtherProcesses({
    look: store.elsewhere.look,
    onEnded,
    onFailure: (error) => log.error({ err: error }, "what others wrote can't be read"),
  });

  async function tell(missing: readonly string[]): Promise<void> {
    const text =
      missing.length === 0
        ? "🏃 An executor is there for every target again: what is approved runs."
        : `🚧 No executor is there for ${missing.join(", ")}: nothing can run there until one is. Alerts and cards go on.`;
    log.warn(text);
    announce(text);
    const open = await store.views.find({ state: "unresolved", limit: CARDS_REFRESHED });
    await store.cards.touch(open.items.map(({ id }) => id));
  }

  return {
    roster,
    async start(): Promise<void> {
      others.start();
      await roster.start();
    },
    async stop(): Promise<void> {
      others.stop();
      await roster.stop();
    },
  };
}
