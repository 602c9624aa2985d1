import type { ServerType } from "@hono/node-server";
import type { Logger } from "pino";
import { createAnchors } from "./anchors.ts";
import { backtestHistory } from "./backtest.ts";
import type { Refusal } from "./chat/channel.ts";
import { createCommands } from "./chat/commands.ts";
import { createPagerDuty } from "./chat/pagerduty.ts";
import { chatsOf, createChats } from "./chats.ts";
import type { Config } from "./config.ts";
import { createConsole } from "./console/console.tsx";
import { siteOf } from "./console/passkey-site.ts";
import type { ConsoleEvent } from "./console/ports.ts";
import { consoleCommands } from "./console-commands.ts";
import type { SendTest } from "./console-reads.ts";
import { createReads } from "./console-reads.ts";
import { crashAt, storeWithCrashPoints } from "./crash-points.ts";
import { createDesk } from "./desk.ts";
import { createReader } from "./diagnosis/reader.ts";
import { createDrawing } from "./evidence/drawing.ts";
import { createInquiries } from "./evidence/inquire.ts";
import { redact } from "./evidence/redact.ts";
import { hashFiles } from "./execution/fingerprint.ts";
import { remoteExecutors } from "./execution/remote.ts";
import { createExecutors, openCatalogue } from "./executors.ts";
import { createFlood } from "./flood.ts";
import { createGraphs } from "./graphs.ts";
import type { HealthCheck } from "./health.ts";
import { createHealth } from "./health.ts";
import { healthChecks } from "./health-checks.ts";
import { admit } from "./incident/admit.ts";
import type { Labels } from "./incident/alert.ts";
import { holderIn } from "./ingest/api-key.ts";
import { ALL_LANES, createLanes, LANES_WITHOUT_RUNS } from "./lanes.ts";
import { createMetrics } from "./metrics.ts";
import { createModels } from "./models.ts";
import { createOutgoing } from "./outgoing.ts";
import { createPaging } from "./paging.ts";
import { createPostings } from "./postings.ts";
import { keyHolders } from "./proposals.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import { lately } from "./remediation/catalogue.ts";
import { maintenanceOfAlert } from "./remediation/maintenance.ts";
import { pictureOfReport } from "./reports.ts";
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
import { whyBelowFloor } from "./sandbox.ts";
import { createSeparateExecution } from "./separate-execution.ts";
import { close, listen } from "./server.ts";
import { shownView } from "./shown-view.ts";
import { createSidelines } from "./sidelines.ts";
import { createSources } from "./sources.ts";
import { findDamage } from "./store/damage.ts";
import { newId } from "./store/ids.ts";
import type { Store } from "./store/store.ts";
import { openStore } from "./store/store.ts";
import {
  chatInvitations,
  chatMemory,
  consolePasskeys,
  consoleSessions,
  costs,
  meteredLedger,
  responderStore,
} from "./store-ports.ts";
import { VERSION } from "./version.ts";
import { createVitalSigns } from "./vital-signs.ts";

/** A reading may take a few answers. */
const READING_TIMES = 3;
/** A poller asks every 30 s, a connection is tried every 5 s, and both wait up to a minute after a failure. */
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
  const flood = createFlood(() => performance.now());
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
  /** For looking only: what is proposed under rules of a moment ago would outlive the change that voids it. */
  const looking: Ports = { ...ports, catalogue: latelyRead };
  const checks: HealthCheck[] = [];
  const health = createHealth(checks, now);
  const liveListeners = new Set<(event: ConsoleEvent) => void>();
  const tellConsoles = (event: ConsoleEvent) => {
    for (const listener of liveListeners) listener(event);
  };
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
      tellConsoles({ name: "status" });
      for (const chat of chats) {
        // A disable typed where everybody sees the answer is told by it; a confirmation is not.
        if (isOn || channel !== chat.channel || !chat.answersForAll) chat.announce(text);
      }
    },
  });
  const drawing = createDrawing();
  const registry = createCommands({
    drawReport: (report) => pictureOfReport(report, drawing),
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
  const graphs = createGraphs({ drawing, prometheus: sources.prometheus, now });
  const postings = createPostings({
    chats,
    store: shown,
    context: async () => ({
      now: now(),
      publicUrl: config.publicUrl,
      autohealing: (await store.switches.autohealing()).isOn,
      people: catalogue.read().policy?.people ?? [],
      maintenance: maintenanceIn(catalogue, now()),
      ...(separate === null ? {} : { isUnserved: separate.roster.isMissing }),
    }),
    sketch: graphs.sketch,
    crashPoint: isCrashing ? crashPoint : null,
    observe,
    log,
  });

  const lanes = createLanes({
    lanes: separate === null ? ALL_LANES : LANES_WITHOUT_RUNS,
    queue: store.queue,
    respond: (step) => respond(step.kind === "investigate" ? looking : ports, step),
    isFlooded: flood.isOn,
    stop: () => stopping.abort(),
    // A card that waited for its proposal need not wait any longer.
    onProposed: postings.nudge,
    log,
    now,
  });

  /** On a full disk it can't be stored: then it counts as if the program had fallen over, which only delays it. */
  const giveBackSteps = () =>
    store.queue.giveBackAll().catch((error: unknown) => {
      log.error({ err: error }, "the steps that did not end could not be given back");
    });

  /** Tells everybody in every chat. */
  const announce = (text: string) => {
    for (const chat of chats) chat.announce(text);
  };
  const anchors = createAnchors({ record: store.record, log, announce, now });
  const backtest = (since: Date, autohealing: boolean | null) =>
    backtestHistory(store.bygone, {
      ...{ since, autohealing, against: null },
      rules: { whitelist: catalogue.read(), executors },
      hasSource: config.alertmanager !== null,
      dedupWindowMs: config.dedupWindowMs,
    });
  const sidelines = createSidelines({
    ...{ config, store, shown, catalogue, latelyRead, sources, chats, drawing, metrics, health },
    ...{ announce, now, log },
    isFlooded: flood.isOn,
    backtest: (since) => backtest(since, true),
    onRulesChanged: () => tellConsoles({ name: "status" }),
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
      ...sidelines,
      isService: config.systemd !== null,
    }),
  );
  store.subscribe((incidentId) => {
    lanes.wake();
    postings.nudge();
    postings.look(incidentId);
    sidelines.look(incidentId);
    tellConsoles({ name: "incident", incidentId, version: 0 });
  });

  const http = createRoutes({
    ...{ config, catalogue, chats, health, metrics, reads, log, now },
    store: shown,
    accept: sidelines.accept,
    onAccepted(acceptance) {
      flood.took(acceptance.received);
      metrics.accepted(acceptance);
    },
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
      await sidelines.checkRules();
      await anchors.start();
      await separate?.start();
      lanes.start();
      for (const chat of chats) chat.start();
      postings.start();
      await sidelines.start();
    },
    async stop(): Promise<void> {
      web.close();
      const workEnded = lanes.stop().then(giveBackSteps);
      await Promise.all([sidelines.stop(), separate?.stop()]);
      const stopped = [...chats, postings].map((part) => part.stop());
      await Promise.all([close(server), ...stopped, workEnded]);
      await anchors.stop();
      drawing.close();
      store.close();
    },
  };
}

function maintenanceIn(catalogue: Catalogue, now: Date) {
  const { policy } = catalogue.read();
  return (labels: Labels) => policy && maintenanceOfAlert(policy, labels, now);
}
