import type { Executor } from "./execution/execution.ts";
import type { HealthCheck } from "./health.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import { checkSandbox } from "./sandbox.ts";
import { diskTrouble } from "./store/disk.ts";
import type { Store } from "./store/store.ts";

/** One check for every part that can be in trouble on its own. */
export function healthChecks(parts: {
  readonly store: Store;
  readonly executors: ReadonlyMap<string, Executor>;
  /** Where other processes run what is approved: they say how they are. */
  readonly roster: { check(): Promise<string> } | null;
  readonly catalogue: Catalogue;
  /** Whether systemd started it. */
  readonly isService: boolean;
  readonly upkeep: { check(): Promise<string> };
  readonly deadman: { check(): Promise<string> };
  readonly watches: { check(): string };
  readonly noteTaking: { check(): string };
  readonly ping: { check(): string } | null;
  /** What is configured, by name. */
  readonly peers: Readonly<Record<string, { check(): Promise<string> } | null>>;
}): HealthCheck[] {
  const { store, executors, roster, catalogue, peers, isService } = parts;
  const { deadman, watches, noteTaking, ping, upkeep } = parts;
  const needed = () => {
    const { policy } = catalogue.read();
    const targets = policy?.targets ?? [];
    return [...executors.values()].filter(({ name }) =>
      targets.some(({ executor }) => executor === name),
    );
  };
  return [
    {
      name: "database",
      isVital: true,
      check: async () => {
        await store.ping().catch((error: unknown) => {
          const trouble = diskTrouble(error);
          if (trouble === null) throw error;
          throw new Error(`read-only mode: ${trouble}`, { cause: error });
        });
        return "writes are durable";
      },
    },
    {
      name: "executor",
      // Only what the inventory has targets for: an installation without containers needs no engine.
      check: async () => {
        if (roster !== null) return await roster.check();
        const found = await Promise.all(
          needed().map(async (executor) => `${executor.name}: ${await executor.check()}`),
        );
        return found.join("; ") || "the inventory has no targets";
      },
    },
    {
      name: "queue",
      check: async () => {
        const aside = await store.queue.setAside();
        if (aside.length === 0) return "nothing is set aside";
        const each = aside.map(({ kind, subject, alertname, incidentId, crashes, dueAt }) => {
          const what = alertname === null ? subject : `${alertname} (${incidentId})`;
          return `${crashes} times at ${kind} of ${what}, tried again at ${dueAt.toISOString()}`;
        });
        throw new Error(
          `the program fell over ${each.join("; ")}: set aside, all else goes on; please report it with the log`,
        );
      },
    },
    {
      name: "runbooks",
      check: () => {
        const { problems, runbooks } = catalogue.read();
        if (problems.length === 0) return Promise.resolve(`${runbooks.length} loaded`);
        const texts = problems.map(({ file, line, message }) => `${file}:${line}: ${message}`);
        return Promise.reject(new Error(texts.join("; ")));
      },
    },
    ...Object.entries(peers).flatMap(([name, peer]) =>
      peer === null ? [] : [{ name, check: peer.check }],
    ),
    {
      name: "last_alert",
      check: async () => {
        const at = await store.views.lastAlertAt();
        return at === null ? "none seen yet" : at.toISOString();
      },
    },
    {
      name: "clock",
      check: () => {
        const minutes = Math.ceil(store.clock.behindMs() / 60_000);
        if (minutes <= 1) return Promise.resolve("has not gone back");
        const why = `the machine's clock was set back by ${minutes} min: nothing runs unasked until it has caught up; if it was wrong before, set it right and see docs/record.md`;
        return Promise.reject(new Error(why));
      },
    },
    // As a promise, so that what it throws is a finding like any other.
    { name: "sandbox", check: () => new Promise((resolve) => resolve(checkSandbox(isService))) },
    { name: "backup", check: upkeep.check },
    { name: "watches", check: () => new Promise((resolve) => resolve(watches.check())) },
    { name: "notes", check: () => new Promise((resolve) => resolve(noteTaking.check())) },
    {
      name: "deadman",
      check: async () =>
        [await deadman.check(), ...(ping === null ? [] : [ping.check()])].join("; "),
    },
  ];
}
