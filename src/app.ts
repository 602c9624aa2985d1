import { setTimeout as sleep } from "node:timers/promises";
import type { ServerType } from "@hono/node-server";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import type { Logger } from "pino";
import { createCommands } from "./chat/commands.ts";
import type { UseToken } from "./chat/press.ts";
import { buttonData, createPresses } from "./chat/press.ts";
import type { CardStore } from "./chat/projector.ts";
import { createProjector } from "./chat/projector.ts";
import { createTelegram } from "./chat/telegram.ts";
import type { Config } from "./config.ts";
import { createConsole } from "./console/console.tsx";
import type { ConsoleEvent } from "./console/ports.ts";
import { createDesk, personFor } from "./desk.ts";
import { createAlertmanager } from "./evidence/alertmanager.ts";
import { createPrometheus } from "./evidence/prometheus.ts";
import { redact } from "./evidence/redact.ts";
import { createCommandExecutor } from "./execution/command.ts";
import { createDockerExecutor } from "./execution/docker.ts";
import type { Executor } from "./execution/execution.ts";
import { hashFiles } from "./execution/fingerprint.ts";
import type { HealthCheck } from "./health.ts";
import { createHealth } from "./health.ts";
import { admit } from "./incident/admit.ts";
import { onlyKnownHosts } from "./ingest/caller.ts";
import { createIngest } from "./ingest/webhook.ts";
import type { Metrics } from "./metrics.ts";
import { createMetrics } from "./metrics.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import { createCatalogue } from "./remediation/catalogue.ts";
import type { CrashPoint, Ports, ResponderStore } from "./responder/ports.ts";
import { respond } from "./responder/respond.ts";
import { createWorker } from "./responder/work.ts";
import { newId } from "./store/ids.ts";
import type { Store } from "./store/store.ts";
import { openStore } from "./store/store.ts";
import { VERSION } from "./version.ts";

const SHUTDOWN_MS = 5_000;

/** The port is taken, or may not be listened on. */
export class CannotListen extends Error {
  override readonly name = "CannotListen";
}

/** Every part, fitted together: the only place that knows all of them. */
export function createApp(config: Config, log: Logger) {
  const now = () => new Date();
  const startedAt = performance.now();
  const executors = createExecutors(config);
  const catalogue = openCatalogue(config, executors);
  const store = openStore({
    path: config.databasePath,
    isExclusive: true,
    dedupWindowMs: config.dedupWindowMs,
    chats: config.telegram === null ? [] : [{ channel: "telegram", chat: config.telegram.chatId }],
    admit,
    now,
  });
  const metrics = createMetrics(async () => {
    const depths = await store.queue.depths();
    return Object.fromEntries(depths.map(({ kind, depth }) => [kind, depth]));
  });
  const sources = {
    prometheus: config.prometheus && createPrometheus(config.prometheus),
    alertmanager: config.alertmanager && createAlertmanager(config.alertmanager),
  };
  const ports: Ports = {
    ...sources,
    store: responderStore(store, metrics, now),
    catalogue,
    executors,
    hashFiles,
    now,
    newRequestId: () => newId("req"),
    crashPoint: crashAt(config.crashPoint),
    redact,
  };
  const checks: HealthCheck[] = [];
  const health = createHealth(checks, now);
  const liveListeners = new Set<(event: ConsoleEvent) => void>();
  const desk = createDesk({
    store,
    catalogue,
    health: health.read,
    metrics,
    now,
    onAutohealingChanged: ({ text, isOn, channel }) => {
      for (const listener of liveListeners) listener({ name: "status" });
      // A disable typed in the chat is answered there for all to see; a confirmation is not.
      if (isOn || channel !== "telegram") telegram?.announce(text);
    },
  });
  const registry = createCommands({ desk: desk.chat, publicUrl: config.publicUrl });
  const useToken = store.cards.useToken as UseToken;
  const presses = createPresses({ desk: desk.chat, useToken });
  const observe = {
    refused: ({ reason }: { reason: string }) => metrics.refused(reason),
    shown: ({ channel, kind, openedAt }: { channel: string; kind: string; openedAt: Date }) => {
      if (kind === "post") metrics.carded(channel, openedAt, now());
    },
    failed: () => undefined,
  };

  const telegram =
    config.telegram &&
    createTelegram({
      ...config.telegram,
      desk: desk.chat,
      registry,
      resolvePerson: (account) => personFor(catalogue, "telegram", account),
      useToken,
      log,
      observe,
    });
  const projector =
    telegram &&
    config.telegram &&
    createProjector({
      channel: "telegram",
      chat: config.telegram.chatId,
      store: cardStore(store),
      adapter: telegram.cards,
      context: async () => ({
        now: now(),
        publicUrl: config.publicUrl,
        autohealing: (await store.switches.autohealing()).isOn,
        people: peopleOf(catalogue),
      }),
      log,
      observe,
    });

  const worker = (kinds: Parameters<typeof createWorker>[0]["kinds"], concurrency: number) =>
    createWorker({
      queue: store.queue,
      kinds,
      concurrency,
      respond: (step) => respond(ports, step),
      now,
      // A card that waited for its proposal need not wait any longer.
      onFinished: ({ kind, subject }) => {
        if (kind === "propose") projector?.nudge(subject);
      },
      onFailure: ({ kind, subject }, error) =>
        log.error({ step: kind, subject, err: error }, "a step failed and will be tried again"),
    });
  // Two lanes, so that what people decided never waits behind a storm of new alerts.
  const workers = [
    worker(["execute", "verify", "expire"], 16),
    worker(["investigate", "propose"], 8),
  ];

  const web = createConsole({
    desk: desk.console,
    sessions: {
      async peekSignInToken(token) {
        const person = await store.sessions.peekLink(token);
        return person === null ? null : personFor(catalogue, "console", person);
      },
      async consumeSignInToken(token) {
        const used = await store.sessions.consumeLink(token);
        const person = used && personFor(catalogue, "console", used.person);
        return used && person && { secret: used.secret, person };
      },
      async session(secret) {
        const found = await store.sessions.findSession(secret);
        const person = found && personFor(catalogue, "console", found.person);
        return found && person && { person, csrf: found.csrf };
      },
      endSession: store.sessions.endSession,
    },
    publicUrl: config.publicUrl,
    isSecure: config.publicUrl.startsWith("https:"),
    events: {
      subscribe(listener) {
        liveListeners.add(listener);
        return () => liveListeners.delete(listener);
      },
    },
    runCommand: async (text, person) => {
      const context = {
        person,
        roles: person.roles,
        channel: "console" as const,
        chatId: "console",
        accountId: person.name,
        now: now(),
      };
      if (text.startsWith("c:")) {
        const place = { channel: "console", chat: "console", messageId: "" } as const;
        return await presses.press({ ...place, data: text, person, now: now() });
      }
      const reply = await registry.handle(context, text);
      if (reply === null) return { text: "That is not a command: help lists them." };
      const buttons = (reply.buttons ?? []).map(({ label, verb, token }) => ({
        label,
        value: buttonData(verb, token),
      }));
      return { text: reply.text, buttons };
    },
    log,
    now,
    version: VERSION,
  });

  checks.push(...healthChecks({ store, executors, sources, telegram, catalogue, config }));
  store.subscribe((incidentId) => {
    for (const one of workers) one.wake();
    projector?.nudge(incidentId);
    for (const listener of liveListeners) listener({ name: "incident", incidentId, version: 0 });
  });

  const http = new Hono()
    .use(onlyKnownHosts([config.host, new URL(config.publicUrl).hostname]))
    .route(
      "/",
      createIngest({
        paths: [config.webhookPath, "/webhook"],
        keys: config.webhookKeys,
        accept: store.intake.accept,
        now,
        onAccepted: metrics.accepted,
        onRefused: (reason, detail) => {
          metrics.refused(`webhook_${reason}`);
          log.warn({ reason, detail }, "a webhook was refused");
        },
      }),
    )
    .get("/health", async (c) => {
      const { status, checks: found } = await health.read();
      const { isOn } = await store.switches.autohealing();
      const uptimeSeconds = Math.round((performance.now() - startedAt) / 1000);
      const body = { status, version: VERSION, uptimeSeconds, autohealing: isOn, checks: found };
      return c.json(body, status === "failing" ? 503 : 200);
    })
    .get("/metrics", async (c) =>
      c.body(await metrics.text(), 200, { "content-type": metrics.contentType }),
    )
    .route("/", web.app);
  let server: ServerType | null = null;

  return {
    store,
    catalogue,
    async start(): Promise<void> {
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
      for (const one of workers) one.start();
      telegram?.start();
      projector?.start();
    },
    async stop(): Promise<void> {
      web.close();
      await Promise.all([
        close(server),
        telegram?.stop(),
        projector?.stop(),
        Promise.race([
          Promise.all(workers.map((one) => one.stop())),
          sleep(SHUTDOWN_MS, undefined, { ref: false }),
        ]),
      ]);
      store.close();
    },
  };
}

export function createExecutors({ dockerHost }: Config): ReadonlyMap<string, Executor> {
  const all = [createCommandExecutor(), createDockerExecutor({ host: dockerHost })];
  return new Map(all.map((executor) => [executor.name, executor]));
}

export function openCatalogue(
  { runbooksDir, dataDir, adminIds }: Config,
  executors: ReadonlyMap<string, Executor>,
): Catalogue {
  return createCatalogue({ dir: runbooksDir, dataDir, adminIds, executors });
}

function peopleOf(catalogue: Catalogue) {
  const { policy } = catalogue.read();
  return policy.ok ? policy.policy.people : [];
}

function responderStore(store: Store, metrics: Metrics, now: () => Date): ResponderStore {
  const { views, findings, switches, requests, executions } = store;
  return {
    incident: async (id) => (await views.incident(id))?.incident ?? null,
    episode: views.episode,
    async saveFindings(episode, items, diagnosisOf) {
      await findings.save(episode, items, diagnosisOf);
      metrics.diagnosed(episode.receivedAt, now());
    },
    isAutohealingOn: async () => (await switches.autohealing()).isOn,
    request: requests.find,
    propose: requests.propose,
    endRequest: async (id, state, why, options) =>
      await requests.end(id, state, why, "countersign", options),
    execution: executions.find,
    executionOf: executions.findByRequest,
    historyOf: executions.historyOf,
    claim: executions.claim,
    start: executions.start,
    async finish(execution, result, verifyAt) {
      await executions.finish(execution, result, verifyAt);
      metrics.executed(result.outcome);
    },
    async verify(execution, outcome, detail) {
      await executions.verify(execution, outcome, detail);
      const incident = await views.incident(execution.incidentId);
      if (outcome === "verified" && incident !== null) {
        metrics.recovered(incident.incident.openedAt, now());
      }
    },
  };
}

function cardStore({ cards, views }: Store): CardStore {
  return {
    async staleCards(channel, chat, limit) {
      const rows = await cards.stale(channel, chat, limit);
      return await Promise.all(
        rows.map(async ({ incidentId, messageId, hash, state, isUrgent, isReposted }) => {
          const view = await views.incident(incidentId);
          if (view === null) throw new Error(`${incidentId} has a card and is not stored`);
          const shown = messageId === null ? null : { messageId, hash, state };
          return { view, shown, isUrgent, isReposted };
        }),
      );
    },
    cardPosted: cards.posted,
    cardShown: cards.shown,
    cardLost: cards.lost,
    tokensFor: cards.tokensFor,
  };
}

function healthChecks(parts: {
  store: Store;
  executors: ReadonlyMap<string, Executor>;
  sources: Pick<Ports, never> & {
    prometheus: { check(): Promise<string> } | null;
    alertmanager: { check(): Promise<string> } | null;
  };
  telegram: { check(): Promise<string> } | null;
  catalogue: Catalogue;
  config: Config;
}): HealthCheck[] {
  const { store, executors, sources, telegram, catalogue } = parts;
  const needed = () => {
    const { policy } = catalogue.read();
    const targets = policy.ok ? policy.policy.targets : [];
    return [...executors.values()].filter(({ name }) =>
      targets.some(({ executor }) => executor === name),
    );
  };
  return [
    {
      name: "database",
      isVital: true,
      check: async () => {
        await store.ping();
        return "writes are durable";
      },
    },
    {
      name: "executor",
      // Only what the inventory has targets for: an installation without containers needs no engine.
      check: async () => {
        const found = await Promise.all(
          needed().map(async (executor) => `${executor.name}: ${await executor.check()}`),
        );
        return found.join("; ") || "the inventory has no targets";
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
    ...(telegram === null ? [] : [{ name: "telegram", check: telegram.check }]),
    ...(sources.prometheus === null
      ? []
      : [{ name: "prometheus", check: sources.prometheus.check }]),
    ...(sources.alertmanager === null
      ? []
      : [{ name: "alertmanager", check: sources.alertmanager.check }]),
    {
      name: "last_alert",
      check: async () => {
        const at = await store.views.lastAlertAt();
        return at === null ? "none seen yet" : at.toISOString();
      },
    },
    { name: "deadman", check: () => Promise.resolve("not configured") },
  ];
}

/** For drills: the process ends at this point as by a power cut. */
function crashAt(wanted: string | null): (name: CrashPoint) => void {
  return (name) => {
    if (name === wanted) process.kill(process.pid, "SIGKILL");
  };
}

function listen(app: Hono, { host, port }: Config): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const server = serve({
      fetch: app.fetch,
      hostname: host,
      port,
      serverOptions: {
        requestTimeout: 10_000,
        headersTimeout: 5_000,
        connectionsCheckingInterval: 1_000,
      },
    });
    server.once("listening", () => resolve(server));
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(new CannotListen(whyNot(error, host, port), { cause: error }));
    });
  });
}

function whyNot({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  const where = `${host}:${port}`;
  if (code === "EADDRINUSE") {
    return `${where} is in use by another program: stop it, or set PROMETHEUS_WEBHOOK_PORT to a free port`;
  }
  if (code === "EACCES")
    return `${where} may not be listened on: set PROMETHEUS_WEBHOOK_PORT above 1023`;
  if (code === "EADDRNOTAVAIL") {
    return `${host} is not an address of this machine: mend PROMETHEUS_WEBHOOK_HOST`;
  }
  return `${where} can't be listened on: ${message}`;
}

/** Live pages never end by themselves: after a moment they are cut. */
async function close(server: ServerType | null): Promise<void> {
  if (server === null) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  if ("closeAllConnections" in server) {
    setTimeout(() => server.closeAllConnections(), 1_000).unref();
  }
  await closed;
}
