import { setTimeout as sleep } from "node:timers/promises";
import type { ServerType } from "@hono/node-server";
import { Hono } from "hono";
import type { Logger } from "pino";
import { createAgentDesk } from "./agents.ts";
import { createAnchors } from "./anchors.ts";
import type { Standing } from "./badge.ts";
import { badge } from "./badge.ts";
import type { Refusal } from "./chat/channel.ts";
import { createCommands } from "./chat/commands.ts";
import { createIllustrator } from "./chat/illustrator.ts";
import { createPagerDuty } from "./chat/pagerduty.ts";
import { createProjector } from "./chat/projector.ts";
import { chatsOf, createChats } from "./chats.ts";
import type { Config } from "./config.ts";
import { createConsole } from "./console/console.tsx";
import type { ConsoleEvent } from "./console/ports.ts";
import { consoleCommands } from "./console-commands.ts";
import type { SendTest } from "./console-reads.ts";
import { createReads } from "./console-reads.ts";
import { cardsWithCrashPoints, crashAt, storeWithCrashPoints } from "./crash-points.ts";
import { createDeadman, MISSING } from "./deadman.ts";
import { createDesk } from "./desk.ts";
import { createReader } from "./diagnosis/reader.ts";
import { createDrawing } from "./evidence/drawing.ts";
import { createInquiries } from "./evidence/inquire.ts";
import { redact } from "./evidence/redact.ts";
import { hashFiles } from "./execution/fingerprint.ts";
import { createExecutors, openCatalogue } from "./executors.ts";
import { createGraphs } from "./graphs.ts";
import type { HealthCheck } from "./health.ts";
import { createHealth } from "./health.ts";
import { healthChecks } from "./health-checks.ts";
import { admit } from "./incident/admit.ts";
import { createIndexing } from "./indexing.ts";
import { createA2a } from "./ingest/a2a.ts";
import { agentTools } from "./ingest/agent-tools.ts";
import { onlyKnownHosts } from "./ingest/caller.ts";
import { createEnrich } from "./ingest/enrich.ts";
import { createMcp } from "./ingest/mcp.ts";
import { openApi } from "./ingest/openapi.ts";
import { createProposals } from "./ingest/proposals.ts";
import { createIngest } from "./ingest/webhook.ts";
import { createMetrics } from "./metrics.ts";
import { createModels } from "./models.ts";
import { createPing } from "./ping.ts";
import { createProposalDesk } from "./proposals.ts";
import { createReadOnlyMode } from "./read-only.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import { ask, tryOut } from "./responder/ask.ts";
import { edit } from "./responder/edit.ts";
import { enrich } from "./responder/enrich.ts";
import { createLookNow } from "./responder/look-now.ts";
import type { Ports } from "./responder/ports.ts";
import { respond } from "./responder/respond.ts";
import { silence } from "./responder/silence.ts";
import { undo } from "./responder/undo.ts";
import { createWorker } from "./responder/work.ts";
import { createRuleWatch } from "./rule-watch.ts";
import { close, listen } from "./server.ts";
import { shownView } from "./shown-view.ts";
import { createSources } from "./sources.ts";
import { newId } from "./store/ids.ts";
import type { Store } from "./store/store.ts";
import { openStore } from "./store/store.ts";
import {
  cardStore,
  chatMemory,
  consoleSessions,
  costs,
  meteredLedger,
  pictureStore,
  responderStore,
} from "./store-ports.ts";
import { createUpkeep } from "./upkeep.ts";
import { VERSION } from "./version.ts";
import { createVitalSigns } from "./vital-signs.ts";

/** A reading may take a few answers. */
const READING_TIMES = 3;
const RUNS_END_WITHIN_MS = 4_000;
/** An idle worker looks every second, a poller asks every 30 s and waits up to a minute after a failure. */
const WORKER_BEATS_WITHIN_MS = 30_000;
const CHAT_BEATS_WITHIN_MS = 180_000;
/** After the cut a command has its grace for SIGTERM, and the outcome has to be stored. */
const SHUTDOWN_MS = 8_000;

/** Every part, fitted together: the only place that knows all of them. */
export function createApp(
  config: Config,
  log: Logger,
  more: { readonly sendTest?: SendTest } = {},
) {
  const startedAt = performance.now();
  const executors = createExecutors(config);
  const catalogue = openCatalogue(config, executors);
  const crashPoint = crashAt(config.crashPoint);
  const opened = openStore({
    path: config.databasePath,
    isExclusive: true,
    dedupWindowMs: config.dedupWindowMs,
    hasSource: config.alertmanager !== null,
    hasReader: config.llm !== null,
    chats: chatsOf(config),
    admit,
    now: () => new Date(),
    elapsedMs: () => performance.now(),
    redact,
  });
  const isDrill = config.crashPoint !== null;
  const store = isDrill ? storeWithCrashPoints(opened, crashPoint) : opened;
  const { now } = store.clock;
  const metrics = createMetrics(async () => {
    const depths = await store.queue.depths();
    return Object.fromEntries(depths.map(({ kind, depth }) => [kind, depth]));
  }, store.record.head);
  const sources = createSources(config);
  const pagerDuty = config.pagerDuty && createPagerDuty(config.pagerDuty);
  async function pageFrom(
    { page }: NonNullable<typeof pagerDuty>,
    event: Parameters<NonNullable<Ports["page"]>>[0],
  ) {
    const key = `countersign/${event.requestId}`;
    if (event.what === "resolve") return await page({ what: "resolve", key });
    const link = `${config.publicUrl}/incidents/${event.incidentId}`;
    const paged = await page({ ...event, key, link });
    if (paged.outcome === "refused") log.error({ request: event.requestId }, paged.why);
    return paged;
  }
  const stopping = new AbortController();
  const ports: Ports = {
    ...sources,
    inquire: createInquiries({ ...sources, past: store.past }, now),
    store: responderStore(store, metrics, now),
    catalogue,
    executors,
    hashFiles,
    page: pagerDuty && ((event) => pageFrom(pagerDuty, event)),
    reader:
      config.llm &&
      createReader({
        ...createModels(config.llm, now()),
        limits: config.llm.limits,
        timeoutMs: READING_TIMES * config.llm.timeoutMs,
        ledger: meteredLedger(store, metrics),
        now,
      }),
    linkBases: [config.publicUrl],
    now,
    clockBehindMs: store.clock.behindMs,
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
  const registry = createCommands({ desk: desk.chat, publicUrl: config.publicUrl });
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
      adapter: isDrill ? cardsWithCrashPoints(cards, crashPoint) : cards,
      context: async () => ({
        now: now(),
        publicUrl: config.publicUrl,
        autohealing: (await store.switches.autohealing()).isOn,
        people: peopleOf(catalogue),
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

  const worker = (kinds: Parameters<typeof createWorker>[0]["kinds"], concurrency: number) =>
    createWorker({
      queue: store.queue,
      kinds,
      concurrency,
      respond: (step) => respond(ports, step),
      now,
      // A card that waited for its proposal need not wait any longer.
      onFinished: ({ kind }) => {
        if (kind === "propose") nudge();
      },
      onFailure: ({ kind, subject }, error) =>
        log.error({ step: kind, subject, err: error }, "a step failed and will be tried again"),
    });
  // Lanes, so that what people decided never waits behind a storm, nor the proposal for one alert behind all others.
  const workers = [
    worker(["execute", "verify", "silence", "remind", "escalate", "page", "expire"], 16),
    worker(["propose"], 8),
    worker(["ask_source", "investigate"], 8),
    worker(["opine"], 2),
  ];

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
      const { policy } = catalogue.read();
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
  const upkeep = createUpkeep({
    backups: store.backups,
    retention: store.retention,
    ...config.history,
    now,
    log,
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

  const web = createConsole({
    desk: desk.console,
    graphs,
    reads: createReads({
      ...{ store: shown, catalogue, anchors, config, now },
      costs: () => costs(store, config.llm?.limits ?? null),
      sendTest: more.sendTest ?? (() => Promise.reject(new Error("this program sends none"))),
    }),
    sessions: consoleSessions(store, catalogue),
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
      catalogue,
      peers,
      deadman,
      ping,
      upkeep,
      isService: config.systemd !== null,
    }),
  );
  store.subscribe((incidentId) => {
    for (const one of workers) one.wake();
    nudge();
    for (const one of illustrators) one.look(incidentId);
    indexing.wake();
    for (const listener of liveListeners) listener({ name: "incident", incidentId, version: 0 });
  });

  const alertRequests = {
    keys: config.webhookKeys,
    now,
    onRefused: (reason: string, detail: string) => {
      metrics.refused(`webhook_${reason}`);
      log.warn({ reason, detail }, "a webhook was refused");
    },
  };
  const proposals = createProposalDesk({ store, catalogue, ask: (wish) => ask(ports, wish) });
  const agents = {
    tools: agentTools(createAgentDesk({ views: shown.views, proposals }), (tool, error) =>
      log.error({ tool, err: error }, "an agent's call failed"),
    ),
    holders: proposals.holders,
    ...{ publicUrl: config.publicUrl, version: VERSION },
    onRefused: (reason: string, detail: string) => {
      metrics.refused(`agent_${reason}`);
      log.warn({ reason, detail }, "an agent was refused");
    },
  };
  async function standing(): Promise<Standing> {
    const { open, pending } = await store.views.counts();
    const { isOn } = await store.switches.autohealing();
    const { status } = await health.read();
    return { status, autohealing: isOn, openIncidents: open, waitingRequests: pending };
  }

  const http = new Hono()
    .use(onlyKnownHosts([config.host, new URL(config.publicUrl).hostname]))
    .route(
      "/",
      createIngest({
        ...alertRequests,
        paths: [config.webhookPath, "/webhook"],
        accept: deadman.accept,
        onAccepted: metrics.accepted,
      }),
    )
    .route(
      "/",
      createEnrich({
        ...alertRequests,
        enrich: (group, timeoutMs) => enrich(ports, group, timeoutMs),
      }),
    )
    .route(
      "/",
      createProposals({
        ...proposals,
        onRefused: (reason, detail) => {
          metrics.refused(`proposal_${reason}`);
          log.warn({ reason, detail }, "a proposal was refused");
        },
      }),
    )
    .route("/", createMcp(agents))
    .route("/", createA2a(agents))
    .get("/health", async (c) => {
      const { status, checks: found } = await health.read();
      const { isOn } = await store.switches.autohealing();
      const uptimeSeconds = Math.round((performance.now() - startedAt) / 1000);
      const body = { status, version: VERSION, uptimeSeconds, autohealing: isOn, checks: found };
      return c.json(body, status === "failing" ? 503 : 200);
    })
    .get("/api/status", async (c) => c.json(await standing(), 200, { "cache-control": "no-store" }))
    .get("/badge.svg", async (c) =>
      c.body(badge(await standing()), 200, {
        "content-type": "image/svg+xml",
        "cache-control": "no-cache",
        "content-security-policy": "default-src 'none'",
      }),
    )
    .get("/metrics", async (c) =>
      c.body(await metrics.text(), 200, { "content-type": metrics.contentType }),
    )
    .get("/api/openapi.json", (c) => c.json(openApi(VERSION, config.publicUrl)));
  for (const { path, handle } of chats.flatMap(({ route }) => route ?? [])) {
    http.post(path, (c) => handle(c.req.raw));
  }
  // Last, because it answers everything that is left.
  http.route("/", web.app);
  let server: ServerType | null = null;

  /** What runs gets a moment to end by itself, is then stopped, and its outcome is stored either way. */
  async function endRuns(): Promise<void> {
    const cut = setTimeout(() => stopping.abort(), RUNS_END_WITHIN_MS);
    const ended = Promise.all(workers.map((one) => one.stop()));
    await Promise.race([ended, sleep(SHUTDOWN_MS, undefined, { ref: false })]);
    clearTimeout(cut);
  }

  const lookForDead = createVitalSigns({
    pulses: [
      ...workers.map(({ beats }, i) => ({
        name: `lane ${i + 1} of the queue`,
        beats,
        withinMs: WORKER_BEATS_WITHIN_MS,
      })),
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
    async start(): Promise<void> {
      for (const { channel, chat } of chats) await store.chats.adopt({ channel, chat });
      await store.cards.addMissing();
      for (const id of await store.executions.giveUpInterrupted()) {
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
      indexing.wake();
      for (const one of workers) one.start();
      for (const part of [...chats, ...projectors, ...illustrators]) part.start();
      deadman.start();
      upkeep.start();
      ping?.start();
    },
    async stop(): Promise<void> {
      web.close();
      deadman.stop();
      upkeep.stop();
      ping?.stop();
      await Promise.all([ruleWatch.stop(), indexing.stop()]);
      const stopped = [...chats, ...projectors, ...illustrators].map((part) => part.stop());
      await Promise.all([close(server), ...stopped, endRuns()]);
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
