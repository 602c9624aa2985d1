import type { Logger } from "pino";
import type { backtestHistory } from "./backtest.ts";
import type { Chat } from "./chats.ts";
import type { Config } from "./config.ts";
import { createDeadman, MISSING } from "./deadman.ts";
import { createDrills } from "./drills.ts";
import type { Drawing } from "./evidence/drawing.ts";
import { redact } from "./evidence/redact.ts";
import type { Health } from "./health.ts";
import { createIndexing } from "./indexing.ts";
import type { Metrics } from "./metrics.ts";
import { createNoteTaking } from "./note-taking.ts";
import { grafanaTaker, lokiTaker } from "./notes.ts";
import { patternsOf } from "./patterns.ts";
import { createPing } from "./ping.ts";
import { createReadOnlyMode } from "./read-only.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import { createReports } from "./reports.ts";
import { createRuleWatch } from "./rule-watch.ts";
import { createScores } from "./scores.ts";
import { createShadow } from "./shadow.ts";
import type { createSources } from "./sources.ts";
import type { Store } from "./store/store.ts";
import { createUpkeep } from "./upkeep.ts";
import { createWatches } from "./watches.ts";

interface Deps {
  readonly config: Config;
  readonly store: Store;
  /** As channels show it: without secrets. */
  readonly shown: Store;
  readonly catalogue: Catalogue;
  /** For what is asked with every alert. */
  readonly latelyRead: Pick<Catalogue, "read">;
  readonly sources: ReturnType<typeof createSources>;
  readonly chats: readonly Chat[];
  readonly drawing: Drawing;
  readonly metrics: Metrics;
  readonly health: Health;
  /** The week since then, as the rules are now, auto-healing on. */
  readonly backtest: (since: Date) => ReturnType<typeof backtestHistory>;
  /** Tells everybody in every chat. */
  readonly announce: (text: string) => void;
  readonly isFlooded: () => boolean;
  readonly onRulesChanged: () => void;
  readonly now: () => Date;
  readonly log: Logger;
}

/** What goes on beside the journey of an alert, each at its own pace: what fails here holds up nothing. */
export function createSidelines(deps: Deps) {
  const { config, store, shown, catalogue, sources, chats, announce, now, log } = deps;
  const { prometheus, grafana, loki, pushgateway } = sources;
  const policy = () => deps.latelyRead.read().policy;
  const openAlerts = () => store.views.openAlerts(null);

  const ruleWatch = createRuleWatch({
    catalogue,
    rules: store.rules,
    redact,
    announce(text) {
      log.warn(text);
      announce(text);
      deps.onRulesChanged();
    },
    onFailure: (err) => log.error({ err }, "the runbook folder could not be looked at"),
  });
  const indexing = createIndexing({
    searchIndex: store.searchIndex,
    isFlooded: deps.isFlooded,
    onFailure: (err) => log.error({ err }, "the history could not be indexed"),
  });
  const readOnlyMode = createReadOnlyMode({ accept: store.intake.accept, announce, now, log });
  const deadman = createDeadman({
    policy,
    accept: readOnlyMode.accept,
    heard: store.heard,
    isOpen: async (name) =>
      (await openAlerts()).some((alert) => alert.name === MISSING && alert.instance === name),
    now,
    onFailure: (err) => log.error({ err }, "nobody can say whether an alert is missing"),
  });
  const drills = createDrills({
    cron: () => policy()?.drillCron ?? null,
    accept: deadman.accept,
    open: store.views.openDrills,
    progress: async (id) => {
      const [view, cards] = [await shown.views.incident(id), await store.cards.messagesOf(id)];
      if (view === null) throw new Error(`${id} is not stored`);
      return { view, cards };
    },
    chats: chats.map(({ channel }) => channel),
    hasModel: config.llm !== null,
    ...{ announce, log, now },
  });
  const watches = createWatches({
    watches: () => catalogue.read().watches,
    prometheus,
    noticed: store.views.noticed,
    accept: readOnlyMode.accept,
    now,
    onFailure: (watch, err) => log.warn({ watch, err }, "a watch could not look"),
  });
  const scores = createScores({
    views: store.views,
    gateway: pushgateway,
    gauge: deps.metrics.anomaly,
    log,
  });
  const notes = (name: "grafana" | "loki") => config.notesTo.includes(name);
  const noteTaking = createNoteTaking({
    takers: [
      ...(grafana !== null && notes("grafana") ? [grafanaTaker(grafana, config.publicUrl)] : []),
      ...(loki !== null && notes("loki") ? [lokiTaker(loki, now)] : []),
    ],
    open: async () => (await openAlerts()).map(({ incidentId }) => incidentId),
    incident: shown.views.incident,
    log,
  });
  const { backups, retention } = store;
  const upkeep = createUpkeep({ backups, retention, ...config.history, now, log });
  const reports = createReports({
    ...{ catalogue, chats, drawing: deps.drawing, now, log },
    store: shown,
    patterns: () => patternsOf({ store, prometheus, now }),
    publicUrl: config.publicUrl,
  });
  const ping =
    config.deadmanPingUrl === null
      ? null
      : createPing({
          url: config.deadmanPingUrl,
          isWell: async () => (await deps.health.read()).status !== "failing",
          now,
          log,
        });
  const shadow = createShadow({
    isShadow: () => policy()?.isShadow ?? false,
    switches: store.switches,
    backtest: deps.backtest,
    publicUrl: config.publicUrl,
    ...{ announce, log, now },
  });

  return {
    /** Where alerts go in: some are only signs of life, and on a full disk they are told at least. */
    accept: deadman.accept,
    /** What `/health` asks. */
    ...{ deadman, watches, noteTaking, upkeep, ping },
    /** An incident has changed. */
    look(incidentId: string): void {
      indexing.wake();
      noteTaking.look(incidentId);
    },
    /** Before anything is done: what was asked under other rules is void. */
    checkRules: ruleWatch.check,
    async start(): Promise<void> {
      indexing.wake();
      const others = [ruleWatch, deadman, drills, shadow, watches, scores, upkeep, reports];
      for (const part of others) part.start();
      ping?.start();
      await noteTaking.start();
    },
    async stop(): Promise<void> {
      // What a week amounts to may take longer than anybody waits for the end.
      void shadow.stop();
      upkeep.stop();
      ping?.stop();
      const others = [ruleWatch, indexing, deadman, drills, reports, watches, scores, noteTaking];
      await Promise.all(others.map((part) => part.stop()));
    },
  };
}
