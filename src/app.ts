import type { ServerType } from "@hono/node-server";
import type { Logger } from "pino";
import { createAnchors } from "./anchors.ts";
import { backtestHistory } from "./backtest.ts";
import type { Refusal } from "./chat/channel.ts";
import { createCommands } from "./chat/commands.ts";
import { createIllustrator } from "./chat/illustrator.ts";
import { createPagerDuty } from "./chat/pagerduty.ts";
import { createProjector } from "./chat/projector.ts";
import { chatsOf, createChats } from "./chats.ts";
import type { Config } from "./config.ts";
import { createConsole } from "./console/console.tsx";
import { siteOf } from "./console/passkey-site.ts";
import type { ConsoleEvent } from "./console/ports.ts";
import { consoleCommands } from "./console-commands.ts";
import type { SendTest } from "./console-reads.ts";
import { createReads } from "./console-reads.ts";
import { cardsWithCrashPoints, crashAt, storeWithCrashPoints } from "./crash-points.ts";
import { createDeadman, MISSING } from "./deadman.ts";
import { createDesk } from "./desk.ts";
import { createReader } from "./diagnosis/reader.ts";
import { createDrills } from "./drills.ts";
import { createDrawing } from "./evidence/drawing.ts";
import { createInquiries } from "./evidence/inquire.ts";
import { redact } from "./evidence/redact.ts";
import { hashFiles } from "./execution/fingerprint.ts";
import { remoteExecutors } from "./execution/remote.ts";
import { createExecutors, openCatalogue } from "./executors.ts";
import { createGraphs } from "./graphs.ts";
import type { HealthCheck } from "./health.ts";
import { createHealth } from "./health.ts";
import { healthChecks } from "./health-checks.ts";
import { admit } from "./incident/admit.ts";
import { createIndexing } from "./indexing.ts";
import { holderIn } from "./ingest/api-key.ts";
import { ALL_LANES, createLanes, LANES_WITHOUT_RUNS } from "./lanes.ts";
import { createMetrics } from "./metrics.ts";
import { createModels } from "./models.ts";
import { createNoteTaking } from "./note-taking.ts";
import { grafanaTaker, lokiTaker } from "./notes.ts";
import { createOutgoing } from "./outgoing.ts";
import { createPaging } from "./paging.ts";
import { patternsOf } from "./patterns.ts";
import { createPing } from "./ping.ts";
import { keyHolders } from "./proposals.ts";
import { createReadOnlyMode } from "./read-only.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import { lately } from "./remediation/catalogue.ts";
import { createReports } from "./reports.ts";
import { ask, tryOut } from "./responder/ask.ts";
import { edit } from "./responder/edit.ts";
import { enrich } from "./responder/enrich.ts";
import { createLookNow } from "./responder/look-now.ts";
import type { Ports } from "./responder/ports.ts";
import { respond } from "./responder/respond.ts";
import { silence } from "./responder/silence.ts";
import { undo } from "./responder/undo.ts";
import { createRoutes } from "./routes.ts";
import { createRouting } from "./routing.ts";
import { createRuleWatch } from "./rule-watch.ts";
import { whyBelowFloor } from "./sandbox.ts";
import { createScores } from "./scores.ts";
import { createSeparateExecution } from "./separate-execution.ts";
import { close, listen } from "./server.ts";
import { createShadow } from "./shadow.ts";
import { shownView } from "./shown-view.ts";
import { createSources } from "./sources.ts";
import { findDamage } from "./store/damage.ts";
import { newId } from "./store/ids.ts";
import type { Store } from "./store/store.ts";
import { openStore } from "./store/store.ts";
import {
  cardStore,
  chatInvitations,
  chatMemory,
  consolePasskeys,
  consoleSessions,
  costs,
  meteredLedger,
  pictureStore,
  responderStore,
} from "./store-ports.ts";
import { createUpkeep } from "./upkeep.ts";
import { VERSION } from "./version.ts";
import { createVitalSigns } from "./vital-signs.ts";
import { createWatches } from "./watches.ts";

/** A reading may take a few answers. */
const READING_TIMES = 3;
/** A poller asks every 30 s and waits up to a minute after a failure. */
const CHAT_BEATS_WITHIN_MS = 180_000;

/** Every part, fitted together: the only place that knows all of them. */
export function createApp(
  config: Config,
  log: Logger,
  more: { readonly sendTest?: SendTest } = {},
) {
  const ownExecutors = createExecutors(config);
  const catalogue = openCatalogue(config, ownExecutors);
  const latelyRead = lately(catalogue, () => performance.now());
  const crashPoint = crashAt(config.crashPoint);
  const opened = openStore({
    path: config.databasePath,
    isExclusive: true,
    isShared: config.isExecutorSeparate,
    dedupWindowMs: config.dedupWindowMs,
    hasSource: config.alertmanager !== null,
    hasReader: config.llm !== null,
    chats: chatsOf(config),
    route: createRouting(latelyRead, [
      ...chatsOf(config).map(({ channel }) => channel),
      ...(config.pagerDuty === null ? [] : ["pagerduty"]),
    ]),
    admit,
    now: () => new Date(),
    elapsedMs: () => performance.now(),
    redact,
  });
  const isCrashing = config.crashPoint !== null;
  const store = isCrashing ? storeWithCrashPoints(opened, crashPoint) : opened;
  const { now } = store.clock;
  const metrics = createMetrics(async () => {
    const depths = await store.queue.depths();
    return Object.fromEntries(depths.map(({ kind, depth }) => [kind, depth]));
  }, store.record.head);
  const sources = createSources(config);
  const separate = config.isExecutorSeparate
    ? createSeparateExecution({
        ...{ store, catalogue, log },
        onEnded: metrics.executed,
        announce: (text) => announce(text),
      })
    : null;
  const executors =
    separate === null ? ownExecutors : remoteExecutors(ownExecutors, separate.roster.ask);
  const pagerDuty = config.pagerDuty && createPagerDuty(config.pagerDuty);
  const belowFloor = whyBelowFloor(config.systemd !== null);
  const stopping = new AbortController();
  const ports: Ports = {
    ...sources,
    inquire: createInquiries({ ...sources, past: store.past }, now),
    store: responderStore(store, metrics, now),
    catalogue,
    executors,
    hashFiles,
    page: pagerDuty && createPaging({ pagerDuty, publicUrl: config.publicUrl, log }),
    tell: createOutgoing({ catalogue, pagerDuty, publicUrl: config.publicUrl, redact, log }),
    reader:
      config.llm &&
      createReader({
        ...createModels(config.llm, now()),
        limits: config.llm.limits,
        hidesHosts: config.llm.hidesHosts,
        timeoutMs: READING_TIMES * config.llm.timeoutMs,
        ledger: meteredLedger(store, metrics),
        now,
      }),
    linkBases: [config.publicUrl],
    now,
    clockBehindMs: store.clock.behindMs,
    belowFloor: () => belowFloor ?? separate?.roster.belowFloor() ?? null,
    newRequestId: () => newId("req"),
    newIncidentId: () => newId("inc"),
    crashPoint,
    redact,
    stopping: stopping.signal,
  };
  const checks: HealthCheck[] = [];
  const health = createHealth(checks, now);
  const liveListeners = new Set<(event: ConsoleEvent) => void>();
  const shown: Store = {
    ...store,
    views: {
      ...store.views,
      incident: async (id) => {
        const view = await store.views.incident(id);
        return view === null ? null : shownView(view);
      },
    },
  };
  const passkeys = consolePasskeys(store, siteOf(config.publicUrl)?.host ?? null);
  const desk = createDesk({
    store: shown,
    catalogue,
    health: health.read,
    metrics,
    now,
    ask: (wish) => ask(ports, wish),
    tryOut: (wish) => tryOut(ports, wish),
    audit: () => anchors.audit(),
    costs: () => costs(store, config.llm?.limits ?? null),
    edit: (wish) => edit(ports, wish),
    lookNow: createLookNow(ports),
    hasPasskey: async (person) => (await passkeys.list(person)).length > 0,
    undo: (wanted) => undo(ports, wanted),
    silence: (wanted) =>
      silence(ports, { ...wanted, requestId: null, comment: `asked for by ${wanted.person}` }),
    onAutohealingChanged: ({ text, isOn, channel }) => {
      for (const listener of liveListeners) listener({ name: "status" });
      for (const chat of chats) {
        // A disable typed where everybody sees the answer is told by it; a confirmation is not.
        if (isOn || channel !== chat.channel || !chat.answersForAll) chat.announce(text);
      }
    },
  });
  const registry = createCommands({
    desk: desk.chat,
    publicUrl: config.publicUrl,
    invite: config.allowsChatSignIn ? chatInvitations(store, config.publicUrl) : undefined,
  });
  const { useToken } = store.cards;
  const observe = {
    refused: (refusal: Refusal) => {
      metrics.refused(refusal.reason);
      store.refusals
        .note(refusal)
        .catch((error: unknown) =>
          log.error({ err: error, ...refusal }, "a refused attempt could not be recorded"),
        );
    },
    shown: ({ channel, kind, openedAt }: { channel: string; kind: string; openedAt: Date }) => {
      if (kind === "post") metrics.carded(channel, openedAt, now());
    },
    failed: ({ channel, kind }: { channel: string; kind: string }) =>
      metrics.chatFailed(channel, kind),
  };

  const chats = createChats(config, {
    desk: desk.chat,
    registry,
    catalogue,
    useToken,
    memoryOf: (place) => chatMemory(store, place),
    incidentOn: store.cards.incidentOn,
    log,
    observe,
    onForged: (reason) => {
      metrics.refused(`slack_${reason}`);
      log.warn({ reason }, "a request to /slack/events was refused");
    },
  });
  const projectors = chats.map(({ channel, chat, cards }) =>
    createProjector({
      channel,
      chat,
      store: cardStore(shown),
      digests: store.digests,
      adapter: isCrashing ? cardsWithCrashPoints(cards, crashPoint) : cards,
      context: async () => ({
        now: now(),
        publicUrl: config.publicUrl,
        autohealing: (await store.switches.autohealing()).isOn,
        people: peopleOf(catalogue),
        ...(separate === null ? {} : { isUnserved: separate.roster.isMissing }),
      }),
      log,
      observe,
    }),
  );
  const drawing = createDrawing();
  const graphs = createGraphs({ drawing, prometheus: sources.prometheus, now });
  const illustrators = chats.map(({ channel, chat, cards }) =>
    createIllustrator({
      channel,
      chat,
      store: pictureStore(shown),
      adapter: cards,
      sketch: graphs.sketch,
      log,
      observe,
    }),
  );
  const nudge = () => {
    for (const projector of projectors) projector.nudge();
  };

  const lanes = createLanes({
    lanes: separate === null ? ALL_LANES : LANES_WITHOUT_RUNS,
    queue: store.queue,
    respond: (step) => respond(ports, step),
    stop: () => stopping.abort(),
    // A card that waited for its proposal need not wait any longer.
    onProposed: nudge,
    log,
    now,
  });

  /** Tells everybody in every chat. */
  const announce = (text: string) => {
    for (const chat of chats) chat.announce(text);
  };
  const anchors = createAnchors({ record: store.record, log, announce, now });
  const ruleWatch = createRuleWatch({
    catalogue,
    rules: store.rules,
    redact,
    announce(text) {
      log.warn(text);
      announce(text);
      for (const listener of liveListeners) listener({ name: "status" });
    },
    onFailure: (error) => log.error({ err: error }, "the runbook folder could not be looked at"),
  });

  const indexing = createIndexing({
    searchIndex: store.searchIndex,
    onFailure: (error) => log.error({ err: error }, "the history could not be indexed"),
  });

  const readOnlyMode = createReadOnlyMode({ accept: store.intake.accept, announce, now, log });
  const deadman = createDeadman({
    policy: () => {
      const { policy } = latelyRead.read();
      return policy.ok ? policy.policy : null;
    },
    accept: readOnlyMode.accept,
    heard: store.heard,
    isOpen: async (name) =>
      (await store.views.openAlerts(null)).some(
        (alert) => alert.name === MISSING && alert.instance === name,
      ),
    now,
    onFailure: (error) => log.error({ err: error }, "nobody can say whether an alert is missing"),
  });
  const drills = createDrills({
    cron: () => {
      const { policy } = catalogue.read();
      return policy.ok ? policy.policy.drillCron : null;
    },
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
    prometheus: sources.prometheus,
    noticed: store.views.noticed,
    accept: readOnlyMode.accept,
    now,
    onFailure: (watch, error) => log.warn({ watch, err: error }, "a watch could not look"),
  });
  const scores = createScores({
    views: store.views,
    gateway: sources.pushgateway,
    gauge: metrics.anomaly,
    log,
  });
  const { grafana, loki } = sources;
  const noteTaking = createNoteTaking({
    takers: [
      ...(grafana !== null && config.notesTo.includes("grafana")
        ? [grafanaTaker(grafana, config.publicUrl)]
        : []),
      ...(loki !== null && config.notesTo.includes("loki") ? [lokiTaker(loki, now)] : []),
    ],
    open: async () => (await store.views.openAlerts(null)).map(({ incidentId }) => incidentId),
    incident: shown.views.incident,
    log,
  });
  const upkeep = createUpkeep({
    backups: store.backups,
    retention: store.retention,
    ...config.history,
    now,
    log,
  });
  const reports = createReports({
    ...{ catalogue, chats, drawing, now, log },
    store: shown,
    patterns: () => patternsOf({ store, prometheus: sources.prometheus, now }),
    publicUrl: config.publicUrl,
  });
  const ping =
    config.deadmanPingUrl === null
      ? null
      : createPing({
          url: config.deadmanPingUrl,
          isWell: async () => (await health.read()).status !== "failing",
          now,
          log,
        });

  const backtest = (since: Date, autohealing: boolean | null) =>
    backtestHistory(store.bygone, {
      ...{ since, autohealing, against: null },
      rules: { whitelist: catalogue.read(), executors },
      hasSource: config.alertmanager !== null,
      dedupWindowMs: config.dedupWindowMs,
    });
  const shadow = createShadow({
    isShadow: () => {
      const { policy } = catalogue.read();
      return policy.ok && policy.policy.isShadow;
    },
    switches: store.switches,
    backtest: (since) => backtest(since, true),
    publicUrl: config.publicUrl,
    ...{ announce, log, now },
  });
  const reads = createReads({
    backtest,
    ...{ store: shown, catalogue, anchors, config, drawing, now },
    prometheus: sources.prometheus,
    costs: () => costs(store, config.llm?.limits ?? null),
    sendTest: more.sendTest ?? (() => Promise.reject(new Error("this program sends none"))),
  });
  const web = createConsole({
    desk: desk.console,
    graphs,
    reads,
    sessions: consoleSessions(store, catalogue),
    holdsKey: (c) => holderIn(c, keyHolders(catalogue) ?? []) !== null,
    passkeys,
    publicUrl: config.publicUrl,
    isSecure: config.publicUrl.startsWith("https:"),
    events: {
      subscribe(listener) {
        liveListeners.add(listener);
        return () => liveListeners.delete(listener);
      },
    },
    runCommand: consoleCommands({ desk: desk.chat, registry, useToken, now }),
    log,
    now,
    version: VERSION,
  });

  const peers = {
    ...Object.fromEntries(chats.map((chat) => [chat.channel, chat])),
    ...sources,
    pagerduty: pagerDuty,
  };
  checks.push(
    ...healthChecks({
      store,
      executors,
      roster: separate?.roster ?? null,
      catalogue,
      peers,
      deadman,
      watches,
      noteTaking,
      ping,
      upkeep,
      isService: config.systemd !== null,
    }),
  );
  store.subscribe((incidentId) => {
    lanes.wake();
    nudge();
    for (const one of illustrators) one.look(incidentId);
    indexing.wake();
    noteTaking.look(incidentId);
    for (const listener of liveListeners) listener({ name: "incident", incidentId, version: 0 });
  });

  const http = createRoutes({
    ...{ config, catalogue, chats, health, metrics, reads, log, now },
    store: shown,
    accept: deadman.accept,
    ask: (wish) => ask(ports, wish),
    enrich: (group, timeoutMs) => enrich(ports, group, timeoutMs),
    console: web,
  });
  let server: ServerType | null = null;

  const lookForDead = createVitalSigns({
    pulses: [
      ...lanes.pulses,
      ...chats.flatMap(({ channel, beats }) =>
        beats === undefined ? [] : [{ name: channel, beats, withinMs: CHAT_BEATS_WITHIN_MS }],
      ),
    ],
    write: store.ping,
    elapsedMs: () => performance.now(),
  });

  return {
    store,
    catalogue,
    /** What moves no more, in words; null where all is alive. */
    lookForDead,
    /** Nothing goes on in a file that is not whole: it ends as a start would that had the time to look. */
    untilBroken(): Promise<Error> {
      return new Promise((resolve) => {
        findDamage(config.databasePath)
          .then((damage) => damage !== null && resolve(damage))
          .catch((error: unknown) =>
            log.error({ err: error }, "the database could not be looked through"),
          );
      });
    },
    async start(): Promise<void> {
      for (const { channel, chat } of chats) await store.chats.adopt({ channel, chat });
      await store.cards.addMissing();
      const interrupted = [
        ...(await store.executions.giveUpInterrupted()),
        ...(await store.runners.bury()),
      ];
      for (const id of interrupted) {
        metrics.executed("unknown");
        log.warn(
          { execution: id },
          "a run was cut short by the last stop: nobody knows its outcome",
        );
      }
      for (const { file, line, message } of catalogue.read().problems) {
        log.error({ file, line }, `${file}:${line}: ${message}`);
      }
      server = await listen(http, config);
      // Before anything is done: what was asked under other rules is void.
      await ruleWatch.check();
      ruleWatch.start();
      await anchors.start();
      await separate?.start();
      indexing.wake();
      lanes.start();
      for (const part of [...chats, ...projectors, ...illustrators]) part.start();
      deadman.start();
      drills.start();
      shadow.start();
      watches.start();
      scores.start();
      await noteTaking.start();
      upkeep.start();
      reports.start();
      ping?.start();
    },
    async stop(): Promise<void> {
      web.close();
      // What a week amounts to may take longer than anybody waits for the end.
      void shadow.stop();
      upkeep.stop();
      ping?.stop();
      const besides = [ruleWatch, indexing, deadman, drills, reports, watches, scores, noteTaking];
      await Promise.all([...besides.map((part) => part.stop()), separate?.stop()]);
      const stopped = [...chats, ...projectors, ...illustrators].map((part) => part.stop());
      await Promise.all([close(server), ...stopped, lanes.stop()]);
      await anchors.stop();
      drawing.close();
      store.close();
    },
  };
}

function peopleOf(catalogue: Catalogue) {
  const { policy } = catalogue.read();
  return policy.ok ? policy.policy.people : [];
}
